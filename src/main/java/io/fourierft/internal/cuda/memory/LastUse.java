package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How far a stream has to come before what it has used so far may be freed: an event behind its
 * last use. Waiting for that needs neither the stream, which may be another's, nor a stop of the
 * whole device, which would break a recording. Marked by the stream's user alone, waited for by
 * anybody.
 */
public final class LastUse implements AutoCloseable {
  private final CudaContext context;
  private final long stream;
  private final ReentrantLock lock = new ReentrantLock();
  private long event;
  private boolean closed;

  public LastUse(CudaContext context, long stream) {
    this.context = context;
    this.stream = stream;
  }

  /** Takes what the stream was given so far as its last use. */
  public void mark() {
    CudaDriver driver = context.driver();
    boolean marked =
        context.quietly(
            () -> {
              if (event == 0) {
                event = driver.eventCreate(CudaDriver.EVENT_DISABLE_TIMING);
              }
              driver.eventRecord(event, stream);
            });
    if (!marked) {
      context.quietly(() -> driver.streamSynchronize(stream));
    }
  }

  /** Returns once the last use is over. */
  public void await() {
    context.onPlatformThread(
        () -> {
          lock.lock();
          try {
            if (!closed && event != 0) {
              context.quietly(() -> context.driver().eventSynchronize(event));
            }
          } finally {
            lock.unlock();
          }
          return null;
        });
  }

  /** To be called once the stream has been waited for. */
  @Override
  public void close() {
    context.onPlatformThread(
        () -> {
          lock.lock();
          try {
            if (!closed && event != 0) {
              context.release(() -> context.driver().eventDestroy(event));
            }
            closed = true;
          } finally {
            lock.unlock();
          }
          return null;
        });
  }
}
