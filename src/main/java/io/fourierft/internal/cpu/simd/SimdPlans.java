package io.fourierft.internal.cpu.simd;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The plans and tables of the lengths in use, shared by all threads; of each kind the {@value
 * #LIMIT} used last are kept. Thread-safe.
 */
final class SimdPlans {
  private static final int LIMIT = 32;

  private final Cache<RealLaneFft> real = new Cache<>(RealLaneFft::of);
  private final Cache<RealSingleFft> single = new Cache<>(RealSingleFft::new);
  private final Cache<LaneFft> complex = new Cache<>(LaneFft::of);
  private final Cache<PhaseTable> phases = new Cache<>(PhaseTable::new);

  /** Real transforms of a length, one a lane. */
  RealLaneFft real(int length) {
    return real.get(length);
  }

  /** Real transforms of a length, one at a time. */
  RealSingleFft single(int length) {
    return single.get(length);
  }

  /** Complex transforms of a length, one a lane. */
  LaneFft complex(int length) {
    return complex.get(length);
  }

  /** Roots of unity of an order. */
  PhaseTable phases(int n) {
    return phases.get(n);
  }

  private static final class Cache<T> {
    private final IntFunction<T> maker;
    // The one used last comes first. Lengths stand apart, so that none is boxed for a look-up.
    private final int[] lengths = new int[LIMIT];
    private final List<T> entries = new ArrayList<>(LIMIT);

    Cache(IntFunction<T> maker) {
      this.maker = maker;
    }

    synchronized T get(int length) {
      for (int i = 0; i < entries.size(); i++) {
        if (lengths[i] == length) {
          T found = entries.get(i);
          if (i > 0) {
            entries.remove(i);
            putFirst(length, found, i);
          }
          return found;
        }
      }
      T made = maker.apply(length);
      if (entries.size() == LIMIT) {
        entries.removeLast();
      }
      putFirst(length, made, entries.size());
      return made;
    }

    /** Moves the {@code before} entries that were used later one place down. */
    private void putFirst(int length, T entry, int before) {
      System.arraycopy(lengths, 0, lengths, 1, before);
      lengths[0] = length;
      entries.addFirst(entry);
    }
  }
}
