package io.fourierft.internal.cpu;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The ΔW of many adapters; reusable. Small ones are computed one to a thread, many at a time, large
 * ones one after the other on all threads. The numbers are the same either way.
 */
final class DeltaBatch implements WorkerPool.Tasks {
  /** Elements up to which one thread computes a whole ΔW. */
  private static final long SMALL = 1 << 16;

  private final EngineCore core;
  private final IdleStack<DenseJob> jobs;
  private @Nullable FourierAdapter[] adapters = {};
  private @Nullable HostMatrix[] outs = {};
  private DensePath path = DensePath.AUTO;
  private int size;

  DeltaBatch(EngineCore core, IdleStack<DenseJob> jobs) {
    this.core = core;
    this.jobs = jobs;
  }

  /** Empties the batch. */
  void begin(int capacity, DensePath newPath) {
    size = 0;
    path = newPath;
    if (adapters.length < capacity) {
      adapters = new @Nullable FourierAdapter[capacity];
      outs = new @Nullable HostMatrix[capacity];
    }
  }

  /** Adds one. */
  void add(FourierAdapter adapter, HostMatrix out) {
    adapters[size] = adapter;
    outs[size++] = out;
  }

  /** Refuses outputs that share memory. */
  void requireApart() {
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < i; j++) {
        HostMatrix a = outs[i];
        HostMatrix b = outs[j];
        if (a != null && b != null) {
          HostChecks.requireApart(a, "an out matrix", b, "another out matrix");
        }
      }
    }
  }

  private static boolean isSmall(FourierAdapter adapter) {
    return (long) adapter.rows() * adapter.cols() <= SMALL;
  }

  /** Computes all. */
  void run() {
    try {
      boolean shared = true;
      boolean anySmall = false;
      for (int i = 0; i < size; i++) {
        HostMatrix out = outs[i];
        FourierAdapter adapter = adapters[i];
        if (out != null && adapter != null && isSmall(adapter)) {
          anySmall = true;
          shared &= core.shareable(out);
        }
      }
      if (anySmall) {
        core.pool().run(size, 1, shared, this);
      }
      for (int i = 0; i < size; i++) {
        HostMatrix out = outs[i];
        FourierAdapter adapter = adapters[i];
        if (out != null && adapter != null && !isSmall(adapter)) {
          runLarge(adapter, out);
        }
      }
    } finally {
      Arrays.fill(adapters, 0, size, null);
      Arrays.fill(outs, 0, size, null);
    }
  }

  private void runLarge(FourierAdapter adapter, HostMatrix out) {
    DenseJob job = jobs.take();
    job.write(adapter, path, out);
    job.run(core.shareable(out));
    core.giveBack(jobs, job);
  }

  @Override
  public void run(int index, Workspace workspace) {
    HostMatrix out = outs[index];
    FourierAdapter adapter = adapters[index];
    if (out == null || adapter == null || !isSmall(adapter)) {
      return;
    }
    DenseJob job = jobs.take();
    job.write(adapter, path, out);
    job.runAlone(workspace);
    core.giveBack(jobs, job);
  }
}
