package io.fourierft.internal.cpu;

/** Takes a ΔW block of rows by block of rows, in any order, from several threads. */
public interface RowSink {
  /**
   * Rows {@code [firstRow, firstRow + rowCount)} of ΔW, scaled: element {@code (firstRow + r, q)}
   * is {@code values[offset + r*stride + q]}. The values may be overwritten.
   */
  void accept(
      int firstRow, int rowCount, float[] values, int offset, int stride, Workspace workspace);

  /** The number of rows, up to {@code available}, that are best given in one call. */
  int rowsAtOnce(int available);
}
