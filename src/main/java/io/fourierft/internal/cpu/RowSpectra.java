package io.fourierft.internal.cpu;

/**
 * Where the half spectra of ΔW's rows come from, which are the columns' values at these rows.
 * {@link #begin}, then every column task on any threads, then {@link #fill} from any threads.
 */
interface RowSpectra {
  /** Prepares for one adapter. */
  void begin(DenseCoefficients coefficients);

  /** Tasks that come before the rows; may be 0. */
  int columnTasks();

  /** Transforms some columns. */
  void columns(int task, JTransformsWorkspace workspace);

  /**
   * Puts these columns into the half spectra of rows {@code first} to {@code first + count - 1},
   * which are a part's signals and are zero: row r in place {@code r - first} of the bins' pages.
   */
  void fill(
      int first,
      int count,
      RealPageFft plan,
      int part,
      SignalPages pages,
      JTransformsWorkspace workspace);

  /** Bytes of the buffers that are kept for the next use. */
  long retainedBytes();
}
