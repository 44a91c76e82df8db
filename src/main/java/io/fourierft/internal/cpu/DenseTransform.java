package io.fourierft.internal.cpu;

import io.fourierft.DensePath;

/**
 * One dense ΔW in the making: {@link #begin}, then every column task in any order on any threads,
 * then, when all are done, every row task. The number of tasks and what each computes do not depend
 * on the threads. Buffers between the two steps belong to this object and are reused.
 */
public interface DenseTransform {
  /**
   * Prepares for one adapter.
   *
   * @param coefficients the adapter's, with its places and the scale of the result
   * @param path any but AUTO
   */
  void begin(DenseCoefficients coefficients, DensePath path);

  /** Tasks of the first step; may be 0. */
  int columnTasks();

  /** Transforms some columns. */
  void columns(int task, Workspace workspace);

  /** Tasks of the second step, at least 1. */
  int rowTasks();

  /** Computes a block of rows of ΔW, scaled, and hands it to {@code sink}. */
  void rows(int task, RowSink sink, Workspace workspace);

  /** Bytes of the buffers that are kept for the next use. */
  long retainedBytes();
}
