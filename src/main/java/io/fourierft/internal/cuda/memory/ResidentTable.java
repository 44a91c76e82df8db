package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Device memory that belongs to an adapter or its places and is read on any stream. Filled once, on
 * one of them; the others wait for that. Not freed while pinned.
 */
public final class ResidentTable implements Pinnable, AutoCloseable {
  private final CudaContext context;
  private final DeviceBlock block;
  private final long home;
  private long ready;
  private final Set<LastUse> users = Collections.newSetFromMap(new WeakHashMap<>());
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

  @Override
  public synchronized void pin(LastUse user) {
    users.add(user);
    pins++;
  }

  @Override
  public synchronized void unpin() {
    pins--;
  }

  public synchronized boolean isPinned() {
    return pins > 0;
  }

  /** Who has to be waited for before this is closed. */
  public synchronized void addUsersTo(Collection<LastUse> all) {
    all.addAll(users);
  }

  @Override
  public synchronized void orderBefore(long stream) {
    if (ready != 0 && stream != home) {
      context.driver().streamWaitEvent(stream, ready);
    }
  }

  @Override
  public synchronized void settle() {
    if (ready != 0) {
      context.driver().eventSynchronize(ready);
      destroyEvent();
    }
  }

  private void destroyEvent() {
    long event = ready;
    ready = 0;
    context.release(() -> context.driver().eventDestroy(event));
  }

  /** Frees the memory, which nobody may be using any more. */
  @Override
  public synchronized void close() {
    if (ready != 0) {
      destroyEvent();
    }
    block.close();
  }
}
