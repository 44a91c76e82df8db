package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The newest contents of a few bytes of device memory that are known on the host without waiting:
 * each fetch copies them to a slot of pinned memory, which is read once the copy is over. Used with
 * the context current, and by one thread at a time.
 */
public final class Mirror implements AutoCloseable {
  private static final int SLOTS = 32;

  private final CudaContext context;
  private final CudaDriver driver;
  private final MemorySegment memory;
  private final int bytes;
  private final long[] events = new long[SLOTS];
  private byte[] newest;
  private int oldest;
  private int count;
  private boolean closed;

  private Mirror(CudaContext context, MemorySegment memory, byte[] contents) {
    this.context = context;
    this.driver = context.driver();
    this.memory = memory;
    this.bytes = contents.length;
    this.newest = contents.clone();
  }

  /** A mirror of device memory that holds {@code contents}. */
  public static Mirror of(CudaContext context, byte[] contents) {
    CudaDriver driver = context.driver();
    Mirror mirror =
        new Mirror(context, driver.memAllocHost((long) SLOTS * contents.length), contents);
    boolean made = false;
    try {
      for (int i = 0; i < SLOTS; i++) {
        mirror.events[i] = driver.eventCreate(CudaDriver.EVENT_DISABLE_TIMING);
      }
      made = true;
      return mirror;
    } finally {
      if (!made) {
        mirror.close();
      }
    }
  }

  /**
   * Enqueues a copy of the device's bytes.
   *
   * @return whether there was a slot; else as many copies as there are slots are on their way
   */
  public boolean fetch(long from, long stream) {
    settle();
    if (count == SLOTS) {
      return false;
    }
    int slot = (oldest + count) % SLOTS;
    driver.memcpyDtoHAsync(slot(slot), from, bytes, stream);
    try {
      driver.eventRecord(events[slot], stream);
    } catch (RuntimeException e) {
      // Nothing tells when the slot is written, so it must be before it is used again.
      context.quietly(() -> driver.streamSynchronize(stream));
      throw e;
    }
    count++;
    return true;
  }

  /** The contents as of the last copy that is over. */
  public byte[] newest() {
    settle();
    return newest.clone();
  }

  /** Forgets what is on its way, which has been waited for, and holds these contents. */
  public void reset(byte[] contents) {
    count = 0;
    newest = contents.clone();
  }

  private void settle() {
    while (count > 0 && driver.eventIsOver(events[oldest])) {
      newest = slot(oldest).toArray(ValueLayout.JAVA_BYTE);
      oldest = (oldest + 1) % SLOTS;
      count--;
    }
  }

  private MemorySegment slot(int index) {
    return memory.asSlice((long) index * bytes, bytes);
  }

  /** Waits for the copies on their way. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (int i = 0; i < count; i++) {
      long event = events[(oldest + i) % SLOTS];
      context.quietly(() -> driver.eventSynchronize(event));
    }
    for (long event : events) {
      if (event != 0) {
        context.release(() -> driver.eventDestroy(event));
      }
    }
    context.release(() -> driver.memFreeHost(memory));
  }
}
