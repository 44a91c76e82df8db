package io.fourierft.internal.cuda.device;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Platform threads that work in the place of virtual ones, as many as wait at a time; idle ones end
 * after a minute. Thread-safe.
 */
final class PlatformThreads implements AutoCloseable {
  private final ExecutorService executor =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("fourierft-cuda-", 0).factory());

  /**
   * The result of {@code work}, or what it threw. An interrupt does not end the wait, since the
   * work goes on in any case; it is kept for later.
   */
  <T> T call(Supplier<T> work) {
    Future<T> future = executor.submit(work::get);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw thrown(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException thrown(ExecutionException e) {
    return switch (e.getCause()) {
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      case null, default -> new IllegalStateException(e.getCause());
    };
  }

  /** Takes no more work; what runs goes on. */
  @Override
  public void close() {
    executor.shutdown();
  }
}
