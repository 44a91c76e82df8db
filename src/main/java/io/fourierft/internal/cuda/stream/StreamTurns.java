package io.fourierft.internal.cuda.stream;

import io.fourierft.internal.cuda.device.CudaContext;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Lets one thread at a time use a stream, always a platform thread: a virtual one waits while
 * another has its turn for it.
 */
final class StreamTurns {
  private final CudaContext context;
  private final ReentrantLock lock = new ReentrantLock();

  StreamTurns(CudaContext context) {
    this.context = context;
  }

  /** Runs {@code work} when it is its turn. */
  void run(Runnable work) {
    call(
        () -> {
          work.run();
          return Boolean.TRUE;
        });
  }

  /** The result of {@code work}, when it is its turn. */
  <T> T call(Supplier<T> work) {
    return context.onPlatformThread(() -> locked(work));
  }

  private <T> T locked(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
