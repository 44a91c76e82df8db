package io.fourierft.internal.cpu;

import io.fourierft.SpectralLocations;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The indices of the places in use, found by identity and held no longer than the places
 * themselves; equal places share them. At most {@value #LIMIT} are kept; then all are forgotten and
 * made again as they are asked for. Thread-safe; a hit allocates nothing.
 */
public final class FoldedLocationsCache {
  private static final int LIMIT = 4096;

  // Open addressing with linear probing. Entries whose places are gone stay until the table, which
  // is at most three quarters full, is rebuilt.
  private @Nullable FoldedLocations[] table = new @Nullable FoldedLocations[64];
  private int used;

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
    used++;
    return made;
  }

  /** Adapters of one layer mostly have equal places, each its own object. */
  private FoldedLocations make(SpectralLocations locations) {
    for (FoldedLocations entry : table) {
      SpectralLocations places = entry == null ? null : entry.get();
      if (entry != null && places != null && places.equals(locations)) {
        return entry.sharedWith(locations);
      }
    }
    return new FoldedLocations(locations);
  }

  /** Forgets everything. */
  public synchronized void clear() {
    Arrays.fill(table, null);
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
    if (alive >= LIMIT) {
      clear();
      return;
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
  }
}
