package io.fourierft.internal.cpu;

import io.fourierft.SpectralLocations;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The indices of the places in use, found by identity and held no longer than the places
 * themselves; equal places share them. Any number of places has room: indices are held softly and
 * made again if the heap had other needs. Thread-safe; a hit allocates nothing.
 */
public final class FoldedLocationsCache {
  // Open addressing with linear probing. Entries whose places are gone stay until the table, which
  // is at most three quarters full, is rebuilt.
  private @Nullable FoldedLocations[] table = new @Nullable FoldedLocations[64];
  private int used;

  // The youngest entry of each hash code. Older ones of the same places share its indices already;
  // if two sets of places have one hash code, only one of them is shared.
  private Map<Integer, FoldedLocations> youngest = new HashMap<>();

  /** The indices of {@code locations}. */
  public synchronized FoldedLocations get(SpectralLocations locations) {
    int mask = table.length - 1;
    int at = slot(locations, mask);
    FoldedLocations found = table[at];
    if (found != null) {
      return found;
    }
    FoldedLocations made = make(locations);
    if (4 * (used + 1) > 3 * table.length) {
      rebuild();
      at = slot(locations, table.length - 1);
    }
    table[at] = made;
    youngest.put(locations.hashCode(), made);
    used++;
    return made;
  }

  /** Adapters of one layer mostly have equal places, each its own object. */
  private FoldedLocations make(SpectralLocations locations) {
    FoldedLocations entry = youngest.get(locations.hashCode());
    SpectralLocations places = entry == null ? null : entry.get();
    if (entry != null && places != null && places.equals(locations)) {
      return entry.sharedWith(locations);
    }
    return new FoldedLocations(locations);
  }

  /** Forgets everything. */
  public synchronized void clear() {
    Arrays.fill(table, null);
    youngest.clear();
    used = 0;
  }

  private int slot(SpectralLocations locations, int mask) {
    int at = System.identityHashCode(locations) & mask;
    while (true) {
      FoldedLocations entry = table[at];
      if (entry == null || entry.refersTo(locations)) {
        return at;
      }
      at = (at + 1) & mask;
    }
  }

  private void rebuild() {
    @Nullable FoldedLocations[] old = table;
    int alive = 0;
    for (FoldedLocations entry : old) {
      if (entry != null && !entry.refersTo(null)) {
        alive++;
      }
    }
    int size = 64;
    while (size < 4 * (alive + 1)) {
      size *= 2;
    }
    table = new @Nullable FoldedLocations[size];
    used = 0;
    for (FoldedLocations entry : old) {
      SpectralLocations places = entry == null ? null : entry.get();
      if (entry != null && places != null) {
        table[slot(places, size - 1)] = entry;
        used++;
      }
    }
    youngest.values().removeIf(entry -> entry.refersTo(null));
  }
}
