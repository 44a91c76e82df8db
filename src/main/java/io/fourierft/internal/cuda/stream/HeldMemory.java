package io.fourierft.internal.cuda.stream;

import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.LastUse;
import io.fourierft.internal.cuda.memory.Pinnable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Memory of others that a stream's work uses: pinned while a call enqueues, retained as long as a
 * recording may run. Used by one thread at a time.
 */
final class HeldMemory {
  private final LastUse lastUse;

  /** With those that were pinned twice, which is cheaper than to look for them. */
  private final List<Pinnable> pinned = new ArrayList<>();

  private final Set<DeviceBlock> retained = new HashSet<>();

  HeldMemory(LastUse lastUse) {
    this.lastUse = lastUse;
  }

  /** Keeps memory from being given up until {@link #unpin}. */
  void pin(Pinnable memory) {
    memory.pin(lastUse);
    pinned.add(memory);
  }

  /** Ends all pins; the memory may be given up when what was enqueued so far has run. */
  void unpin() {
    if (!pinned.isEmpty()) {
      lastUse.mark();
      unpinAll();
    }
  }

  /** Waits until what is pinned holds what others enqueued for it. */
  void settle() {
    pinned.forEach(Pinnable::settle);
  }

  /** Keeps memory from being freed until {@link #releaseWith}. */
  void retain(DeviceBlock memory) {
    if (retained.add(memory)) {
      memory.retain();
    }
  }

  /** Hands what was retained to {@code all}, which frees it. */
  void releaseWith(ResourceStack all) {
    all.own(lastUse);
    retained.forEach(block -> all.own(block::release));
  }

  /** Forgets everything, when no work is left. */
  void clear() {
    unpinAll();
    retained.clear();
  }

  private void unpinAll() {
    for (Pinnable memory : pinned) {
      memory.unpin();
    }
    pinned.clear();
  }
}
