package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.ResourceStack;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The memory that an engine gave to its users and that goes with it. Thread-safe. */
public final class OpenBuffers implements AutoCloseable {
  private final Set<DeviceBlock> blocks = ConcurrentHashMap.newKeySet();

  public void add(DeviceBlock block) {
    blocks.add(block);
  }

  public void remove(DeviceBlock block) {
    blocks.remove(block);
  }

  /** Frees what is still open. */
  @Override
  public void close() {
    try (ResourceStack all = new ResourceStack()) {
      blocks.forEach(all::own);
    }
    blocks.clear();
  }
}
