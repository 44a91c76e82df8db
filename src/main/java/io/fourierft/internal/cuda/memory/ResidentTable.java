package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;

/**
 * Device memory that belongs to an adapter or its places and is read on any stream. Filled once, on
 * one of them; the others wait for that. Not freed while pinned.
 */
public final class ResidentTable implements AutoCloseable {
  private final CudaContext context;
  private final DeviceBlock block;
  private final long home;
  private long ready;
  private int pins;

  /** Copies {@code contents} to the device, in the order of the stream of {@code staging}. */
  public ResidentTable(CudaContext context, StagingRing staging, HostBytes contents) {
    this.context = context;
    this.home = staging.stream();
    CudaDriver driver = context.driver();
    this.block = DeviceBlock.allocate(context, contents.bytes());
    boolean made = false;
    try {
      staging.upload(contents, DeviceBytes.range(block.pointer(), contents.bytes()));
      ready = driver.eventCreate(CudaDriver.EVENT_DISABLE_TIMING);
      driver.eventRecord(ready, home);
      made = true;
    } finally {
      if (!made) {
        close();
      }
    }
  }

  public long pointer() {
    return block.pointer();
  }

  public long bytes() {
    return block.bytes();
  }

  public synchronized void pin() {
    pins++;
  }

  public synchronized void unpin() {
    pins--;
  }

  public synchronized boolean isPinned() {
    return pins > 0;
  }

  /** Lets what {@code stream} is given from now on find the table filled. */
  public synchronized void orderBefore(long stream) {
    if (ready != 0 && stream != home) {
      context.driver().streamWaitEvent(stream, ready);
    }
  }

  /** Waits until the table is filled, so that nobody has to wait for it again. */
  public synchronized void settle() {
    if (ready != 0) {
      context.driver().eventSynchronize(ready);
      destroyEvent();
    }
  }

  private void destroyEvent() {
    long event = ready;
    ready = 0;
    context.quietly(() -> context.driver().eventDestroy(event));
  }

  @Override
  public synchronized void close() {
    if (ready != 0) {
      destroyEvent();
    }
    block.close();
  }
}
