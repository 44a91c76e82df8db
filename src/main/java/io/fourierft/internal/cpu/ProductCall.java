package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;

/** One product of tokens with a dense matrix; reusable. */
final class ProductCall implements WorkerPool.Tasks {
  /** Multiply-adds that are worth waking a thread for. */
  private static final long WORTH_WAKING = 1 << 19;

  private final EngineCore core;
  private final MatrixProduct kernel;
  private boolean multiplying;

  ProductCall(EngineCore core, MatrixProduct kernel) {
    this.core = core;
    this.kernel = kernel;
  }

  /** As {@link MatrixProduct#begin}, for all tokens, on at most so many threads. */
  void run(HostMatrix x, HostMatrix w, boolean transposed, HostMatrix out, int threads) {
    boolean shared = core.shareable(x) && core.shareable(w) && core.shareable(out);
    int most = shared ? threads : 1;
    try {
      for (int first = 0; first < x.rows(); first += kernel.mostTokens()) {
        int count = Math.min(kernel.mostTokens(), x.rows() - first);
        kernel.begin(x, first, count, w, transposed, out);
        run(count, (long) w.rows() * w.cols(), most);
      }
    } finally {
      kernel.end();
    }
  }

  private void run(int tokens, long elements, int threads) {
    multiplying = false;
    int packing = kernel.packingTasks();
    core.pool().run(packing, Math.max(1, packing / 4), threads, this);
    multiplying = true;
    int tasks = kernel.multiplyingTasks();
    core.pool().run(tasks, grain(tokens * elements / tasks), threads, this);
  }

  private static int grain(long taskWork) {
    return (int) Math.max(1, WORTH_WAKING / Math.max(1, taskWork));
  }

  @Override
  public void run(int task, Workspace workspace) {
    if (multiplying) {
      kernel.multiply(task, workspace);
    } else {
      kernel.pack(task, workspace);
    }
  }
}
