package io.fourierft.internal.cpu;

import io.fourierft.internal.definition.RootsOfUnity;
import org.jtransforms.fft.DoubleFFT_1D;

/**
 * What makes a convolution of a transform of any length (Bluestein 1970): {@code jk = (j² + k² − (k
 * − j)²)/2}, so that with the chirp {@code w_j = e^{iπ·j²/n}}, {@code X[k] = w_k · Σ_j
 * (x[j]·w_j)·conj(w_{k-j})}, and a transform of a quick length of at least 2n − 1, the product with
 * the filter, and another transform compute the sum. The chirp is exact fractions of a turn, the
 * filter is computed in double; both are rounded once. Immutable.
 */
public final class Chirp {
  private final float[] turns;
  private final float[] filter;

  /**
   * The chirp of a transform.
   *
   * @param length of the transform
   * @param convolutionLength of those that do it, at least {@code 2·length − 1}
   */
  public Chirp(int length, int convolutionLength) {
    turns = new float[2 * length];
    double[] conjugate = new double[2 * convolutionLength];
    for (int j = 0; j < length; j++) {
      long square = (long) j * j % (2L * length);
      double re = RootsOfUnity.cosine(square, 2L * length);
      double im = RootsOfUnity.sine(square, 2L * length);
      turns[2 * j] = (float) re;
      turns[2 * j + 1] = (float) im;
      int mirror = j == 0 ? 0 : convolutionLength - j;
      conjugate[2 * j] = re / convolutionLength;
      conjugate[2 * j + 1] = -im / convolutionLength;
      conjugate[2 * mirror] = re / convolutionLength;
      conjugate[2 * mirror + 1] = -im / convolutionLength;
    }
    new DoubleFFT_1D(convolutionLength).complexInverse(conjugate, false);
    filter = new float[2 * convolutionLength];
    for (int k = 0; k < filter.length; k++) {
      filter[k] = (float) conjugate[k];
    }
  }

  /** {@code w_j} at {@code [2j]} and {@code [2j + 1]}. Not for writing. */
  public float[] turns() {
    return turns;
  }

  /**
   * The transform of {@code conj(w_j)}, over the length of the convolution so that two transforms
   * need no other factor; interleaved as the turns. Not for writing.
   */
  public float[] filter() {
    return filter;
  }
}
