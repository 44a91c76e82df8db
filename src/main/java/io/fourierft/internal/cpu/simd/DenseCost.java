package io.fourierft.internal.cpu.simd;

import io.fourierft.DensePath;

/**
 * What the dense methods cost, in nanoseconds of one thread for a block of rows in lanes, as
 * measured with 512-bit vectors. Only the ratios matter.
 */
final class DenseCost {
  private DenseCost() {}

  /** The path that is fastest for the shape and the number of coefficients. */
  static DensePath choose(int rows, int cols, int nFrequency) {
    return nFrequency <= 8 ? DensePath.DIRECT : DensePath.PRUNED;
  }

  /** Whether transforms of the columns cost less than to sum their entries row by row. */
  static boolean transformColumns(int rows, int columns, int entries) {
    return entries > 6L * columns;
  }
}
