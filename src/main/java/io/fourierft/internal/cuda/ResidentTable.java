package io.fourierft.internal.cuda;

import io.fourierft.internal.cuda.ffm.CudaDriver;

/**
 * Device memory that belongs to an adapter or its places and is read on any lane. Filled once, on
 * one lane; the others let their stream wait for that. Not freed while pinned.
 */
final class ResidentTable implements AutoCloseable {
  private final CudaContext context;
  private final DeviceBlock block;
  private final Lane home;
  private long ready;
  private int pins;

  /** Copies {@code contents} to the device, in the order of {@code home}. */
  ResidentTable(Lane home, HostRows contents) {
    this.context = home.context();
    this.home = home;
    CudaDriver driver = context.driver();
    this.block = context.allocate(contents.bytes());
    boolean made = false;
    try {
      home.upload(contents, block.pointer());
      ready = driver.eventCreate(CudaDriver.EVENT_DISABLE_TIMING);
      driver.eventRecord(ready, home.stream());
      made = true;
    } finally {
      if (!made) {
        close();
      }
    }
  }

  long pointer() {
    return block.pointer();
  }

  long bytes() {
    return block.bytes();
  }

  synchronized void pin() {
    pins++;
  }

  synchronized void unpin() {
    pins--;
  }

  synchronized boolean isPinned() {
    return pins > 0;
  }

  /** Lets what {@code lane} enqueues from now on find the table filled. */
  synchronized void orderBefore(Lane lane) {
    if (ready != 0 && lane != home) {
      context.driver().streamWaitEvent(lane.stream(), ready);
    }
  }

  /** Waits until the table is filled, so that nobody has to wait for it again. */
  synchronized void settle() {
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
