package io.fourierft.internal.cpu;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.internal.host.IdleStack;
import java.util.ArrayList;
import java.util.List;

/**
 * The ΔW of many adapters; reusable. Small ones are computed one to a thread, many at a time, large
 * ones one after the other on all threads. The numbers are the same either way.
 */
final class DeltaBatch implements WorkerPool.Tasks {
  /** Elements up to which one thread computes a whole ΔW. */
  private static final long SMALL = 1 << 16;

  private final EngineCore core;
  private final IdleStack<DenseJob> jobs;
  private List<FourierAdapter> adapters = List.of();
  private final List<HostMatrix> outs = new ArrayList<>();
  private DensePath path = DensePath.AUTO;

  DeltaBatch(EngineCore core, IdleStack<DenseJob> jobs) {
    this.core = core;
    this.jobs = jobs;
  }

  private static boolean isSmall(FourierAdapter adapter) {
    return (long) adapter.rows() * adapter.cols() <= SMALL;
  }

  /** Where the matrices of the next call go; empty between two calls. */
  List<HostMatrix> outs() {
    return outs;
  }

  /** Computes all, each into the matrix of its place in {@link #outs}. Everything was checked. */
  void run(List<FourierAdapter> newAdapters, DensePath newPath) {
    adapters = newAdapters;
    path = newPath;
    try {
      boolean shared = true;
      boolean anySmall = false;
      for (int i = 0; i < outs.size(); i++) {
        if (isSmall(adapters.get(i))) {
          anySmall = true;
          shared &= core.shareable(outs.get(i));
        }
      }
      if (anySmall) {
        core.pool().run(outs.size(), 1, shared, this);
      }
      for (int i = 0; i < outs.size(); i++) {
        if (!isSmall(adapters.get(i))) {
          runLarge(adapters.get(i), outs.get(i));
        }
      }
    } finally {
      adapters = List.of();
      outs.clear();
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
    FourierAdapter adapter = adapters.get(index);
    if (!isSmall(adapter)) {
      return;
    }
    DenseJob job = jobs.take();
    job.write(adapter, path, outs.get(index));
    job.runAlone(workspace);
    core.giveBack(jobs, job);
  }
}
