package io.fourierft;

/** mt19937 with the 32-bit initialisation, as torch's CPU generator (Matsumoto, Nishimura 1998). */
final class MersenneTwister {
  private static final int SIZE = 624;
  private static final int SHIFT = 397;

  private final int[] state = new int[SIZE];
  private int next = SIZE;

  MersenneTwister(int seed) {
    state[0] = seed;
    for (int i = 1; i < SIZE; i++) {
      int previous = state[i - 1];
      state[i] = 1812433253 * (previous ^ previous >>> 30) + i;
    }
  }

  /** The next 32 random bits. */
  int next32() {
    if (next == SIZE) {
      twist();
    }
    int y = state[next++];
    y ^= y >>> 11;
    y ^= y << 7 & 0x9d2c5680;
    y ^= y << 15 & 0xefc60000;
    return y ^ y >>> 18;
  }

  /** Two draws, the first the high word. */
  long next64() {
    long high = next32();
    return high << 32 | Integer.toUnsignedLong(next32());
  }

  private void twist() {
    for (int i = 0; i < SIZE; i++) {
      int following = i + 1 == SIZE ? 0 : i + 1;
      int mixed = (state[i] & 0x80000000) | (state[following] & 0x7fffffff);
      int far = i + SHIFT < SIZE ? i + SHIFT : i + SHIFT - SIZE;
      state[i] = state[far] ^ mixed >>> 1 ^ ((mixed & 1) == 0 ? 0 : 0x9908b0df);
    }
    next = 0;
  }
}
