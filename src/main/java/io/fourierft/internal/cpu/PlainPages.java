package io.fourierft.internal.cpu;

import java.util.Arrays;

/**
 * Scratch memory of the plain products, in pages: arrays of their own, so that a loop over several
 * of them runs with one index. Only then does the compiler know that what is written is not what is
 * read, and makes vector instructions of it. For one thread at a time.
 */
final class PlainPages {
  /** Most numbers in a page. */
  static final int PAGE = 512;

  /**
   * With the sixteen bytes of its header an array of so many takes 33 cache lines: so all of them
   * lie alike in their lines, and those of neighbours do not want the same places of the cache.
   */
  private static final int LENGTH = PAGE + 12;

  private float[][] lines = {};
  private float[][] rows = {};
  private float[][] sums = {};
  private float[][] totals = {};

  /** At least so many pages for the matrix as it stands, contents arbitrary. */
  float[][] lines(int count) {
    lines = atLeast(lines, count);
    return lines;
  }

  /** At least so many pages for rows that tokens weight, contents arbitrary. */
  float[][] rows(int count) {
    rows = atLeast(rows, count);
    return rows;
  }

  /** At least so many pages for sums, contents arbitrary. */
  float[][] sums(int count) {
    sums = atLeast(sums, count);
    return sums;
  }

  /** At least so many pages for totals of sums, contents arbitrary. */
  float[][] totals(int count) {
    totals = atLeast(totals, count);
    return totals;
  }

  /** {@code pages}, or a longer array with the same pages and more. */
  static float[][] atLeast(float[][] pages, int count) {
    if (pages.length >= count) {
      return pages;
    }
    float[][] more = Arrays.copyOf(pages, count);
    for (int i = pages.length; i < count; i++) {
      more[i] = new float[LENGTH];
    }
    return more;
  }
}
