package io.fourierft.layer;

import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The ΔW of frozen adapters, most recently used kept within a budget of bytes. An adapter is
 * immutable, so its ΔW never goes stale; an entry is found by the adapter itself, which is equal to
 * no other, not by its name. Thread-safe.
 */
final class DeltaCache {
  private final long budgetInBytes;
  private final LinkedHashMap<FourierAdapter, HostMatrix> entries =
      new LinkedHashMap<>(16, 0.75f, true);
  private long heldBytes;

  DeltaCache(long budgetInBytes) {
    this.budgetInBytes = budgetInBytes;
  }

  /** Whether the ΔW of {@code adapter} would fit an empty cache. */
  boolean admits(FourierAdapter adapter) {
    return sizeInBytes(adapter) <= budgetInBytes
        && (long) adapter.rows() * adapter.cols() <= Integer.MAX_VALUE - 8;
  }

  synchronized @Nullable HostMatrix get(FourierAdapter adapter) {
    return entries.get(adapter);
  }

  /** Keeps {@code delta}, dropping those that were not used for longest. */
  synchronized void put(FourierAdapter adapter, HostMatrix delta) {
    if (!admits(adapter) || entries.put(adapter, delta) != null) {
      return;
    }
    heldBytes += sizeInBytes(adapter);
    Iterator<Map.Entry<FourierAdapter, HostMatrix>> oldest = entries.entrySet().iterator();
    while (heldBytes > budgetInBytes) {
      heldBytes -= sizeInBytes(oldest.next().getKey());
      oldest.remove();
    }
  }

  /** Drops the ΔW of an adapter; a pass that had begun with it may still keep it once more. */
  synchronized void drop(FourierAdapter adapter) {
    if (entries.remove(adapter) != null) {
      heldBytes -= sizeInBytes(adapter);
    }
  }

  synchronized long heldBytes() {
    return heldBytes;
  }

  private static long sizeInBytes(FourierAdapter adapter) {
    return 4L * adapter.rows() * adapter.cols();
  }
}
