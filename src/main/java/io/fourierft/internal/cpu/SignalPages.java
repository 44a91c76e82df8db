package io.fourierft.internal.cpu;

import java.util.Arrays;

/**
 * Many complex signals side by side: page v holds element v of all of them, real and imaginary
 * parts in an array each, signal l in place l. Loops over pages have one index and become vector
 * instructions, as those of {@link PlainPages} do. Scratch memory for one thread at a time.
 */
final class SignalPages {
  /** Most rows side by side. */
  static final int MOST = 124;

  /** Signals side by side where the signals are so long that more would leave every cache. */
  private static final int FEW = 28;

  /** Elements from which a signal is so long. */
  private static final int LONG = 1 << 14;

  /**
   * Lengths of the arrays. With the sixteen bytes of its header such an array takes whole cache
   * lines, so that all of them lie alike in them.
   */
  private static final int[] WIDTHS = {FEW, 44, 76, MOST, 140};

  private float[][] re = {};
  private float[][] im = {};
  private int width;

  /** How many signals of this length are worth being put side by side. */
  static int most(int length) {
    return length > LONG ? FEW : MOST;
  }

  /** Makes room; what the pages hold is undefined. */
  void reserve(int pages, int signals) {
    int newWidth = width(signals);
    if (newWidth > width) {
      re = new float[0][];
      im = new float[0][];
      width = newWidth;
    }
    int old = re.length;
    if (old < pages) {
      re = Arrays.copyOf(re, pages);
      im = Arrays.copyOf(im, pages);
      for (int i = old; i < pages; i++) {
        re[i] = new float[width];
        im[i] = new float[width];
      }
    }
  }

  private static int width(int signals) {
    for (int width : WIDTHS) {
      if (signals <= width) {
        return width;
      }
    }
    throw new IllegalArgumentException(signals + " signals do not fit in a page");
  }

  /** The real parts of every page. */
  float[][] re() {
    return re;
  }

  /** The imaginary parts of every page. */
  float[][] im() {
    return im;
  }

  /** Makes the real parts the imaginary ones, and the other way round. */
  void exchangeParts() {
    float[][] kept = re;
    re = im;
    im = kept;
  }

  /** Zeroes some pages. */
  void clear(int pages, int signals) {
    for (int i = 0; i < pages; i++) {
      Arrays.fill(re[i], 0, signals, 0);
      Arrays.fill(im[i], 0, signals, 0);
    }
  }
}
