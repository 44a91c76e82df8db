package io.fourierft.lora;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * All singular values of a small dense matrix by one-sided Jacobi rotations: pairs of columns are
 * turned until every two are orthogonal; their norms are the singular values then, small ones as
 * exact as large ones (M. R. Hestenes, "Inversion of matrices by biorthogonalization and related
 * results", 1958).
 */
final class JacobiRotations {
  private static final int MOST_SWEEPS = 60;

  private final double[][] columns;
  private final double[][] turns;
  private final double[] squares;

  private JacobiRotations(double[][] columns) {
    this.columns = columns;
    this.turns = new double[columns.length][columns.length];
    for (int j = 0; j < columns.length; j++) {
      turns[j][j] = 1;
    }
    this.squares = new double[columns.length];
  }

  /**
   * The singular values that are not zero within rounding, the largest first.
   *
   * @param columns the matrix column by column, at least as many rows as columns; is overwritten
   */
  static List<SingularTriplet> decompose(double[][] columns) {
    return new JacobiRotations(columns).run();
  }

  private List<SingularTriplet> run() {
    int rows = columns[0].length;
    // What rounding leaves of the cosine of two columns that are orthogonal.
    double bound = Math.ulp(1.0) * Math.max(2, Math.sqrt(rows));
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
      for (int j = 0; j < columns.length; j++) {
        squares[j] = VectorMath.dot(columns[j], columns[j]);
      }
      if (!sweep(bound)) {
        break;
      }
    }
    List<SingularTriplet> found = new ArrayList<>();
    double largest = 0;
    for (double[] column : columns) {
      largest = Math.max(largest, VectorMath.norm(column));
    }
    for (int j = 0; j < columns.length; j++) {
      double value = VectorMath.norm(columns[j]);
      if (value > largest * Math.ulp(1.0) * rows) {
        VectorMath.scale(columns[j], 1 / value);
        found.add(new SingularTriplet(value, columns[j], turns[j]));
      }
    }
    found.sort(Comparator.comparingDouble(SingularTriplet::value).reversed());
    return found;
  }

  /** Whether any two columns had to be turned. */
  private boolean sweep(double bound) {
    boolean turned = false;
    for (int i = 0; i < columns.length; i++) {
      for (int j = i + 1; j < columns.length; j++) {
        double product = VectorMath.dot(columns[i], columns[j]);
        if (Math.abs(product) > bound * Math.sqrt(squares[i]) * Math.sqrt(squares[j])) {
          turn(i, j, product);
          turned = true;
        }
      }
    }
    return turned;
  }

  private void turn(int i, int j, double product) {
    double ratio = (squares[j] - squares[i]) / (2 * product);
    double tangent = Math.copySign(1 / (Math.abs(ratio) + Math.hypot(1, ratio)), ratio);
    double cosine = 1 / Math.hypot(1, tangent);
    double sine = cosine * tangent;
    VectorMath.rotate(columns[i], columns[j], cosine, sine);
    VectorMath.rotate(turns[i], turns[j], cosine, sine);
    squares[i] = Math.max(0, squares[i] - tangent * product);
    squares[j] = squares[j] + tangent * product;
  }
}
