package io.fourierft.internal.cuda;

import java.util.concurrent.atomic.AtomicBoolean;

/** A piece of device memory with one owner. Closing it twice is harmless. */
final class DeviceBlock implements AutoCloseable {
  private final CudaContext context;
  private final long pointer;
  private final long bytes;
  private final AtomicBoolean closed = new AtomicBoolean();

  DeviceBlock(CudaContext context, long pointer, long bytes) {
    this.context = context;
    this.pointer = pointer;
    this.bytes = bytes;
  }

  long pointer() {
    return pointer;
  }

  long bytes() {
    return bytes;
  }

  boolean isClosed() {
    return closed.get();
  }

  /** Gives the memory back; the driver waits for the work that uses it. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      context.free(this);
    }
  }
}
