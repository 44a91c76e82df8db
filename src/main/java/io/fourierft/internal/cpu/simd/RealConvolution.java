package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jtransforms.fft.DoubleFFT_1D;

/**
 * A cyclic convolution of real sequences in lane layout with one kernel: two complex transforms of
 * half the length, and one pass between them that separates, multiplies and joins the spectra of
 * the even and the odd elements. A length with awkward factors may be done by a longer one.
 * Immutable.
 */
final class RealConvolution {
  /** The pass between the transforms, an element, in the units of {@link FftLengths#cost}. */
  private static final double BETWEEN = 0.5;

  private final int cyclic;
  private final int half;
  private final LaneFft complex;

  /** {@code e^{2πi·v/length}}, v up to a quarter of the length. */
  private final float[] roots;

  /** The kernel's half spectrum, over the length, and over two but at either end. */
  private final float[] filter;

  /**
   * A convolution with a kernel.
   *
   * @param length of the transforms: even, and the kernel's own or at least twice that, less one
   */
  RealConvolution(double[] kernel, int length) {
    this.cyclic = kernel.length;
    this.half = length / 2;
    this.complex = LaneFft.of(half);
    this.roots = RealLaneFft.quarter(length);
    double[] spectrum = new double[2 * length];
    for (int d = 0; d < cyclic; d++) {
      spectrum[2 * d] = kernel[d] / length;
      if (d > 0) {
        // In a longer convolution the end of the kernel is what wraps around.
        spectrum[2 * (length - cyclic + d)] = kernel[d] / length;
      }
    }
    new DoubleFFT_1D(length).complexInverse(spectrum, false);
    this.filter = new float[2 * (half + 1)];
    for (int i = 0; i < filter.length; i++) {
      boolean end = i < 2 || i >= 2 * half;
      filter[i] = (float) (end ? spectrum[i] : spectrum[i] / 2);
    }
  }

  /** What it takes, in the units of {@link FftLengths#cost}. */
  static double cost(int length) {
    return 2 * FftLengths.cost(length / 2) + BETWEEN * length;
  }

  /** The length that takes least for a kernel of {@code cyclic} elements, an even number. */
  static int quickestLength(int cyclic) {
    int padded = FftLengths.smoothFrom(2 * cyclic - 1);
    return cost(padded) < cost(cyclic) ? padded : cyclic;
  }

  /** Where, in a block, the vector stands that is added to all elements of the result. */
  int extraFloats() {
    return complex.blockFloats();
  }

  /** Floats of either block. */
  int blockFloats() {
    return extraFloats() + COUNT;
  }

  /** Floats of scratch memory that a run needs. */
  int scratchFloats() {
    return complex.scratchFloats();
  }

  /** Where the result's element k stands among the real elements of the block. */
  int place(int k) {
    return k == 0 ? 0 : 2 * half - k;
  }

  /**
   * Convolves the sequences at the head of {@code block} and adds the vector at {@link
   * #extraFloats} to every element. Both blocks are overwritten. Where the vector was, there is
   * then the sum of it and of all elements that were convolved.
   *
   * @return whether the result stands in {@code other}
   */
  boolean run(float[] block, int blockAt, float[] other, int otherAt, float[] scratch) {
    int extra = extraFloats();
    Arrays.fill(block, blockAt + cyclic * COUNT, blockAt + extra, 0f);
    System.arraycopy(block, blockAt + extra, other, otherAt + extra, COUNT);
    if (complex.transform(block, blockAt, other, otherAt, scratch)) {
      multiply(other, otherAt);
      System.arraycopy(other, otherAt + extra, block, blockAt + extra, COUNT);
      return !complex.transform(other, otherAt, block, blockAt, scratch);
    }
    multiply(block, blockAt);
    System.arraycopy(block, blockAt + extra, other, otherAt + extra, COUNT);
    return complex.transform(block, blockAt, other, otherAt, scratch);
  }

  /** From the transform of the sequences, packed, to that of the result. */
  private void multiply(float[] x, int at) {
    multiplyEnds(x, at);
    for (int v = 1; 2 * v <= half; v++) {
      multiplyPair(x, at + v * WIDTH, at + (half - v) * WIDTH, v);
    }
  }

  private void multiplyEnds(float[] x, int at) {
    FloatVector re = FloatVector.fromArray(SPECIES, x, at);
    FloatVector im = FloatVector.fromArray(SPECIES, x, at + COUNT);
    FloatVector extra = FloatVector.fromArray(SPECIES, x, at + extraFloats());
    FloatVector sum = re.add(im);
    sum.add(extra).intoArray(x, at + extraFloats());
    FloatVector first = sum.mul(filter[0]).add(extra);
    FloatVector last = re.sub(im).mul(filter[2 * half]);
    first.add(last).intoArray(x, at);
    first.sub(last).intoArray(x, at + COUNT);
  }

  private void multiplyPair(float[] x, int low, int high, int v) {
    FloatVector lowRe = FloatVector.fromArray(SPECIES, x, low);
    FloatVector lowIm = FloatVector.fromArray(SPECIES, x, low + COUNT);
    FloatVector highRe = FloatVector.fromArray(SPECIES, x, high);
    FloatVector highIm = FloatVector.fromArray(SPECIES, x, high + COUNT);
    float wr = roots[2 * v];
    float wi = roots[2 * v + 1];
    FloatVector sumRe = lowRe.add(highRe);
    FloatVector sumIm = lowIm.sub(highIm);
    FloatVector differenceRe = lowRe.sub(highRe);
    FloatVector differenceIm = lowIm.add(highIm);
    // i·w·difference
    FloatVector turnedRe = differenceRe.mul(wi).add(differenceIm.mul(wr)).neg();
    FloatVector turnedIm = differenceRe.mul(wr).sub(differenceIm.mul(wi));
    FloatVector firstRe = sumRe.sub(turnedRe);
    FloatVector firstIm = sumIm.sub(turnedIm);
    FloatVector secondRe = sumRe.add(turnedRe);
    FloatVector secondIm = sumIm.add(turnedIm).neg();
    float fr = filter[2 * v];
    float fi = filter[2 * v + 1];
    float sr = filter[2 * (half - v)];
    float si = filter[2 * (half - v) + 1];
    lowRe = firstRe.mul(fr).sub(firstIm.mul(fi));
    lowIm = firstRe.mul(fi).add(firstIm.mul(fr));
    highRe = secondRe.mul(sr).sub(secondIm.mul(si));
    highIm = secondRe.mul(si).add(secondIm.mul(sr));
    sumRe = lowRe.add(highRe);
    sumIm = lowIm.sub(highIm);
    differenceRe = lowRe.sub(highRe);
    differenceIm = lowIm.add(highIm);
    turnedRe = differenceRe.mul(wi).add(differenceIm.mul(wr)).neg();
    turnedIm = differenceRe.mul(wr).sub(differenceIm.mul(wi));
    sumRe.sub(turnedRe).intoArray(x, high);
    turnedIm.sub(sumIm).intoArray(x, high + COUNT);
    sumRe.add(turnedRe).intoArray(x, low);
    sumIm.add(turnedIm).intoArray(x, low + COUNT);
  }
}
