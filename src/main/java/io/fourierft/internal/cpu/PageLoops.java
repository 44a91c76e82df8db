package io.fourierft.internal.cpu;

import static io.fourierft.internal.cpu.FusedMultiplyAdd.multiplyAdd;

/**
 * The loops of {@link PageFft} over the places of some pages. What they look like is asked for by
 * the compiler, which makes vector instructions of a loop only if it has at most some 50 operations
 * (so twiddle factors and butterflies are loops of their own) and if no value is an operand of two
 * operations of one kind that have different second operands (so a complex product is one
 * multiplication and one fused multiply-add for each part: {@code a·c} and {@code a·s + b·c} use a
 * in different ways, two multiplications would not).
 */
final class PageLoops {
  private PageLoops() {}

  /** Three pages times a factor each: {@code factors[at]} and the next, then the others' pairs. */
  static void turnThree(
      float[] ar,
      float[] ai,
      float[] br,
      float[] bi,
      float[] cr,
      float[] ci,
      float[] factors,
      int at,
      int count) {
    final float c1 = factors[at];
    final float s1 = factors[at + 1];
    final float c2 = factors[at + 2];
    final float s2 = factors[at + 3];
    final float c3 = factors[at + 4];
    final float s3 = factors[at + 5];
    final float minus1 = -s1;
    final float minus2 = -s2;
    final float minus3 = -s3;
    for (int j = 0; j < count; j++) {
      float a0 = ar[j];
      float a1 = ai[j];
      float b0 = br[j];
      float b1 = bi[j];
      float c0 = cr[j];
      float d0 = ci[j];
      ar[j] = multiplyAdd(minus1, a1, a0 * c1);
      ai[j] = multiplyAdd(a0, s1, a1 * c1);
      br[j] = multiplyAdd(minus2, b1, b0 * c2);
      bi[j] = multiplyAdd(b0, s2, b1 * c2);
      cr[j] = multiplyAdd(minus3, d0, c0 * c3);
      ci[j] = multiplyAdd(c0, s3, d0 * c3);
    }
  }

  /** {@code (toRe, toIm) = (re, im)·(c + i·s)}, which may be the same pages. */
  static void turn(
      float[] re, float[] im, float c, float s, float[] toRe, float[] toIm, int count) {
    float minus = -s;
    for (int j = 0; j < count; j++) {
      float a = re[j];
      float b = im[j];
      toRe[j] = multiplyAdd(minus, b, a * c);
      toIm[j] = multiplyAdd(a, s, b * c);
    }
  }

  /** Sum into the first, difference into the second, then the difference turned. */
  static void radix2(float[] ar, float[] ai, float[] br, float[] bi, float c, float s, int count) {
    float minus = -s;
    for (int j = 0; j < count; j++) {
      float a0 = ar[j];
      float a1 = ai[j];
      float b0 = br[j];
      float b1 = bi[j];
      float d0 = a0 - b0;
      float d1 = a1 - b1;
      ar[j] = a0 + b0;
      ai[j] = a1 + b1;
      br[j] = multiplyAdd(minus, d1, d0 * c);
      bi[j] = multiplyAdd(d0, s, d1 * c);
    }
  }

  /** Sums into the first page, differences into the second. */
  static void sumAndDifference(float[] ar, float[] ai, float[] br, float[] bi, int count) {
    for (int j = 0; j < count; j++) {
      float a0 = ar[j];
      float a1 = ai[j];
      float b0 = br[j];
      float b1 = bi[j];
      ar[j] = a0 + b0;
      ai[j] = a1 + b1;
      br[j] = a0 - b0;
      bi[j] = a1 - b1;
    }
  }

  /**
   * {@code a + i·b} into the first page, {@code a − i·b} into the second, which may be those of a
   * and b.
   */
  static void sumAndDifferenceTurned(
      float[] ar,
      float[] ai,
      float[] br,
      float[] bi,
      float[] sumRe,
      float[] sumIm,
      float[] differenceRe,
      float[] differenceIm,
      int count) {
    for (int j = 0; j < count; j++) {
      float a0 = ar[j];
      float a1 = ai[j];
      float b0 = br[j];
      float b1 = bi[j];
      sumRe[j] = a0 - b1;
      sumIm[j] = a1 + b0;
      differenceRe[j] = a0 + b1;
      differenceIm[j] = a1 - b0;
    }
  }

  /** The transform of three pages. */
  static void radix3(
      float[] ar, float[] ai, float[] br, float[] bi, float[] cr, float[] ci, int count) {
    final float sine = (float) 0.8660254037844386;
    final float minusHalf = -0.5f;
    for (int j = 0; j < count; j++) {
      float t0 = br[j] + cr[j];
      float t1 = bi[j] + ci[j];
      float u0 = sine * (br[j] - cr[j]);
      float u1 = sine * (bi[j] - ci[j]);
      float m0 = multiplyAdd(minusHalf, t0, ar[j]);
      float m1 = multiplyAdd(minusHalf, t1, ai[j]);
      ar[j] = ar[j] + t0;
      ai[j] = ai[j] + t1;
      br[j] = m0 - u1;
      bi[j] = m1 + u0;
      cr[j] = m0 + u1;
      ci[j] = m1 - u0;
    }
  }

  /** The transform of four pages. */
  static void radix4(
      float[] ar,
      float[] ai,
      float[] br,
      float[] bi,
      float[] cr,
      float[] ci,
      float[] dr,
      float[] di,
      int count) {
    for (int j = 0; j < count; j++) {
      float s0 = ar[j] + cr[j];
      float s1 = ai[j] + ci[j];
      float t0 = ar[j] - cr[j];
      float t1 = ai[j] - ci[j];
      float u0 = br[j] + dr[j];
      float u1 = bi[j] + di[j];
      float v0 = br[j] - dr[j];
      float v1 = bi[j] - di[j];
      ar[j] = s0 + u0;
      ai[j] = s1 + u1;
      br[j] = t0 - v1;
      bi[j] = t1 + v0;
      cr[j] = s0 - u0;
      ci[j] = s1 - u1;
      dr[j] = t0 + v1;
      di[j] = t1 - v0;
    }
  }

  /** Of five elements, the sums of pairs in p and q: a and the two cosine sums instead. */
  static void cosines5(float[] a, float[] p, float[] q, int count) {
    // cos 2π/5 and cos 4π/5 are −1/4 ± √5/4.
    final float root = (float) 0.5590169943749475;
    final float minusQuarter = -0.25f;
    for (int j = 0; j < count; j++) {
      float sum = p[j] + q[j];
      float difference = root * (p[j] - q[j]);
      float middle = multiplyAdd(minusQuarter, sum, a[j]);
      a[j] = a[j] + sum;
      p[j] = middle + difference;
      q[j] = middle - difference;
    }
  }

  /** Of five elements, the differences of pairs in p and q: the two sine sums instead. */
  static void sines5(float[] p, float[] q, int count) {
    final float first = (float) 0.9510565162951535;
    final float second = (float) 0.5877852522924731;
    final float minusFirst = -first;
    for (int j = 0; j < count; j++) {
      float a = p[j];
      float b = q[j];
      p[j] = multiplyAdd(first, a, second * b);
      q[j] = multiplyAdd(minusFirst, b, second * a);
    }
  }

  /**
   * Between the half spectrum of a real signal and the spectrum of its even and odd elements as one
   * complex signal: with {@code s = a + b*}, {@code d = a − b*} and {@code t = (c + i·sn)·d},
   * {@code factor·s + t} into a and {@code (factor·s − t)*} into b.
   */
  static void fold(
      float[] ar, float[] ai, float[] br, float[] bi, float factor, float c, float sn, int count) {
    float minus = -sn;
    for (int j = 0; j < count; j++) {
      float a0 = ar[j];
      float a1 = ai[j];
      float b0 = br[j];
      float b1 = bi[j];
      float d0 = a0 - b0;
      float d1 = a1 + b1;
      float s0 = factor * (a0 + b0);
      float s1 = factor * (a1 - b1);
      float t0 = multiplyAdd(minus, d1, c * d0);
      float t1 = multiplyAdd(sn, d0, c * d1);
      ar[j] = s0 + t0;
      ai[j] = s1 + t1;
      br[j] = s0 - t0;
      bi[j] = t1 - s1;
    }
  }

  /** {@code a + i·b} into the first page, {@code a* + i·b*} into the second. */
  static void pair(float[] ar, float[] ai, float[] br, float[] bi, int count) {
    for (int j = 0; j < count; j++) {
      float a0 = ar[j];
      float a1 = ai[j];
      float b0 = br[j];
      float b1 = bi[j];
      ar[j] = a0 - b1;
      ai[j] = a1 + b0;
      br[j] = a0 + b1;
      bi[j] = b0 - a1;
    }
  }

  /** What {@link #pair} has paired: {@code (a + b*)/2} and {@code (a − b*)/2i}. */
  static void unpair(float[] ar, float[] ai, float[] br, float[] bi, int count) {
    final float half = 0.5f;
    for (int j = 0; j < count; j++) {
      float a0 = half * ar[j];
      float a1 = half * ai[j];
      float b0 = half * br[j];
      float b1 = half * bi[j];
      ar[j] = a0 + b0;
      ai[j] = a1 - b1;
      br[j] = a1 + b1;
      bi[j] = b0 - a0;
    }
  }

  /** {@code to = a*}. */
  static void conjugate(float[] re, float[] im, float[] toRe, float[] toIm, int count) {
    for (int j = 0; j < count; j++) {
      toRe[j] = re[j];
      toIm[j] = -im[j];
    }
  }

  /** {@code re += factorRe·fromRe}, {@code im += factorIm·fromIm}. */
  static void addTimes(
      float factorRe,
      float[] fromRe,
      float factorIm,
      float[] fromIm,
      float[] re,
      float[] im,
      int count) {
    for (int j = 0; j < count; j++) {
      re[j] += factorRe * fromRe[j];
      im[j] += factorIm * fromIm[j];
    }
  }

  /** {@code page *= factor}. */
  static void scale(float[] page, float factor, int count) {
    for (int j = 0; j < count; j++) {
      page[j] *= factor;
    }
  }
}
