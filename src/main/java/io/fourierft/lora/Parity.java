package io.fourierft.lora;

import io.fourierft.internal.definition.HalfSpectrum;
import io.fourierft.internal.definition.RootsOfUnity;

/**
 * The two real halves of the Fourier basis of a length L: cosines, which are even, and sines, which
 * are odd. Each has one vector of norm 1 for a bin b, 0 to L/2: {@code √(2/L)·cos(2πb·p/L)} and
 * {@code √(2/L)·sin(2πb·p/L)}; of the bins 0 and L/2, which are their own mirror images, the cosine
 * has the factor {@code √(1/L)} and the sine is zero.
 */
enum Parity {
  EVEN,
  ODD;

  /** The cosines or sines of all multiples of a turn's L-th part. */
  double[] table(int length) {
    double[] table = new double[length];
    for (int j = 0; j < length; j++) {
      table[j] = this == EVEN ? RootsOfUnity.cosine(j, length) : RootsOfUnity.sine(j, length);
    }
    return table;
  }

  /** What the basis vector of a bin has before its cosine or sine. */
  static double factor(int bin, int length) {
    return Math.sqrt((HalfSpectrum.isSelfConjugate(bin, length) ? 1.0 : 2.0) / length);
  }
}
