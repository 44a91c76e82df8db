package io.fourierft.internal.cpu;

import io.fourierft.internal.definition.RootsOfUnity;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Complex transforms of one length with the sign e^{+i}, of many signals side by side, in place, in
 * plain Java that the compiler turns into vector instructions. Passes by 4, 2, 3, 5 and other small
 * primes, each over the whole length and then depth first, so that what is worked on soon fits the
 * cache; what large primes leave of the length is a {@link PageConvolution}. For one thread at a
 * time.
 */
final class PageFft {
  private final int length;
  private final int[] radices;
  // For each pass the factors of elements 1 to radix − 1 of every butterfly, interleaved.
  private final float[][] turns;
  private final PrimePass[] primes;
  private final @Nullable PageConvolution rest;
  private final int[] places;

  PageFft(int length) {
    this.length = length;
    List<Integer> found = new ArrayList<>();
    int left = split(length, found);
    radices = found.stream().mapToInt(Integer::intValue).toArray();
    rest = left == 1 ? null : new PageConvolution(left);
    turns = new float[radices.length][];
    primes = new PrimePass[radices.length];
    int size = length;
    for (int level = 0; level < radices.length; level++) {
      int radix = radices[level];
      turns[level] = turns(size, radix);
      if (radix > 5) {
        primes[level] = new PrimePass(radix);
      }
      size /= radix;
    }
    places = new int[length];
    place(0, 0, length, 0, 1);
  }

  /** Adds the radices, and returns what they leave of the length. */
  private static int split(int length, List<Integer> radices) {
    int left = length;
    for (int prime = 3; prime <= PrimePass.MOST; prime += 2) {
      while (left % prime == 0) {
        radices.addFirst(prime);
        left /= prime;
      }
    }
    while (left % 4 == 0) {
      radices.add(4);
      left /= 4;
    }
    if (left % 2 == 0) {
      radices.add(2);
      left /= 2;
    }
    return left;
  }

  /** The least length from this one on that takes little time: 1, 3 or 9 times a power of two. */
  static int quickLength(int atLeast) {
    int quickest = Integer.MAX_VALUE;
    for (int odd = 1; odd <= 9; odd *= 3) {
      int length = odd;
      while (length < atLeast) {
        length = Math.multiplyExact(2, length);
      }
      quickest = Math.min(quickest, length);
    }
    return quickest;
  }

  private static float[] turns(int size, int radix) {
    int butterflies = size / radix;
    float[] factors = new float[2 * butterflies * (radix - 1)];
    int at = 0;
    for (int j = 0; j < butterflies; j++) {
      for (int k = 1; k < radix; k++) {
        factors[at++] = (float) RootsOfUnity.cosine((long) j * k, size);
        factors[at++] = (float) RootsOfUnity.sine((long) j * k, size);
      }
    }
    return factors;
  }

  /** Bins {@code bin, bin + step, ...} come out of the pages from {@code first} on. */
  private void place(int level, int first, int size, int bin, int step) {
    if (level == radices.length) {
      for (int t = 0; t < size; t++) {
        places[bin + t * step] = first + t;
      }
      return;
    }
    int radix = radices[level];
    for (int k = 0; k < radix; k++) {
      place(level + 1, first + k * (size / radix), size / radix, bin + k * step, step * radix);
    }
  }

  int length() {
    return length;
  }

  /** The page in which a bin stands after the transform. */
  int page(int bin) {
    return places[bin];
  }

  /** Transforms the first {@link #length} pages; bins come out at {@link #page}. */
  void transform(SignalPages pages, int signals) {
    transform(pages, 0, 0, length, signals);
  }

  private void transform(SignalPages pages, int level, int first, int size, int signals) {
    if (level == radices.length) {
      if (rest != null) {
        rest.transform(pages, first, signals);
      }
      return;
    }
    int radix = radices[level];
    int step = size / radix;
    for (int j = 0; j < step; j++) {
      butterfly(pages, level, first, step, j, signals);
    }
    if (step > 1) {
      for (int k = 0; k < radix; k++) {
        transform(pages, level + 1, first + k * step, step, signals);
      }
    }
  }

  /** Butterfly j of a level, whose elements are {@code step} apart. */
  private void butterfly(SignalPages pages, int level, int first, int step, int j, int signals) {
    float[][] re = pages.re();
    float[][] im = pages.im();
    float[] factors = turns[level];
    int radix = radices[level];
    int a = first + j;
    switch (radix) {
      case 2 -> radix2(re, im, a, a + step, factors, j, signals);
      case 3 -> radix3(re, im, a, step, signals);
      case 4 -> radix4(re, im, a, step, signals);
      case 5 -> radix5(re, im, a, step, signals);
      default -> primes[level].transform(pages, a, step, signals);
    }
    if (j > 0 && radix > 2) {
      turn(re, im, a + step, step, radix - 1, factors, 2 * j * (radix - 1), signals);
    }
  }

  /** Pages that are {@code step} apart times a factor each. */
  private static void turn(
      float[][] re,
      float[][] im,
      int first,
      int step,
      int number,
      float[] factors,
      int at,
      int signals) {
    int k = 0;
    for (; k + 3 <= number; k += 3) {
      int a = first + k * step;
      int b = a + step;
      int c = b + step;
      PageLoops.turnThree(re[a], im[a], re[b], im[b], re[c], im[c], factors, at + 2 * k, signals);
    }
    for (; k < number; k++) {
      int page = first + k * step;
      float c = factors[at + 2 * k];
      float s = factors[at + 2 * k + 1];
      PageLoops.turn(re[page], im[page], c, s, re[page], im[page], signals);
    }
  }

  private static void radix2(
      float[][] re, float[][] im, int a, int b, float[] factors, int j, int signals) {
    if (j == 0) {
      PageLoops.sumAndDifference(re[a], im[a], re[b], im[b], signals);
    } else {
      PageLoops.radix2(re[a], im[a], re[b], im[b], factors[2 * j], factors[2 * j + 1], signals);
    }
  }

  private static void radix3(float[][] re, float[][] im, int a, int step, int signals) {
    int b = a + step;
    int c = b + step;
    PageLoops.radix3(re[a], im[a], re[b], im[b], re[c], im[c], signals);
  }

  private static void radix4(float[][] re, float[][] im, int a, int step, int signals) {
    int b = a + step;
    int c = b + step;
    int d = c + step;
    PageLoops.radix4(re[a], im[a], re[b], im[b], re[c], im[c], re[d], im[d], signals);
  }

  private static void radix5(float[][] re, float[][] im, int a, int step, int signals) {
    int b = a + step;
    int c = b + step;
    int d = c + step;
    int e = d + step;
    PageLoops.sumAndDifference(re[b], im[b], re[e], im[e], signals);
    PageLoops.sumAndDifference(re[c], im[c], re[d], im[d], signals);
    PageLoops.cosines5(re[a], re[b], re[c], signals);
    PageLoops.cosines5(im[a], im[b], im[c], signals);
    PageLoops.sines5(re[e], re[d], signals);
    PageLoops.sines5(im[e], im[d], signals);
    turnedSum(re, im, b, e, signals);
    turnedSum(re, im, c, d, signals);
  }

  private static void turnedSum(float[][] re, float[][] im, int a, int b, int signals) {
    PageLoops.sumAndDifferenceTurned(
        re[a], im[a], re[b], im[b], re[a], im[a], re[b], im[b], signals);
  }
}
