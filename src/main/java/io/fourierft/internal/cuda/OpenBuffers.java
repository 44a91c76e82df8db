package io.fourierft.internal.cuda;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The memory that an engine gave to its users and that goes with it. Thread-safe. */
final class OpenBuffers implements AutoCloseable {
  private final Set<DeviceBlock> blocks = ConcurrentHashMap.newKeySet();

  void add(DeviceBlock block) {
    blocks.add(block);
  }

  void remove(DeviceBlock block) {
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
