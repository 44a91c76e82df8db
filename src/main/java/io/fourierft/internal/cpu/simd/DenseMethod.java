package io.fourierft.internal.cpu.simd;

import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.RowSink;

/** One way to compute a dense ΔW; the steps are those of {@code DenseTransform}. */
interface DenseMethod {
  void begin(DenseCoefficients coefficients);

  int columnTasks();

  void columns(int task, SimdWorkspace workspace);

  int rowTasks();

  void rows(int task, RowSink sink, SimdWorkspace workspace);

  /** Bytes of the buffers that are kept for the next use. */
  long retainedBytes();
}
