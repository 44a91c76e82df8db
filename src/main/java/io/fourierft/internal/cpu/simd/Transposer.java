package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Turns squares of as many vectors as there are lanes: what was lane l of vector i becomes lane i
 * of vector l. One bit of the two indices is exchanged a step, the highest first.
 */
final class Transposer {
  private static final VectorShuffle<Float> BY_1 = VectorShuffle.fromOp(SPECIES, l -> l ^ 1);
  private static final VectorShuffle<Float> BY_2 = exchange(2);
  private static final VectorShuffle<Float> BY_4 = exchange(4);
  private static final VectorShuffle<Float> BY_8 = exchange(8);
  private static final VectorMask<Float> BIT_1 = lanesWith(1);
  private static final VectorMask<Float> BIT_2 = lanesWith(2);
  private static final VectorMask<Float> BIT_4 = lanesWith(4);
  private static final VectorMask<Float> BIT_8 = lanesWith(8);

  private Transposer() {}

  private static VectorShuffle<Float> exchange(int bit) {
    return VectorShuffle.fromOp(SPECIES, l -> (l ^ bit) % COUNT);
  }

  private static VectorMask<Float> lanesWith(int bit) {
    long bits = 0;
    for (int l = 0; l < COUNT; l++) {
      bits |= (l & bit) != 0 ? 1L << l : 0;
    }
    return VectorMask.fromLong(SPECIES, bits);
  }

  /**
   * Vectors {@code in[at + i*step]} become vectors {@code out[outAt + l*stride]}.
   *
   * @param tile scratch memory for a square
   */
  static void turn(float[] in, int at, int step, float[] tile, float[] out, int outAt, int stride) {
    if (COUNT == 16) {
      exchangeEightAndFour(in, at, step, tile);
      exchangeTwoAndOne(tile, 0, COUNT, out, outAt, stride);
    } else if (COUNT == 8) {
      exchangeFour(in, at, step, tile);
      exchangeTwoAndOne(tile, 0, COUNT, out, outAt, stride);
    } else if (COUNT == 4) {
      exchangeTwoAndOne(in, at, step, out, outAt, stride);
    } else {
      turnByElement(in, at, step, out, outAt, stride, 1f);
    }
  }

  /** {@link #turn}, times a factor: a multiplication by one costs a tenth of it. */
  static void turnScaled(
      float[] in,
      int at,
      int step,
      float[] tile,
      float[] out,
      int outAt,
      int stride,
      float factor) {
    if (COUNT == 16) {
      exchangeEightAndFour(in, at, step, tile);
      exchangeTwoAndOneScaled(tile, 0, COUNT, out, outAt, stride, factor);
    } else if (COUNT == 8) {
      exchangeFour(in, at, step, tile);
      exchangeTwoAndOneScaled(tile, 0, COUNT, out, outAt, stride, factor);
    } else if (COUNT == 4) {
      exchangeTwoAndOneScaled(in, at, step, out, outAt, stride, factor);
    } else {
      turnByElement(in, at, step, out, outAt, stride, factor);
    }
  }

  private static void exchangeEightAndFour(float[] in, int at, int step, float[] tile) {
    for (int i = 0; i < 4; i++) {
      int from = at + i * step;
      FloatVector a = FloatVector.fromArray(SPECIES, in, from);
      FloatVector b = FloatVector.fromArray(SPECIES, in, from + 4 * step);
      FloatVector c = FloatVector.fromArray(SPECIES, in, from + 8 * step);
      FloatVector d = FloatVector.fromArray(SPECIES, in, from + 12 * step);
      FloatVector ac = a.blend(c.rearrange(BY_8), BIT_8);
      FloatVector ca = a.rearrange(BY_8).blend(c, BIT_8);
      FloatVector bd = b.blend(d.rearrange(BY_8), BIT_8);
      FloatVector db = b.rearrange(BY_8).blend(d, BIT_8);
      ac.blend(bd.rearrange(BY_4), BIT_4).intoArray(tile, i * COUNT);
      ac.rearrange(BY_4).blend(bd, BIT_4).intoArray(tile, (i + 4) * COUNT);
      ca.blend(db.rearrange(BY_4), BIT_4).intoArray(tile, (i + 8) * COUNT);
      ca.rearrange(BY_4).blend(db, BIT_4).intoArray(tile, (i + 12) * COUNT);
    }
  }

  private static void exchangeFour(float[] in, int at, int step, float[] tile) {
    for (int i = 0; i < 4; i++) {
      FloatVector a = FloatVector.fromArray(SPECIES, in, at + i * step);
      FloatVector b = FloatVector.fromArray(SPECIES, in, at + (i + 4) * step);
      a.blend(b.rearrange(BY_4), BIT_4).intoArray(tile, i * COUNT);
      a.rearrange(BY_4).blend(b, BIT_4).intoArray(tile, (i + 4) * COUNT);
    }
  }

  private static void exchangeTwoAndOne(
      float[] in, int at, int step, float[] out, int outAt, int stride) {
    for (int i = 0; i < COUNT; i += 4) {
      int from = at + i * step;
      FloatVector a = FloatVector.fromArray(SPECIES, in, from);
      FloatVector b = FloatVector.fromArray(SPECIES, in, from + step);
      FloatVector c = FloatVector.fromArray(SPECIES, in, from + 2 * step);
      FloatVector d = FloatVector.fromArray(SPECIES, in, from + 3 * step);
      FloatVector ac = a.blend(c.rearrange(BY_2), BIT_2);
      FloatVector ca = a.rearrange(BY_2).blend(c, BIT_2);
      FloatVector bd = b.blend(d.rearrange(BY_2), BIT_2);
      FloatVector db = b.rearrange(BY_2).blend(d, BIT_2);
      int to = outAt + i * stride;
      ac.blend(bd.rearrange(BY_1), BIT_1).intoArray(out, to);
      ac.rearrange(BY_1).blend(bd, BIT_1).intoArray(out, to + stride);
      ca.blend(db.rearrange(BY_1), BIT_1).intoArray(out, to + 2 * stride);
      ca.rearrange(BY_1).blend(db, BIT_1).intoArray(out, to + 3 * stride);
    }
  }

  private static void exchangeTwoAndOneScaled(
      float[] in, int at, int step, float[] out, int outAt, int stride, float factor) {
    for (int i = 0; i < COUNT; i += 4) {
      int from = at + i * step;
      FloatVector a = FloatVector.fromArray(SPECIES, in, from).mul(factor);
      FloatVector b = FloatVector.fromArray(SPECIES, in, from + step).mul(factor);
      FloatVector c = FloatVector.fromArray(SPECIES, in, from + 2 * step).mul(factor);
      FloatVector d = FloatVector.fromArray(SPECIES, in, from + 3 * step).mul(factor);
      FloatVector ac = a.blend(c.rearrange(BY_2), BIT_2);
      FloatVector ca = a.rearrange(BY_2).blend(c, BIT_2);
      FloatVector bd = b.blend(d.rearrange(BY_2), BIT_2);
      FloatVector db = b.rearrange(BY_2).blend(d, BIT_2);
      int to = outAt + i * stride;
      ac.blend(bd.rearrange(BY_1), BIT_1).intoArray(out, to);
      ac.rearrange(BY_1).blend(bd, BIT_1).intoArray(out, to + stride);
      ca.blend(db.rearrange(BY_1), BIT_1).intoArray(out, to + 2 * stride);
      ca.rearrange(BY_1).blend(db, BIT_1).intoArray(out, to + 3 * stride);
    }
  }

  private static void turnByElement(
      float[] in, int at, int step, float[] out, int outAt, int stride, float factor) {
    for (int l = 0; l < COUNT; l++) {
      for (int i = 0; i < COUNT; i++) {
        out[outAt + l * stride + i] = in[at + i * step + l] * factor;
      }
    }
  }
}
