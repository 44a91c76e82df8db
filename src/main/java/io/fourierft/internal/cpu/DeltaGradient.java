package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;

/**
 * The gradient of the coefficients from a dense upstream gradient H: {@link #begin}, then all row
 * tasks (real transforms of the rows of H, of which only the columns that hold a coefficient are
 * kept), then all column tasks.
 */
public interface DeltaGradient {
  /** Prepares for one H of any element type. */
  void begin(FoldedLocations locations, HostMatrix deltaGradient);

  /** Tasks of the first step. */
  int rowTasks();

  /** Transforms some rows of H. */
  void rows(int task, Workspace workspace);

  /** Tasks of the second step. */
  int columnTasks();

  /**
   * Transforms some columns and stores {@code sums[e] = Re Σ_pq H[p,q]·e^{+2πi(u·p/M + v·q/N)}} for
   * every entry e of {@link FoldedLocations#columns()} in them.
   */
  void columns(int task, float[] sums, Workspace workspace);

  /** Lets go of the caller's memory. */
  void end();

  /** Bytes of the buffers that are kept for the next use. */
  long retainedBytes();
}
