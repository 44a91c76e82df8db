package io.fourierft.internal.cpu.simd;

/**
 * What the parts of the dense methods cost, in nanoseconds of one thread, measured with 512-bit
 * vectors; only the ratios matter. A transform costs {@link FftLengths#cost} times a factor.
 */
final class DenseCost {
  /** A coefficient at one column of a block of rows, summed directly. */
  private static final double DIRECT = 1.05;

  /** A coefficient in its column, at one block of rows. */
  private static final double ROTOR = 1.95;

  /** A unit of {@link FftLengths#cost} along the rows. */
  private static final double ROW_TRANSFORM = 2.5;

  /** A unit of {@link FftLengths#cost} along columns, with the way into memory. */
  private static final double COLUMN_TRANSFORM = 5.5;

  /** The way of a transformed column back from memory, at one block of rows. */
  private static final double COLUMN_LOAD = 1.0;

  private DenseCost() {}

  /** Whether to sum every element directly costs less than to transform the rows. */
  static boolean sumDirectly(RealLaneFft rowPlan, int entries) {
    return DIRECT * entries * rowPlan.length() < ROW_TRANSFORM * rowPlan.cost();
  }

  /** Whether transforms of the columns cost less than to sum their entries row by row. */
  static boolean transformColumns(RealLaneFft columnPlan, int columns, int entries) {
    double blocks = RowBlockWriter.symmetricBlocks(columnPlan.length());
    double transforms = COLUMN_TRANSFORM * columnPlan.cost() * columns / Lanes.COUNT;
    return transforms + COLUMN_LOAD * columns * blocks < ROTOR * entries * blocks;
  }
}
