package io.fourierft.internal.cpu.simd;

import io.fourierft.internal.definition.RootsOfUnity;

/**
 * One pass of a Stockham transform (decimation in frequency, sign +) on a block in lane layout.
 *
 * <p>A pass of radix r works on sub-transforms of length {@code n = r·m} that stand {@code s}
 * elements apart: for p below m and q below s, with {@code ω_n = e^{+2πi/n}},
 *
 * <pre>  out[q + s·(r·p + k)] = ω_n^{p·k} · Σ_t in[q + s·(p + m·t)] · ω_r^{t·k},   k = 0 .. r-1
 * </pre>
 *
 * after which the sub-transforms have length m and stand {@code s·r} apart. Passes until the length
 * is 1 leave the transform in its natural order. Immutable.
 */
interface FftPass {
  /**
   * Runs the pass.
   *
   * @param inAt index of the first float of the block in {@code in}
   * @param outAt the same in {@code out}; the two blocks must not overlap
   * @param scratch at least {@link #scratchFloats} floats, used by this call alone
   */
  void run(float[] in, int inAt, float[] out, int outAt, float[] scratch);

  /** Floats of scratch memory that a run needs. */
  default int scratchFloats() {
    return 0;
  }

  /**
   * The twiddle factors {@code ω_n^{p·k}}, k = 1 .. radix-1, for p = 0, 1, ..: real and imaginary
   * part of each in turn.
   */
  static float[] twiddles(int radix, int m) {
    float[] table = new float[2 * (radix - 1) * m];
    int at = 0;
    for (int p = 0; p < m; p++) {
      for (int k = 1; k < radix; k++) {
        table[at++] = (float) RootsOfUnity.cosine((long) p * k, (long) radix * m);
        table[at++] = (float) RootsOfUnity.sine((long) p * k, (long) radix * m);
      }
    }
    return table;
  }
}
