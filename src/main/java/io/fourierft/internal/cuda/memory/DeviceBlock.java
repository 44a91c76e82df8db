package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;
import java.util.concurrent.atomic.AtomicBoolean;

/** A piece of device memory with one owner. Closing it twice is harmless. */
public final class DeviceBlock implements AutoCloseable {
  private final CudaContext context;
  private final long pointer;
  private final long bytes;
  private final AtomicBoolean closed = new AtomicBoolean();

  private DeviceBlock(CudaContext context, long pointer, long bytes) {
    this.context = context;
    this.pointer = pointer;
    this.bytes = bytes;
  }

  /**
   * Takes device memory.
   *
   * @throws io.fourierft.cuda.CudaOutOfMemoryException if there is none
   */
  public static DeviceBlock allocate(CudaContext context, long bytes) {
    long pointer = context.call(() -> context.driver().memAlloc(Math.max(bytes, 1)));
    context.countAllocated(bytes);
    return new DeviceBlock(context, pointer, bytes);
  }

  /** Device address of the first byte. */
  public long pointer() {
    return pointer;
  }

  public long bytes() {
    return bytes;
  }

  public boolean isClosed() {
    return closed.get();
  }

  /** Gives the memory back; the driver waits for the work that uses it. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      context.countAllocated(-bytes);
      context.quietly(() -> context.driver().memFree(pointer));
    }
  }
}
