package io.fourierft.internal.cpu;

import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;

/** One {@code spectrumGradientFromDelta}; reusable. */
final class DeltaGradientCall implements WorkerPool.Tasks {
  private final EngineCore core;
  private final DeltaGradient kernel;
  private float[] sums = {};
  private boolean columnStep;

  DeltaGradientCall(EngineCore core) {
    this.core = core;
    this.kernel = core.kernels().newDeltaGradient();
  }

  void run(FourierAdapter adapter, HostMatrix deltaGradient, HostMatrix gradient) {
    FoldedLocations locations = core.cache().get(adapter.locations());
    ColumnFold fold = locations.columns();
    if (sums.length < fold.entries()) {
      sums = new float[fold.entries()];
    }
    boolean shared = core.shareable(deltaGradient);
    kernel.begin(locations, deltaGradient);
    try {
      columnStep = false;
      core.pool().run(kernel.rowTasks(), 1, shared, this);
      columnStep = true;
      core.pool().run(kernel.columnTasks(), 1, shared, this);
    } finally {
      kernel.end();
    }
    double scale = adapter.scaling() / ((double) adapter.rows() * adapter.cols());
    for (int e = 0; e < fold.entries(); e++) {
      int k = fold.sources()[e];
      gradient.set(0, k, gradient.get(0, k) + (float) (scale * sums[e]));
    }
  }

  @Override
  public void run(int task, Workspace workspace) {
    if (columnStep) {
      kernel.columns(task, sums, workspace);
    } else {
      kernel.rows(task, workspace);
    }
  }

  /** Bytes of the buffers that are kept for the next use. */
  long retainedBytes() {
    return kernel.retainedBytes();
  }
}
