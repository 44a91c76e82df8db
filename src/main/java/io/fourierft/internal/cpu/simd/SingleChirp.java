package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import io.fourierft.internal.cpu.Chirp;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * A single transform of a length without good divisors, as a prime: a convolution with a {@link
 * Chirp}, whose transforms fill the lanes. Immutable.
 */
final class SingleChirp {
  /** Times the cost of a convolution's transforms that its products and copies are worth. */
  private static final double PRODUCTS = 1.3;

  private final int length;
  private final SingleFft convolution;
  private final float[] chirpRe;
  private final float[] chirpIm;
  private final float[] filterRe;
  private final float[] filterIm;

  SingleChirp(int length) {
    this.length = length;
    this.convolution = new SingleFft(convolutionLength(length));
    Chirp chirp = new Chirp(length, convolution.length());
    this.chirpRe = part(chirp.turns(), 0);
    this.chirpIm = part(chirp.turns(), 1);
    this.filterRe = part(chirp.filter(), 0);
    this.filterIm = part(chirp.filter(), 1);
  }

  /** Every other number, padded with zeros to whole vectors. */
  private static float[] part(float[] pairs, int from) {
    float[] part = new float[Lanes.roundUp(pairs.length / 2)];
    for (int j = 0; j < pairs.length / 2; j++) {
      part[j] = pairs[2 * j + from];
    }
    return part;
  }

  private static int convolutionLength(int length) {
    return FftLengths.smoothFrom(2 * length);
  }

  /** Whether it is less work than a {@link SingleFft} of the length. */
  static boolean isCheaper(int length) {
    return 2 * PRODUCTS * SingleFft.cost(convolutionLength(length)) < SingleFft.cost(length);
  }

  /** Floats of blocks that a transform needs. */
  int blockFloats() {
    return convolution.blockFloats();
  }

  /** Floats of scratch memory that a transform needs. */
  int scratchFloats() {
    return imAt() + pitch();
  }

  /** Room for one half of the numbers, with what may be touched past their end. */
  private int pitch() {
    return Lanes.roundUp(convolution.length()) + SingleFft.slack();
  }

  /** The convolution's numbers stand behind what its transforms need. */
  private int reAt() {
    return convolution.scratchFloats();
  }

  private int imAt() {
    return reAt() + pitch();
  }

  /** As {@link SingleFft#fromPairs}. */
  void fromPairs(
      float[] x, float[] re, int reAt, float[] im, int imAt, float[] blocks, float[] scratch) {
    for (int j = 0; j < length; j += COUNT) {
      FloatVector low = FloatVector.fromArray(SPECIES, x, 2 * j);
      FloatVector high = FloatVector.fromArray(SPECIES, x, 2 * j + COUNT);
      Pairs.firsts(low, high).intoArray(scratch, reAt() + j);
      Pairs.seconds(low, high).intoArray(scratch, imAt() + j);
    }
    convolve(blocks, scratch);
    store(scratch, re, reAt, im, imAt);
  }

  /** As {@link SingleFft#apart}. */
  void apart(float[] re, int reAt, float[] im, int imAt, float[] blocks, float[] scratch) {
    load(re, reAt, im, imAt, scratch);
    convolve(blocks, scratch);
    store(scratch, re, reAt, im, imAt);
  }

  /** As {@link SingleFft#toPairs}. */
  void toPairs(
      float[] re, int reAt, float[] im, int imAt, float[] x, float[] blocks, float[] scratch) {
    load(re, reAt, im, imAt, scratch);
    convolve(blocks, scratch);
    for (int k = 0; k < length; k += COUNT) {
      FloatVector outRe = FloatVector.fromArray(SPECIES, scratch, reAt() + k);
      FloatVector outIm = FloatVector.fromArray(SPECIES, scratch, imAt() + k);
      Pairs.low(outRe, outIm).intoArray(x, 2 * k);
      Pairs.high(outRe, outIm).intoArray(x, 2 * k + COUNT);
    }
  }

  private void load(float[] re, int reAt, float[] im, int imAt, float[] scratch) {
    System.arraycopy(re, reAt, scratch, reAt(), length);
    System.arraycopy(im, imAt, scratch, imAt(), length);
  }

  private void store(float[] scratch, float[] re, int reAt, float[] im, int imAt) {
    System.arraycopy(scratch, reAt(), re, reAt, length);
    System.arraycopy(scratch, imAt(), im, imAt, length);
  }

  /** The transform of the numbers in the scratch memory, in place. */
  private void convolve(float[] blocks, float[] scratch) {
    multiply(scratch, chirpRe, chirpIm, length);
    Arrays.fill(scratch, reAt() + length, reAt() + convolution.length(), 0f);
    Arrays.fill(scratch, imAt() + length, imAt() + convolution.length(), 0f);
    convolution.apart(scratch, reAt(), scratch, imAt(), blocks, scratch);
    multiply(scratch, filterRe, filterIm, convolution.length());
    // With the parts exchanged, the transform is the one of the other sign.
    convolution.apart(scratch, imAt(), scratch, reAt(), blocks, scratch);
    multiply(scratch, chirpRe, chirpIm, length);
  }

  private void multiply(float[] scratch, float[] factorRe, float[] factorIm, int count) {
    int reAt = reAt();
    int imAt = imAt();
    for (int j = 0; j < count; j += COUNT) {
      FloatVector re = FloatVector.fromArray(SPECIES, scratch, reAt + j);
      FloatVector im = FloatVector.fromArray(SPECIES, scratch, imAt + j);
      FloatVector wr = FloatVector.fromArray(SPECIES, factorRe, j);
      FloatVector wi = FloatVector.fromArray(SPECIES, factorIm, j);
      re.mul(wr).sub(im.mul(wi)).intoArray(scratch, reAt + j);
      re.mul(wi).add(im.mul(wr)).intoArray(scratch, imAt + j);
    }
  }
}
