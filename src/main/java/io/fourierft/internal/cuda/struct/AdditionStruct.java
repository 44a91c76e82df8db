package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * What was found while a delta was added to a weight.
 *
 * @param deltaSquares sum of delta²
 * @param weightSquares sum of weight², before
 * @param errorSum sum of |stored − (weight + delta)| of the finite ones
 * @param errorMax the largest of them
 * @param nonFinite stored values that are NaN or infinite
 */
public record AdditionStruct(
    double deltaSquares, double weightSquares, double errorSum, double errorMax, long nonFinite)
    implements Struct {
  /** The struct {@code fourierft_addition}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_DOUBLE.withName("delta_squares"),
              ValueLayout.JAVA_DOUBLE.withName("weight_squares"),
              ValueLayout.JAVA_DOUBLE.withName("error_sum"),
              ValueLayout.JAVA_DOUBLE.withName("error_max"),
              ValueLayout.JAVA_LONG.withName("non_finite"))
          .withName("fourierft_addition");

  /** Reads one, as {@link #write} puts it. */
  public static AdditionStruct read(ByteBuffer from) {
    return new AdditionStruct(
        from.getDouble(), from.getDouble(), from.getDouble(), from.getDouble(), from.getLong());
  }

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putDouble(deltaSquares)
        .putDouble(weightSquares)
        .putDouble(errorSum)
        .putDouble(errorMax)
        .putLong(nonFinite);
  }
}
