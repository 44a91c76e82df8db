package io.fourierft.internal.cpu.simd;

import java.util.LinkedHashMap;
import java.util.Map;
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
    private final LinkedHashMap<Integer, T> entries = new LinkedHashMap<>(16, 0.75f, true);

    Cache(IntFunction<T> maker) {
      this.maker = maker;
    }

    synchronized T get(int length) {
      T found = entries.get(length);
      if (found == null) {
        found = maker.apply(length);
        entries.put(length, found);
        if (entries.size() > LIMIT) {
          Map.Entry<Integer, T> eldest = entries.firstEntry();
          entries.remove(eldest.getKey());
        }
      }
      return found;
    }
  }
}
