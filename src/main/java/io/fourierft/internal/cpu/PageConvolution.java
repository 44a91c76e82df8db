package io.fourierft.internal.cpu;

import java.util.Arrays;

/**
 * Transforms of any length by Bluestein's algorithm ({@link Chirp}), in pages. For one thread at a
 * time.
 */
final class PageConvolution {
  private final int length;
  private final PageFft fft;
  private final float[] chirp;
  private final float[] kernel;
  private final SignalPages scratch = new SignalPages();
  private final float[][] spare;

  PageConvolution(int length) {
    this.length = length;
    int longer = PageFft.quickLength(2 * length - 1);
    fft = new PageFft(longer);
    spare = new float[longer][];
    Chirp made = new Chirp(length, longer);
    chirp = made.turns();
    kernel = made.filter();
  }

  /** Transforms pages {@code first} to {@code first + length − 1}; bins come out in order. */
  void transform(SignalPages pages, int first, int signals) {
    int longer = fft.length();
    scratch.reserve(longer, signals);
    float[][] re = scratch.re();
    float[][] im = scratch.im();
    for (int j = 0; j < length; j++) {
      PageLoops.turn(
          pages.re()[first + j],
          pages.im()[first + j],
          chirp[2 * j],
          chirp[2 * j + 1],
          re[j],
          im[j],
          signals);
    }
    for (int j = length; j < longer; j++) {
      Arrays.fill(re[j], 0, signals, 0);
      Arrays.fill(im[j], 0, signals, 0);
    }
    fft.transform(scratch, signals);
    for (int k = 0; k < longer; k++) {
      int page = fft.page(k);
      float[] a = re[page];
      float[] b = im[page];
      PageLoops.turn(a, b, kernel[2 * k], kernel[2 * k + 1], a, b, signals);
    }
    // The inverse is the same transform with the parts exchanged, and takes its pages in order.
    sort(re);
    sort(im);
    scratch.exchangeParts();
    fft.transform(scratch, signals);
    scratch.exchangeParts();
    for (int k = 0; k < length; k++) {
      int page = fft.page(k);
      PageLoops.turn(
          re[page],
          im[page],
          chirp[2 * k],
          chirp[2 * k + 1],
          pages.re()[first + k],
          pages.im()[first + k],
          signals);
    }
  }

  private void sort(float[][] part) {
    for (int k = 0; k < spare.length; k++) {
      spare[k] = part[fft.page(k)];
    }
    System.arraycopy(spare, 0, part, 0, spare.length);
  }
}
