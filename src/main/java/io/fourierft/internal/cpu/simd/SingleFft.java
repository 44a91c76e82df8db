package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.definition.RootsOfUnity;
import jdk.incubator.vector.FloatVector;

/**
 * One complex transform {@code X[k] = Σ_j x[j]·e^{+2πi·j·k/n}}, with the lanes across its own
 * sub-transforms: for {@code n = a·b} and {@code j = b·j1 + j2}, {@code k = k1 + a·k2}, transforms
 * of length a over j1 for neighbouring j2, twiddle factors, a transposition, transforms of length b
 * over j2 for neighbouring k1. A length without a good divisor leaves lanes unused. Immutable.
 */
final class SingleFft {
  private final int length;
  private final int a;
  private final int b;
  private final LaneFft first;
  private final LaneFft second;
  private final float[] twiddles;

  SingleFft(int length) {
    this.length = length;
    this.a = firstFactor(length);
    this.b = length / a;
    this.first = LaneFft.of(a);
    this.second = LaneFft.of(b);
    int groups = Lanes.roundUp(b) / COUNT;
    this.twiddles = new float[groups * a * WIDTH];
    for (int j2 = 0; j2 < b; j2++) {
      for (int k1 = 0; k1 < a; k1++) {
        int at = (j2 / COUNT * a + k1) * WIDTH + j2 % COUNT;
        twiddles[at] = (float) RootsOfUnity.cosine((long) j2 * k1, length);
        twiddles[at + COUNT] = (float) RootsOfUnity.sine((long) j2 * k1, length);
      }
    }
  }

  /** The lanes of all passes, empty ones included, in the units of {@link FftLengths#cost}. */
  static double cost(int length) {
    int factor = firstFactor(length);
    return cost(factor, length / factor);
  }

  private static double cost(int factor, int other) {
    return (double) Lanes.roundUp(other) * FftLengths.cost(factor)
        + (double) Lanes.roundUp(factor) * FftLengths.cost(other);
  }

  private static int firstFactor(int length) {
    int best = 1;
    double lowest = Double.POSITIVE_INFINITY;
    for (int factor = 1; factor <= length; factor++) {
      if (length % factor != 0) {
        continue;
      }
      double cost = cost(factor, length / factor);
      if (cost < lowest) {
        lowest = cost;
        best = factor;
      }
    }
    return best;
  }

  /** Elements that may be read or written past the end of every argument. */
  static int slack() {
    return 2 * COUNT;
  }

  /** Floats of blocks that a transform needs. */
  int blockFloats() {
    return 2 * Lanes.roundUp(a) * WIDTH + (Lanes.roundUp(a) / COUNT + 1) * Lanes.roundUp(b) * WIDTH;
  }

  /** Floats of scratch memory that a transform needs, a tile for transpositions included. */
  int scratchFloats() {
    return Math.max(COUNT * COUNT, Math.max(first.scratchFloats(), second.scratchFloats()));
  }

  /** From {@code (x[2j], x[2j+1])} to real and imaginary parts apart. */
  void fromPairs(
      float[] x, float[] re, int reAt, float[] im, int imAt, float[] blocks, float[] scratch) {
    for (int group = 0; group * COUNT < b; group++) {
      for (int j1 = 0; j1 < a; j1++) {
        int at = 2 * (j1 * b + group * COUNT);
        FloatVector low = FloatVector.fromArray(SPECIES, x, at);
        FloatVector high = FloatVector.fromArray(SPECIES, x, at + COUNT);
        Pairs.firsts(low, high).intoArray(blocks, j1 * WIDTH);
        Pairs.seconds(low, high).intoArray(blocks, j1 * WIDTH + COUNT);
      }
      transformGroup(group, blocks, scratch);
    }
    for (int row = Lanes.roundUp(a) / COUNT - 1; row >= 0; row--) {
      int from = transformRow(row, blocks, scratch);
      storeApart(row, blocks, from, re, reAt, im, imAt);
    }
  }

  /** Real and imaginary parts apart, in and out; the two may be the same memory. */
  void apart(float[] re, int reAt, float[] im, int imAt, float[] blocks, float[] scratch) {
    loadApart(re, reAt, im, imAt, blocks, scratch);
    for (int row = Lanes.roundUp(a) / COUNT - 1; row >= 0; row--) {
      int from = transformRow(row, blocks, scratch);
      storeApart(row, blocks, from, re, reAt, im, imAt);
    }
  }

  /** From real and imaginary parts apart to {@code (x[2k], x[2k+1])}. */
  void toPairs(
      float[] re, int reAt, float[] im, int imAt, float[] x, float[] blocks, float[] scratch) {
    loadApart(re, reAt, im, imAt, blocks, scratch);
    // Rows that reach past the end of a run of k1 come first, so that the others mend it.
    for (int row = Lanes.roundUp(a) / COUNT - 1; row >= 0; row--) {
      int from = transformRow(row, blocks, scratch);
      for (int k2 = 0; k2 < b; k2++) {
        FloatVector outRe = FloatVector.fromArray(SPECIES, blocks, from + k2 * WIDTH);
        FloatVector outIm = FloatVector.fromArray(SPECIES, blocks, from + k2 * WIDTH + COUNT);
        int at = 2 * (k2 * a + row * COUNT);
        Pairs.low(outRe, outIm).intoArray(x, at);
        Pairs.high(outRe, outIm).intoArray(x, at + COUNT);
      }
    }
  }

  private void loadApart(
      float[] re, int reAt, float[] im, int imAt, float[] blocks, float[] scratch) {
    for (int group = 0; group * COUNT < b; group++) {
      for (int j1 = 0; j1 < a; j1++) {
        int at = j1 * b + group * COUNT;
        FloatVector.fromArray(SPECIES, re, reAt + at).intoArray(blocks, j1 * WIDTH);
        FloatVector.fromArray(SPECIES, im, imAt + at).intoArray(blocks, j1 * WIDTH + COUNT);
      }
      transformGroup(group, blocks, scratch);
    }
  }

  private void storeApart(
      int row, float[] blocks, int from, float[] re, int reAt, float[] im, int imAt) {
    for (int k2 = 0; k2 < b; k2++) {
      int at = k2 * a + row * COUNT;
      FloatVector.fromArray(SPECIES, blocks, from + k2 * WIDTH).intoArray(re, reAt + at);
      FloatVector.fromArray(SPECIES, blocks, from + k2 * WIDTH + COUNT).intoArray(im, imAt + at);
    }
  }

  /** The transforms over j1 of a group of j2, turned so that the lanes run across k1. */
  private void transformGroup(int group, float[] blocks, float[] scratch) {
    int other = Lanes.roundUp(a) * WIDTH;
    int from = first.transform(blocks, 0, blocks, other, scratch) ? other : 0;
    int w = group * a * WIDTH;
    if (group > 0 || b > 1) {
      for (int at = from; at < from + a * WIDTH; at += WIDTH) {
        FloatVector re = FloatVector.fromArray(SPECIES, blocks, at);
        FloatVector im = FloatVector.fromArray(SPECIES, blocks, at + COUNT);
        FloatVector wr = FloatVector.fromArray(SPECIES, twiddles, w);
        FloatVector wi = FloatVector.fromArray(SPECIES, twiddles, w + COUNT);
        re.mul(wr).sub(im.mul(wi)).intoArray(blocks, at);
        re.mul(wi).add(im.mul(wr)).intoArray(blocks, at + COUNT);
        w += WIDTH;
      }
    }
    int rows = 2 * other;
    int rowFloats = Lanes.roundUp(b) * WIDTH;
    for (int row = 0; row * COUNT < a; row++) {
      int in = from + row * COUNT * WIDTH;
      int out = rows + row * rowFloats + group * COUNT * WIDTH;
      Transposer.turn(blocks, in, WIDTH, scratch, blocks, out, WIDTH);
      Transposer.turn(blocks, in + COUNT, WIDTH, scratch, blocks, out + COUNT, WIDTH);
    }
  }

  /** The transforms over j2 of a row of k1; returns where the result stands. */
  private int transformRow(int row, float[] blocks, float[] scratch) {
    int rows = 2 * Lanes.roundUp(a) * WIDTH;
    int rowFloats = Lanes.roundUp(b) * WIDTH;
    int data = rows + row * rowFloats;
    int work = rows + Lanes.roundUp(a) / COUNT * rowFloats;
    return second.transform(blocks, data, blocks, work, scratch) ? work : data;
  }

  /** The number of complex elements. */
  int length() {
    return length;
  }
}
