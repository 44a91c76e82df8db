package io.fourierft;

import java.util.Arrays;

/**
 * The first values of {@code torch.randperm(elements, generator)} on the CPU, without the rest
 * (aten/src/ATen/native/TensorFactories.cpp, {@code randperm_cpu}).
 */
final class TorchRandperm {
  /** The most slots that are drawn, so that half of {@link #forward}'s table stays empty. */
  static final int MOST_PLACES = 1 << 29;

  private TorchRandperm() {}

  /** Bytes of heap that {@link #forward} takes for n slots. */
  static long forwardBytes(int n) {
    return insideOutBytes(n) + 2L * Long.BYTES * DisplacedSlots.capacity(n);
  }

  /** Bytes of heap that {@link #insideOut} takes for n slots. */
  static long insideOutBytes(int n) {
    return (long) Long.BYTES * n;
  }

  /**
   * Forward Fisher-Yates, 32-bit draws: step i swaps slot i with slot {@code i + draw % (elements -
   * i)}. Only slots that were swapped away from are remembered.
   */
  static long[] forward(long elements, int n, long seed) {
    MersenneTwister random = new MersenneTwister((int) seed);
    DisplacedSlots displaced = new DisplacedSlots(n);
    long[] first = new long[n];
    for (int i = 0; i < n; i++) {
      // The last slot of a whole permutation is what is left, without a draw; % 1 gives the same.
      long draw = Integer.toUnsignedLong(random.next32());
      long chosen = i + draw % (elements - i);
      first[i] = displaced.swapOut(i, chosen);
    }
    return first;
  }

  /**
   * Inside-out Fisher-Yates, 64-bit draws: step i moves slot {@code z = draw % (i + 1)} to slot i
   * and puts i in its place. Slots below n are never filled from slots at or above n, so n slots
   * are enough, but every step draws.
   */
  static long[] insideOut(long elements, int n, long seed) {
    MersenneTwister random = new MersenneTwister((int) seed);
    long[] slots = new long[n];
    for (int i = 0; i < n; i++) {
      int z = (int) Long.remainderUnsigned(random.next64(), i + 1L);
      slots[i] = slots[z];
      slots[z] = i;
    }
    for (long i = n; i < elements; i++) {
      long z = Long.remainderUnsigned(random.next64(), i + 1);
      if (z < n) {
        slots[(int) z] = i;
      }
    }
    return slots;
  }

  /** An open-addressing map from slot to the value that was swapped into it; absent: the slot. */
  private static final class DisplacedSlots {
    private static final long EMPTY = -1;

    private final long[] slots;
    private final long[] values;
    private final int mask;

    DisplacedSlots(int n) {
      int capacity = capacity(n);
      slots = new long[capacity];
      values = new long[capacity];
      mask = capacity - 1;
      Arrays.fill(slots, EMPTY);
    }

    /** At most n entries; a table at least twice as large keeps the probes short. */
    static int capacity(int n) {
      return Integer.highestOneBit(Math.max(8, Math.min(n, 1 << 28))) << 2;
    }

    /** The value at {@code chosen}, after the value at {@code current} was put there instead. */
    long swapOut(long current, long chosen) {
      int at = find(current);
      long currentValue = slots[at] == EMPTY ? current : values[at];
      if (chosen == current) {
        return currentValue;
      }
      int there = find(chosen);
      long chosenValue = slots[there] == EMPTY ? chosen : values[there];
      slots[there] = chosen;
      values[there] = currentValue;
      return chosenValue;
    }

    private int find(long slot) {
      int at = (int) ((slot * 0x9E3779B97F4A7C15L) >>> 32) & mask;
      while (slots[at] != EMPTY && slots[at] != slot) {
        at = at + 1 & mask;
      }
      return at;
    }
  }
}
