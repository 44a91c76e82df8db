package io.fourierft.internal.cpu;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import org.jspecify.annotations.Nullable;

/** One ΔW from coefficients to its place in memory; reusable. */
final class DenseJob implements WorkerPool.Tasks {
  private final EngineCore core;
  private final DenseCoefficients coefficients = new DenseCoefficients();
  private final DenseTransform finite;
  private final NonFiniteTransform nonFinite = new NonFiniteTransform();
  private DenseTransform transform;
  private final DeltaSink sink = new DeltaSink();
  private boolean rowStep;

  DenseJob(EngineCore core) {
    this.core = core;
    this.finite = core.kernels().newDenseTransform();
    this.transform = finite;
  }

  /** The next {@link #run} or {@link #runAlone} writes ΔW. */
  void write(FourierAdapter adapter, DensePath path, HostMatrix out) {
    begin(adapter, path);
    sink.write(out, adapter.deltaType(), coefficients.scale().second());
  }

  /** The next {@link #run} adds ΔW to a weight. */
  void add(
      FourierAdapter adapter,
      DensePath path,
      HostMatrix weight,
      boolean transposed,
      Addition addition,
      @Nullable AdditionMeter meter) {
    begin(adapter, path);
    sink.add(
        weight, transposed, addition, adapter.deltaType(), coefficients.scale().second(), meter);
  }

  private void begin(FourierAdapter adapter, DensePath path) {
    coefficients.set(adapter, core.cache().get(adapter.locations()));
    transform = adapter.isFinite() ? finite : nonFinite;
    transform.begin(
        coefficients,
        switch (path) {
          case AUTO ->
              core.kernels().choosePath(adapter.rows(), adapter.cols(), adapter.nFrequency());
          // Which keeps its rows in the cache as it is.
          case FUSED -> DensePath.PRUNED;
          default -> path;
        });
  }

  /**
   * Computes it on all threads of the engine.
   *
   * @param shared whether the workers may touch the target
   */
  void run(boolean shared) {
    try {
      rowStep = false;
      core.pool().run(transform.columnTasks(), 1, shared, this);
      rowStep = true;
      core.pool().run(transform.rowTasks(), 1, shared, this);
    } finally {
      clear();
    }
  }

  /** Computes it on this thread. */
  void runAlone(Workspace workspace) {
    try {
      for (int task = 0; task < transform.columnTasks(); task++) {
        transform.columns(task, workspace);
      }
      for (int task = 0; task < transform.rowTasks(); task++) {
        transform.rows(task, sink, workspace);
      }
    } finally {
      clear();
    }
  }

  @Override
  public void run(int task, Workspace workspace) {
    if (rowStep) {
      transform.rows(task, sink, workspace);
    } else {
      transform.columns(task, workspace);
    }
  }

  private void clear() {
    sink.clear();
    coefficients.clear();
  }

  /** Bytes of the buffers that are kept for the next use. */
  long retainedBytes() {
    return finite.retainedBytes();
  }
}
