package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/** Two vectors of pairs, from and to a vector of first and one of second elements. */
final class Pairs {
  private static final VectorShuffle<Float> EVENS =
      VectorShuffle.fromOp(SPECIES, l -> 2 * l % COUNT);
  private static final VectorShuffle<Float> ODDS =
      VectorShuffle.fromOp(SPECIES, l -> (2 * l + 1) % COUNT);
  private static final VectorShuffle<Float> LOW_TWICE = VectorShuffle.fromOp(SPECIES, l -> l / 2);
  private static final VectorShuffle<Float> HIGH_TWICE =
      VectorShuffle.fromOp(SPECIES, l -> (COUNT + l) / 2);
  private static final VectorMask<Float> UPPER_HALF =
      VectorMask.fromLong(SPECIES, (-1L << (COUNT / 2)) & ((1L << COUNT) - 1));
  private static final VectorMask<Float> ODD_LANES =
      VectorMask.fromLong(SPECIES, 0xAAAAAAAAAAAAAAAAL & ((1L << COUNT) - 1));

  private Pairs() {}

  static FloatVector firsts(FloatVector low, FloatVector high) {
    return low.rearrange(EVENS).blend(high.rearrange(EVENS), UPPER_HALF);
  }

  static FloatVector seconds(FloatVector low, FloatVector high) {
    return low.rearrange(ODDS).blend(high.rearrange(ODDS), UPPER_HALF);
  }

  static FloatVector low(FloatVector firsts, FloatVector seconds) {
    return firsts.rearrange(LOW_TWICE).blend(seconds.rearrange(LOW_TWICE), ODD_LANES);
  }

  static FloatVector high(FloatVector firsts, FloatVector seconds) {
    return firsts.rearrange(HIGH_TWICE).blend(seconds.rearrange(HIGH_TWICE), ODD_LANES);
  }
}
