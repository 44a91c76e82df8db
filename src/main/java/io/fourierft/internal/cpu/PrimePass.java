package io.fourierft.internal.cpu;

import io.fourierft.internal.definition.RootsOfUnity;
import java.util.Arrays;

/**
 * Transforms of an odd number of pages by their sums: element k and element {@code radix − k} are
 * added and subtracted first, then every bin pair is one sum with cosines and one with sines. For
 * primes it takes less time than a convolution up to about {@link #MOST}.
 */
final class PrimePass {
  /** The largest radix that is summed. */
  static final int MOST = 127;

  private final int radix;
  private final int half;
  // The first row is that of bin 0, ones.
  private final float[] cosines;
  private final float[] sines;
  private final float[][] sums;
  private final float[][] differences;
  private final SignalPages cosineSums = new SignalPages();
  private final SignalPages sineSums = new SignalPages();

  PrimePass(int radix) {
    this.radix = radix;
    half = radix / 2;
    cosines = new float[(half + 1) * half];
    sines = new float[half * half];
    for (int k = 0; k < half; k++) {
      cosines[k] = 1;
      for (int m = 0; m < half; m++) {
        long turn = (k + 1L) * (m + 1);
        cosines[(m + 1) * half + k] = (float) RootsOfUnity.cosine(turn, radix);
        sines[m * half + k] = (float) RootsOfUnity.sine(turn, radix);
      }
    }
    sums = new float[half][];
    differences = new float[half][];
  }

  /** Transforms pages {@code first + k·step}, {@code k < radix}, in place. */
  void transform(SignalPages pages, int first, int step, int count) {
    cosineSums.reserve(half + 1, count);
    sineSums.reserve(half, count);
    float[][] re = pages.re();
    float[][] im = pages.im();
    for (int k = 1; k <= half; k++) {
      int a = first + k * step;
      int b = first + (radix - k) * step;
      PageLoops.sumAndDifference(re[a], im[a], re[b], im[b], count);
    }
    add(re, first, step, cosineSums.re(), sineSums.re(), count);
    add(im, first, step, cosineSums.im(), sineSums.im(), count);
    System.arraycopy(cosineSums.re()[0], 0, re[first], 0, count);
    System.arraycopy(cosineSums.im()[0], 0, im[first], 0, count);
    for (int m = 1; m <= half; m++) {
      int a = first + m * step;
      int b = first + (radix - m) * step;
      PageLoops.sumAndDifferenceTurned(
          cosineSums.re()[m],
          cosineSums.im()[m],
          sineSums.re()[m - 1],
          sineSums.im()[m - 1],
          re[a],
          im[a],
          re[b],
          im[b],
          count);
    }
  }

  private void add(
      float[][] part, int first, int step, float[][] cosineSum, float[][] sineSum, int count) {
    for (int k = 0; k < half; k++) {
      sums[k] = part[first + (k + 1) * step];
      differences[k] = part[first + (radix - 1 - k) * step];
    }
    for (int m = 0; m <= half; m++) {
      System.arraycopy(part[first], 0, cosineSum[m], 0, count);
    }
    for (int m = 0; m < half; m++) {
      Arrays.fill(sineSum[m], 0, count, 0);
    }
    FusedRows.add(cosines, 0, half, sums, half, cosineSum, half + 1, count);
    FusedRows.add(sines, 0, half, differences, half, sineSum, half, count);
  }
}
