package io.fourierft;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * The places of a sparse spectrum in a rows × cols matrix: {@code u[k]} in {@code [0, rows)} and
 * {@code v[k]} in {@code [0, cols)}, all different. Immutable.
 *
 * <p>PEFT does not store places; they follow from the seed: the first n of {@code
 * torch.randperm(rows·cols)} on a CPU generator seeded with {@code random_loc_seed}, split by
 * {@code cols} ({@code src/peft/tuners/fourierft/layer.py}, {@code update_layer}).
 */
public final class SpectralLocations {
  private final int rows;
  private final int cols;
  private final int[] rowIndex;
  private final int[] colIndex;
  private int hash;

  private SpectralLocations(int rows, int cols, int[] rowIndex, int[] colIndex) {
    this.rows = rows;
    this.cols = cols;
    this.rowIndex = rowIndex;
    this.colIndex = colIndex;
  }

  /**
   * PEFT's places with today's torch.
   *
   * @param rows out_features, at least 1
   * @param cols in_features, at least 1
   * @param nFrequency number of places, 1 to rows·cols
   * @param seed random_loc_seed; only its low 32 bits matter, as in torch
   * @throws ShapeException if a size is out of range
   */
  public static SpectralLocations of(int rows, int cols, int nFrequency, long seed) {
    return of(rows, cols, nFrequency, seed, Randperm.TORCH);
  }

  /**
   * PEFT's places with the shuffle of a given torch. Takes O(n) time and memory, except that {@link
   * Randperm#TORCH} from {@link Randperm#INSIDE_OUT_THRESHOLD} elements on takes one pass of
   * rows·cols draws (O(n) memory).
   *
   * @throws ShapeException if a size is out of range
   */
  public static SpectralLocations of(
      int rows, int cols, int nFrequency, long seed, Randperm algorithm) {
    requireShape(rows, cols);
    long elements = (long) rows * cols;
    if (nFrequency < 1 || nFrequency > elements) {
      throw new ShapeException(
          "n_frequency is %d, but must be 1 to %d for a layer of %d x %d"
              .formatted(nFrequency, elements, rows, cols));
    }
    boolean insideOut = algorithm == Randperm.TORCH && elements >= Randperm.INSIDE_OUT_THRESHOLD;
    requireHeap(nFrequency, insideOut);
    long[] flat =
        insideOut
            ? TorchRandperm.insideOut(elements, nFrequency, seed)
            : TorchRandperm.forward(elements, nFrequency, seed);
    int[] rowIndex = new int[nFrequency];
    int[] colIndex = new int[nFrequency];
    for (int k = 0; k < nFrequency; k++) {
      rowIndex[k] = (int) (flat[k] / cols);
      colIndex[k] = (int) (flat[k] % cols);
    }
    return new SpectralLocations(rows, cols, rowIndex, colIndex);
  }

  /**
   * Places of the caller's own.
   *
   * @param rowIndex u, each in {@code [0, rows)}; copied
   * @param colIndex v, each in {@code [0, cols)}; copied
   * @throws ShapeException if a place lies outside the matrix or occurs twice
   */
  public static SpectralLocations of(int rows, int cols, int[] rowIndex, int[] colIndex) {
    requireShape(rows, cols);
    if (rowIndex.length != colIndex.length || rowIndex.length == 0) {
      throw new ShapeException(
          "%d row indices and %d column indices; give as many of each, at least one"
              .formatted(rowIndex.length, colIndex.length));
    }
    long[] flat = new long[rowIndex.length];
    for (int k = 0; k < flat.length; k++) {
      if (rowIndex[k] < 0 || rowIndex[k] >= rows || colIndex[k] < 0 || colIndex[k] >= cols) {
        throw new ShapeException(
            "location %d is (%d, %d), outside %d x %d"
                .formatted(k, rowIndex[k], colIndex[k], rows, cols));
      }
      flat[k] = (long) rowIndex[k] * cols + colIndex[k];
    }
    Arrays.sort(flat);
    for (int k = 1; k < flat.length; k++) {
      if (flat[k] == flat[k - 1]) {
        throw new ShapeException(
            "location (%d, %d) occurs twice".formatted(flat[k] / cols, flat[k] % cols));
      }
    }
    return new SpectralLocations(rows, cols, rowIndex.clone(), colIndex.clone());
  }

  /**
   * The 64 bits that torch takes a seed for: −2^63 to 2^64 − 1, negative ones modulo 2^64.
   *
   * @throws FourierException if {@code seed} is outside that range, as {@code torch.manual_seed}
   */
  public static long seedBits(BigInteger seed) {
    if (seed.bitLength() > 64 || (seed.signum() < 0 && seed.bitLength() > 63)) {
      throw new FourierException(
          "random_loc_seed " + seed + " is outside what torch takes, -2^63 to 2^64-1");
    }
    return seed.longValue();
  }

  /** out_features. */
  public int rows() {
    return rows;
  }

  /** in_features. */
  public int cols() {
    return cols;
  }

  /** Number of places. */
  public int nFrequency() {
    return rowIndex.length;
  }

  /** {@code u[k]}, the row of place {@code k}. */
  public int row(int k) {
    return rowIndex[k];
  }

  /** {@code v[k]}, the column of place {@code k}. */
  public int col(int k) {
    return colIndex[k];
  }

  @Override
  public boolean equals(Object other) {
    return other == this
        || (other instanceof SpectralLocations that
            && rows == that.rows
            && cols == that.cols
            && hashCode() == that.hashCode()
            && Arrays.equals(rowIndex, that.rowIndex)
            && Arrays.equals(colIndex, that.colIndex));
  }

  @Override
  public int hashCode() {
    // As String has it: computed when it is first wanted, by several threads perhaps, to one value.
    int known = hash;
    if (known == 0) {
      known = 31 * (31 * rows + cols) + 31 * Arrays.hashCode(rowIndex) + Arrays.hashCode(colIndex);
      hash = known;
    }
    return known;
  }

  @Override
  public String toString() {
    return "SpectralLocations[%d of %d x %d]".formatted(nFrequency(), rows, cols);
  }

  private static void requireHeap(int n, boolean insideOut) {
    if (n > TorchRandperm.MOST_PLACES) {
      throw new ShapeException(
          "n_frequency is %d, but places are drawn for at most %d coefficients"
              .formatted(n, TorchRandperm.MOST_PLACES));
    }
    long drawn = insideOut ? TorchRandperm.insideOutBytes(n) : TorchRandperm.forwardBytes(n);
    long needed = drawn + 2L * Integer.BYTES * n;
    long heap = Runtime.getRuntime().maxMemory();
    if (needed > heap) {
      throw new ShapeException(
          ("n_frequency is %d, whose places take %d MiB of heap, but the virtual machine has %d;"
                  + " give it more, as with -Xmx")
              .formatted(n, needed >> 20, heap >> 20));
    }
  }

  private static void requireShape(int rows, int cols) {
    if (rows < 1 || cols < 1) {
      throw new ShapeException(
          "a layer needs at least 1 x 1 elements, but got " + rows + " x " + cols);
    }
  }
}
