package io.fourierft.internal.cuda;

/**
 * Writes one fourierft_fused of {@code native/include/fourierft_callbacks.h}: what the callbacks of
 * one execution know.
 */
final class FusedTable {
  /** Its size. */
  static final int BYTES = 104;

  private FusedTable() {}

  /**
   * The struct.
   *
   * @param adapters device address of the fourierft_adapter table
   * @param operators device address of the fourierft_operator table
   * @param targets device address of the fourierft_target table
   * @param columns device address of the compact columns
   * @param loadInner elements of a line of the plan's input
   * @param loadMiddle lines of an adapter's input
   */
  static byte[] of(
      DensePlan plan,
      long adapters,
      long operators,
      long targets,
      long columns,
      long loadInner,
      long loadMiddle) {
    TableWriter table = new TableWriter(1, BYTES);
    table
        .put(adapters)
        .put(operators)
        .put(targets)
        .put(columns)
        .put(plan.rows())
        .put(plan.cols())
        .put((long) plan.slots());
    for (long divisor : new long[] {loadInner, loadMiddle, 2 * PlanKey.half(plan.cols())}) {
      // 2^64 - 1 over it, rounded down.
      table.put(divisor).put(Long.divideUnsigned(-1, divisor));
    }
    return table.finish();
  }
}
