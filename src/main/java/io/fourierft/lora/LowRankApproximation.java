package io.fourierft.lora;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The matrix B·A of a given rank that is nearest to an adapter's ΔW in the Frobenius norm: its
 * largest singular values with their vectors (C. Eckart and G. Young, "The approximation of one
 * matrix by another of lower rank", 1936). ΔW is never built: it is orthonormal cosines and sines
 * around two sparse matrices, whose singular values are its own.
 *
 * <p>The singular values of a part of the spectrum that no other coefficient is joined to are exact
 * to float64's rounding; where one part holds more than some hundred rows and columns, they come
 * from Lanczos' method, to 1e-9 of the largest. The arithmetic is float64, the factors float32.
 *
 * <p>Immutable.
 */
public final class LowRankApproximation {
  private final FourierAdapter adapter;
  private final List<ParityBlock> blocks;
  private final List<Term> terms;
  private final double energy;

  /** One singular value and the block that it is of. */
  private record Term(int block, SingularTriplet triplet) {}

  private LowRankApproximation(
      FourierAdapter adapter, List<ParityBlock> blocks, List<Term> terms, double energy) {
    this.adapter = adapter;
    this.blocks = blocks;
    this.terms = terms;
    this.energy = energy;
  }

  /**
   * The nearest matrix of at most this rank. Where the spectrum falls into small parts, as it does
   * for n well below (rows + cols)/2, this takes milliseconds; the largest layers with many
   * coefficients take some seconds.
   *
   * @param rank at least 1; a ΔW of lower rank gets no more than it has
   * @throws FourierException if the rank is below 1, or the adapter is not finite, or its ΔW is
   *     rounded to a format of low precision, which no B·A can follow
   */
  public static LowRankApproximation of(FourierAdapter adapter, int rank) {
    if (rank < 1) {
      throw new FourierException("rank is " + rank + "; it must be at least 1");
    }
    requireFollowed(adapter);
    int most = Math.min(rank, Math.min(adapter.rows(), adapter.cols()));
    List<ParityBlock> blocks =
        Arrays.stream(Parity.values()).map(parity -> ParityBlock.of(adapter, parity)).toList();
    List<Term> terms = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      for (SingularTriplet triplet : blocks.get(i).largest(most)) {
        terms.add(new Term(i, triplet));
      }
    }
    terms.sort(Comparator.comparingDouble((Term term) -> term.triplet().value()).reversed());
    return new LowRankApproximation(
        adapter,
        blocks,
        List.copyOf(terms.subList(0, Math.min(most, terms.size()))),
        blocks.stream().mapToDouble(ParityBlock::energy).sum());
  }

  /** Refuses an adapter that no product of two matrices is near to. */
  static void requireFollowed(FourierAdapter adapter) {
    if (!adapter.isFinite()) {
      throw new FourierException(
          "the adapter holds coefficients that are not finite, so that no matrix is near its"
              + " delta; train it again");
    }
    if (adapter.deltaType() != ElementType.F32) {
      throw new FourierException(
          "the delta is to be rounded to %s, which no product of two matrices follows; leave it in F32"
              .formatted(adapter.deltaType()));
    }
  }

  /**
   * The nearest matrix of lower rank.
   *
   * @throws FourierException if the rank is below 1
   */
  public LowRankApproximation truncated(int rank) {
    if (rank < 1) {
      throw new FourierException("rank is " + rank + "; it must be at least 1");
    }
    return rank >= terms.size()
        ? this
        : new LowRankApproximation(adapter, blocks, terms.subList(0, rank), energy);
  }

  /** The lowest rank that keeps this share of ‖ΔW‖²; the whole rank where none does. */
  public int rankThatKeeps(double share) {
    double sum = 0;
    for (int i = 0; i < terms.size(); i++) {
      double value = terms.get(i).triplet().value();
      sum += value * value;
      if (sum >= share * energy) {
        return i + 1;
      }
    }
    return rank();
  }

  /** out_features. */
  public int rows() {
    return adapter.rows();
  }

  /** in_features. */
  public int cols() {
    return adapter.cols();
  }

  /** Rows of A and columns of B: the rank, or 1 for a ΔW of zeros. */
  public int rank() {
    return Math.max(1, terms.size());
  }

  /** The singular values of B·A, which are the largest of ΔW, the largest first. */
  public double[] singularValues() {
    return terms.stream().mapToDouble(term -> term.triplet().value()).toArray();
  }

  /** ‖ΔW‖, the Frobenius norm. */
  public double deltaNorm() {
    return Math.sqrt(energy);
  }

  /** {@code ‖B·A‖² / ‖ΔW‖²}, the share of the change that is kept; 1 for a ΔW of zeros. */
  public double keptEnergy() {
    if (energy == 0) {
      return 1;
    }
    double kept = 0;
    for (double value : singularValues()) {
      kept += value * value;
    }
    return Math.min(1, kept / energy);
  }

  /** {@code ‖ΔW − B·A‖ / ‖ΔW‖}; 0 for a ΔW of zeros. */
  public double relativeError() {
    return Math.sqrt(1 - keptEnergy());
  }

  /** PEFT's {@code lora_A}, {@code [rank, cols]}: element (i, q) is {@code [i * cols + q]}. */
  public float[] loraA() {
    float[] factor = new float[Math.multiplyExact(rank(), cols())];
    for (int b = 0; b < blocks.size(); b++) {
      int[] indices = termsOf(b);
      double[][] rights = blocks.get(b).rights(vectors(indices, false));
      for (int q = 0; q < cols(); q++) {
        for (int i = 0; i < indices.length; i++) {
          factor[indices[i] * cols() + q] = (float) (root(indices[i]) * rights[q][i]);
        }
      }
    }
    return factor;
  }

  /** PEFT's {@code lora_B}, {@code [rows, rank]}: element (p, i) is {@code [p * rank + i]}. */
  public float[] loraB() {
    float[] factor = new float[Math.multiplyExact(rows(), rank())];
    for (int b = 0; b < blocks.size(); b++) {
      int[] indices = termsOf(b);
      double[][] lefts = blocks.get(b).lefts(vectors(indices, true));
      for (int p = 0; p < rows(); p++) {
        for (int i = 0; i < indices.length; i++) {
          factor[p * rank() + indices[i]] = (float) (root(indices[i]) * lefts[p][i]);
        }
      }
    }
    return factor;
  }

  private int[] termsOf(int block) {
    int[] all = new int[terms.size()];
    int count = 0;
    for (int i = 0; i < all.length; i++) {
      if (terms.get(i).block() == block) {
        all[count++] = i;
      }
    }
    return Arrays.copyOf(all, count);
  }

  private List<double[]> vectors(int[] indices, boolean left) {
    return Arrays.stream(indices)
        .mapToObj(i -> terms.get(i).triplet())
        .map(triplet -> left ? triplet.left() : triplet.right())
        .toList();
  }

  /** Each singular value is shared out in halves: both factors are of one size then. */
  private double root(int term) {
    return Math.sqrt(terms.get(term).triplet().value());
  }

  @Override
  public String toString() {
    return "LowRankApproximation[%d x %d, rank %d, %.4f of the energy]"
        .formatted(rows(), cols(), rank(), keptEnergy());
  }
}
