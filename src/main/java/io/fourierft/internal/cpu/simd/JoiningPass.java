package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import java.util.Arrays;

/**
 * The first pass of an inverse real transform of even length, and before it, in the same registers,
 * the step from the half spectrum X to the transform Z of the packed numbers. That step combines
 * elements v and half − v, which the butterflies p and m − p read: two of them are done at a time.
 * Immutable.
 */
abstract sealed class JoiningPass implements RealPass permits Joining2Pass, Joining4Pass {
  private final int radix;
  final int m;
  final float[] twiddles;

  /** {@code e^{2πi·v/length}}, v up to a quarter of the length. */
  final float[] roots;

  /** A pass for half the real length, a multiple of the radix. */
  JoiningPass(int radix, int half) {
    this.radix = radix;
    this.m = half / radix;
    this.twiddles = FftPass.twiddles(radix, m);
    this.roots = RealLaneFft.quarter(2 * half);
  }

  /**
   * From the half spectrum to sub-transforms that stand as many elements apart as the radix says.
   *
   * @param in {@code half + 1} elements; the imaginary parts of the first and the last become zero
   * @param out {@code half} elements
   */
  @Override
  public final void run(float[] in, int inAt, float[] out, int outAt) {
    int end = inAt + radix * m * WIDTH;
    Arrays.fill(in, inAt + COUNT, inAt + WIDTH, 0f);
    Arrays.fill(in, end + COUNT, end + WIDTH, 0f);
    for (int p = 0; 2 * p <= m; p++) {
      // Beside p = 0 there is no butterfly: what is written for it is overwritten at once.
      int mirror = p == 0 ? 0 : m - p;
      int low = outAt + radix * p * WIDTH;
      int high = outAt + radix * mirror * WIDTH;
      both(in, inAt + p * WIDTH, inAt + (m - p) * WIDTH, out, low, high, p, mirror);
    }
  }

  /** Butterfly {@code mirror}, from the elements at j to those at u, then p, from i to o. */
  abstract void both(float[] in, int i, int j, float[] out, int o, int u, int p, int mirror);
}
