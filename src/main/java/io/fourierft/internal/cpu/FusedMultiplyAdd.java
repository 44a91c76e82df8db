package io.fourierft.internal.cpu;

import java.util.Locale;

/** Whether {@link Math#fma(float, float, float)} is an instruction of this machine. */
final class FusedMultiplyAdd {
  /** Without the instruction it is computed exactly, in software, a hundred times slower. */
  static final boolean IS_FAST =
      System.getProperty("os.arch", "").toLowerCase(Locale.ROOT).equals("aarch64")
          || nanoseconds() < 200;

  private static final int CALLS = 64;
  private static final int ROUNDS = 5;

  private FusedMultiplyAdd() {}

  /** {@code a·b + c}, rounded once where that is an instruction, else twice. */
  static float multiplyAdd(float a, float b, float c) {
    return IS_FAST ? Math.fma(a, b, c) : a * b + c;
  }

  /** Of one call, interpreted: 10 to 40 with the instruction, more than 500 without. */
  private static double nanoseconds() {
    long least = Long.MAX_VALUE;
    float value = 0.1f;
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < CALLS; i++) {
        value = Math.fma(value, 0.5f, 0.25f);
      }
      least = Math.min(least, System.nanoTime() - start);
    }
    // The value is used, so that no compiler leaves the calls out.
    return value > 1 ? Double.NaN : (double) least / CALLS;
  }
}
