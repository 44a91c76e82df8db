package io.fourierft.lora;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/**
 * The largest singular values of a large sparse matrix, with their vectors: Golub and Kahan's
 * bidiagonalisation from a random vector, every new vector made orthogonal to all before it (G.
 * Golub and W. Kahan, "Calculating the singular values and pseudo-inverse of a matrix", 1965).
 *
 * <p>One starting vector finds a repeated singular value once. So what was found is taken out and
 * another search begins in what is left, until that holds nothing larger.
 */
final class LanczosBidiagonalization {
  /** How far {@code matrixᵀ·left} may be from {@code value·right}, in largest singular values. */
  private static final double TOLERANCE = 1e-9;

  private static final int FIRST_STEPS = 40;
  private static final double GROWTH = 1.4;
  private static final long SEED = 20260101;

  private final SparseBlock matrix;
  private final int offset;
  private final Random random;
  private final double negligible;
  private final List<double[]> left = new ArrayList<>();
  private final List<double[]> right = new ArrayList<>();
  private final List<Double> diagonal = new ArrayList<>();
  private final List<Double> above = new ArrayList<>();

  private LanczosBidiagonalization(SparseBlock matrix, List<SingularTriplet> found, Random random) {
    this.matrix = matrix;
    this.random = random;
    this.offset = found.size();
    this.negligible = matrix.norm() * 1e-14;
    found.forEach(triplet -> left.add(triplet.left()));
    found.forEach(triplet -> right.add(triplet.right()));
  }

  /**
   * The largest singular values, the largest first; fewer where the others are zero.
   *
   * @param matrix of any shape
   * @param wanted how many
   */
  static List<SingularTriplet> largest(SparseBlock matrix, int wanted) {
    if (matrix.rows() < matrix.columns()) {
      return largest(matrix.transposed(), wanted).stream()
          .map(SingularTriplet::transposed)
          .toList();
    }
    Random random = new Random(SEED);
    List<SingularTriplet> found = new ArrayList<>();
    while (found.size() < matrix.columns()) {
      int more = Math.max(1, wanted - found.size());
      List<SingularTriplet> next = new LanczosBidiagonalization(matrix, found, random).search(more);
      if (next.isEmpty()
          || (found.size() >= wanted
              && next.getFirst().value() <= found.get(wanted - 1).value() * (1 + TOLERANCE))) {
        break;
      }
      found.addAll(next);
      found.sort(Comparator.comparingDouble(SingularTriplet::value).reversed());
    }
    return List.copyOf(found.subList(0, Math.min(wanted, found.size())));
  }

  /** The largest of what the vectors found before leave over. */
  private List<SingularTriplet> search(int wanted) {
    int check = Math.min(matrix.columns() - offset, 2 * wanted + FIRST_STEPS);
    double[] next = randomBeside(right, matrix.columns());
    for (int step = 1; ; step++) {
      double[] residual = step(next);
      double length = VectorMath.norm(residual);
      boolean complete = right.size() == matrix.columns();
      if (complete || step == check) {
        List<SingularTriplet> small = JacobiRotations.decompose(bidiagonalColumns());
        if (complete || isConverged(small, wanted, length)) {
          return small.stream().limit(wanted).map(this::inTheMatrix).toList();
        }
        check = Math.min(matrix.columns() - offset, (int) (check * GROWTH) + 1);
      }
      if (length <= negligible) {
        above.add(0.0);
        next = randomBeside(right, matrix.columns());
      } else {
        above.add(length);
        VectorMath.scale(residual, 1 / length);
        next = residual;
      }
    }
  }

  /** Takes a vector on the right and its image on the left; what the image's image has besides. */
  private double[] step(double[] vector) {
    double[] image = matrix.times(vector);
    if (!above.isEmpty()) {
      VectorMath.add(image, -above.getLast(), left.getLast());
    }
    right.add(vector);
    orthogonalise(image, left);
    double length = VectorMath.norm(image);
    if (length <= negligible) {
      length = 0;
      image = randomBeside(left, matrix.rows());
    } else {
      VectorMath.scale(image, 1 / length);
    }
    diagonal.add(length);
    left.add(image);
    double[] residual = matrix.transposedTimes(image);
    VectorMath.add(residual, -length, vector);
    orthogonalise(residual, right);
    return residual;
  }

  /** Twice: once leaves what the rounding of large parts has left. */
  private static void orthogonalise(double[] vector, List<double[]> basis) {
    for (int pass = 0; pass < 2; pass++) {
      for (double[] other : basis) {
        VectorMath.add(vector, -VectorMath.dot(vector, other), other);
      }
    }
  }

  private double[] randomBeside(List<double[]> basis, int length) {
    double[] vector = new double[length];
    for (int i = 0; i < length; i++) {
      vector[i] = random.nextGaussian();
    }
    VectorMath.scale(vector, 1 / VectorMath.norm(vector));
    orthogonalise(vector, basis);
    VectorMath.scale(vector, 1 / VectorMath.norm(vector));
    orthogonalise(vector, basis);
    VectorMath.scale(vector, 1 / VectorMath.norm(vector));
    return vector;
  }

  private double[][] bidiagonalColumns() {
    int size = diagonal.size();
    double[][] columns = new double[size][size];
    for (int j = 0; j < size; j++) {
      columns[j][j] = diagonal.get(j);
      if (j > 0) {
        columns[j][j - 1] = above.get(j - 1);
      }
    }
    return columns;
  }

  private static boolean isConverged(List<SingularTriplet> small, int wanted, double length) {
    if (small.size() < wanted) {
      return false;
    }
    double bound = TOLERANCE * small.getFirst().value();
    return small.stream()
        .limit(wanted)
        .allMatch(triplet -> length * Math.abs(triplet.left()[triplet.left().length - 1]) <= bound);
  }

  private SingularTriplet inTheMatrix(SingularTriplet small) {
    return new SingularTriplet(
        small.value(),
        combine(left, small.left(), matrix.rows()),
        combine(right, small.right(), matrix.columns()));
  }

  private double[] combine(List<double[]> basis, double[] weights, int length) {
    double[] sum = new double[length];
    for (int i = 0; i < weights.length; i++) {
      VectorMath.add(sum, weights[i], basis.get(offset + i));
    }
    return sum;
  }
}
