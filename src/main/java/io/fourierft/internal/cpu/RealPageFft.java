package io.fourierft.internal.cpu;

import io.fourierft.internal.definition.HalfSpectrum;
import io.fourierft.internal.definition.RootsOfUnity;
import java.util.Arrays;

/**
 * Transforms of real signals of one length, many side by side, unscaled, with the sign e^{+i}. A
 * signal of even length is a complex one of half the length; of those of odd length two are the
 * real and the imaginary part of one. So the signals come in one part or in two: signal s of part 0
 * is in place s, signal {@link #places} + s is in place s of part 1. For one thread at a time.
 */
final class RealPageFft {
  private final int length;
  private final boolean even;
  private final PageFft fft;
  // e^{2πi·v/length}, interleaved, for v < length/4.
  private final float[] roots;

  RealPageFft(int length) {
    this.length = length;
    even = length % 2 == 0;
    fft = new PageFft(even ? length / 2 : length);
    int quarter = even ? length / 4 + 1 : 0;
    roots = new float[2 * quarter];
    for (int v = 0; v < quarter; v++) {
      roots[2 * v] = (float) RootsOfUnity.cosine(v, length);
      roots[2 * v + 1] = (float) RootsOfUnity.sine(v, length);
    }
  }

  int length() {
    return length;
  }

  /** Parts in which the signals come, 1 or 2. */
  int parts() {
    return even ? 1 : 2;
  }

  /** Places that so many signals take. */
  int places(int signals) {
    return even ? signals : (signals + 1) / 2;
  }

  /** Most signals of a length that are worth being transformed together. */
  static int most(int length) {
    return length % 2 == 0 ? SignalPages.most(length / 2) : 2 * SignalPages.most(length);
  }

  /** Pages that the transforms work on. */
  int pages() {
    return fft.length() + 1;
  }

  /** The page in which bin v of a part stands before {@link #inverse}. */
  int bin(int part, int v) {
    return part == 0 ? v : length - v;
  }

  /** The page in which bin v of a part stands after {@link #forward}. */
  int transformedBin(int part, int v) {
    if (part == 0) {
      return 2 * v == length ? fft.length() : fft.page(v);
    }
    return v == 0 ? length : fft.page(length - v);
  }

  /** The array with element q of a part's signals before {@link #forward}. */
  float[] element(SignalPages pages, int part, int q) {
    if (even) {
      return q % 2 == 0 ? pages.re()[q / 2] : pages.im()[q / 2];
    }
    return part == 0 ? pages.re()[q] : pages.im()[q];
  }

  /** The array with element q of a part's signals after {@link #inverse}. */
  float[] transformedElement(SignalPages pages, int part, int q) {
    if (even) {
      int page = fft.page(q / 2);
      return q % 2 == 0 ? pages.re()[page] : pages.im()[page];
    }
    int page = fft.page(q);
    return part == 0 ? pages.re()[page] : pages.im()[page];
  }

  /**
   * {@code a[q] = H[0] + 2·Re Σ_{0<v<length/2} H[v]·e^{+2πi·v·q/length} + H[length/2]·±1}; the
   * imaginary parts of bins that are their own conjugates are ignored.
   */
  void inverse(SignalPages pages, int places) {
    float[][] re = pages.re();
    float[][] im = pages.im();
    int half = fft.length();
    if (!even) {
      for (int v = 1; 2 * v < length; v++) {
        PageLoops.pair(re[v], im[v], re[length - v], im[length - v], places);
      }
      System.arraycopy(re[length], 0, im[0], 0, places);
    } else {
      Arrays.fill(im[0], 0, places, 0);
      Arrays.fill(im[half], 0, places, 0);
      // i·e^{iθ}, and at v = 0 i: (a + b) + i·(a − b).
      for (int v = 0; 2 * v < half; v++) {
        float c = roots[2 * v];
        float s = roots[2 * v + 1];
        int w = half - v;
        PageLoops.fold(re[v], im[v], re[w], im[w], 1, -s, c, places);
      }
      if (half % 2 == 0) {
        PageLoops.scale(re[half / 2], 2, places);
        PageLoops.scale(im[half / 2], -2, places);
      }
    }
    fft.transform(pages, places);
  }

  /** {@code X[v] = Σ_q a[q]·e^{+2πi·v·q/length}} for v up to length/2. */
  void forward(SignalPages pages, int places) {
    fft.transform(pages, places);
    float[][] re = pages.re();
    float[][] im = pages.im();
    int half = fft.length();
    int zero = fft.page(0);
    if (!even) {
      for (int v = 1; 2 * v < length; v++) {
        int a = fft.page(v);
        int b = fft.page(length - v);
        PageLoops.unpair(re[a], im[a], re[b], im[b], places);
      }
      System.arraycopy(im[zero], 0, re[length], 0, places);
      Arrays.fill(im[length], 0, places, 0);
      Arrays.fill(im[zero], 0, places, 0);
      return;
    }
    for (int v = 1; 2 * v < half; v++) {
      int a = fft.page(v);
      int b = fft.page(half - v);
      float c = -0.5f * roots[2 * v];
      float s = -0.5f * roots[2 * v + 1];
      PageLoops.fold(re[a], im[a], re[b], im[b], 0.5f, -s, c, places);
    }
    System.arraycopy(im[zero], 0, re[half], 0, places);
    Arrays.fill(im[zero], 0, places, 0);
    Arrays.fill(im[half], 0, places, 0);
    // Of the sums of even and of odd elements: their sum, and their difference.
    PageLoops.sumAndDifference(re[zero], im[zero], re[half], im[half], places);
  }

  /** Whether the imaginary part of a bin is to be ignored. */
  boolean isSelfConjugate(int v) {
    return HalfSpectrum.isSelfConjugate(v, length);
  }
}
