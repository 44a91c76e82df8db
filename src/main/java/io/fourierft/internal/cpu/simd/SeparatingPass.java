package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

/**
 * The last pass of a forward real transform of even length, and after it, in the same registers,
 * the step from the transform Z of the packed numbers to the half spectrum X. That step combines
 * elements v and half − v, which the butterflies q and s − q give: two of them are done at a time.
 * Immutable.
 */
abstract sealed class SeparatingPass implements RealPass permits Separating2Pass, Separating4Pass {
  final int s;

  /** {@code e^{2πi·v/length} / 2}, v up to a quarter of the length. */
  final float[] roots;

  /** A pass for half the real length, a multiple of the radix. */
  SeparatingPass(int radix, int half) {
    this.s = half / radix;
    this.roots = RealLaneFft.quarter(2 * half);
    for (int i = 0; i < roots.length; i++) {
      roots[i] *= 0.5f;
    }
  }

  /**
   * From transforms of as many elements as the radix says, {@link #s} apart, to the half spectrum.
   *
   * @param in {@code half} elements
   * @param out {@code half + 1} elements
   */
  @Override
  public final void run(float[] in, int inAt, float[] out, int outAt) {
    turn(in, inAt, out, outAt);
    both(in, inAt, out, outAt, out, outAt, outAt + s * WIDTH, 0);
    for (int q = 1; 2 * q <= s; q++) {
      int low = q * WIDTH;
      int high = (s - q) * WIDTH;
      both(in, inAt + low, in, inAt + high, out, outAt + low, outAt + high, q);
    }
  }

  /**
   * The elements of butterfly 0, turned so that their transform is its own, one element on, as if
   * there were a butterfly s; put where butterfly 0 will write.
   */
  abstract void turn(float[] in, int inAt, float[] out, int outAt);

  /** Butterfly q, from the elements at i to those at o, and s − q, from j in other to u. */
  abstract void both(float[] in, int i, float[] other, int j, float[] out, int o, int u, int q);
}
