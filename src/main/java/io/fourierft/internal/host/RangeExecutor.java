package io.fourierft.internal.host;

import io.fourierft.HostMatrix;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** Runs numbered pieces of work on the calling thread and on the common pool. Thread-safe. */
public final class RangeExecutor {
  /** Any thread but the caller's; never started. */
  private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

  private final int threads;

  /**
   * An executor of at most {@code threads} threads, the caller's among them; 0 for the machine's
   * processors.
   */
  public RangeExecutor(int threads) {
    this.threads = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** Whether other threads may touch the memory; a confined arena's is its owner's alone. */
  public static boolean shareable(HostMatrix matrix) {
    return matrix.data().isAccessibleBy(ANOTHER);
  }

  /**
   * Runs {@code piece} for 0 to {@code pieces − 1}, in any order, and returns when all are done.
   */
  public void run(int pieces, boolean parallel, IntConsumer piece) {
    int helpers = parallel ? Math.min(threads, pieces) - 1 : 0;
    if (helpers <= 0) {
      for (int i = 0; i < pieces; i++) {
        piece.accept(i);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    Runnable worker =
        () -> {
          for (int i = next.getAndIncrement(); i < pieces; i = next.getAndIncrement()) {
            piece.accept(i);
          }
        };
    ForkJoinTask<?>[] tasks = new ForkJoinTask<?>[helpers];
    for (int i = 0; i < helpers; i++) {
      tasks[i] = ForkJoinPool.commonPool().submit(worker);
    }
    try {
      worker.run();
    } finally {
      // A helper still works on the caller's memory: it must end before this call does.
      for (ForkJoinTask<?> task : tasks) {
        task.quietlyJoin();
      }
    }
    for (ForkJoinTask<?> task : tasks) {
      task.join();
    }
  }
}
