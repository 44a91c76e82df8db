package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;

/**
 * A piece of device memory with one owner, and perhaps recorded graphs that use it: it is freed
 * once its owner has closed it and the last of those is gone. Closing it twice is harmless, and the
 * second close waits until the first has freed it. Thread-safe.
 */
public final class DeviceBlock implements AutoCloseable {
  private final CudaContext context;
  private final long pointer;
  private final long bytes;
  private int graphs;
  private boolean closed;

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

  /** Whether its owner has closed it. */
  public synchronized boolean isClosed() {
    return closed;
  }

  /** Lets the memory outlive {@link #close} until {@link #release}. */
  public synchronized void retain() {
    graphs++;
  }

  /** Undoes {@link #retain}. */
  public synchronized void release() {
    graphs--;
    if (closed && graphs == 0) {
      free();
    }
  }

  /** Gives the memory back; the driver waits for the work that uses it. */
  @Override
  public synchronized void close() {
    boolean last = !closed && graphs == 0;
    closed = true;
    if (last) {
      free();
    }
  }

  private void free() {
    context.countAllocated(-bytes);
    context.release(() -> context.driver().memFree(pointer));
  }
}
