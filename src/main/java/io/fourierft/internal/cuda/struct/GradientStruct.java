package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One adapter whose coefficients' gradient is wanted.
 *
 * @param row device address of u[k]
 * @param column device address of v[k]
 * @param gradient device address of n numbers that are added to
 * @param token device address of the tokens that it acts on; 0 if those are the first
 * @param frequencies n
 * @param tokens how many it acts on
 * @param firstPartial where its partial sums start
 * @param firstUnit units of work of the adapters before it
 * @param scale factor on the gradient
 * @param partialStride from the partial sums of one chunk to those of the next
 */
public record GradientStruct(
    long row,
    long column,
    long gradient,
    long token,
    long frequencies,
    long tokens,
    long firstPartial,
    long firstUnit,
    float scale,
    int partialStride)
    implements Struct {
  /** The struct {@code fourierft_gradient}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("row"),
              ValueLayout.JAVA_LONG.withName("column"),
              ValueLayout.JAVA_LONG.withName("gradient"),
              ValueLayout.JAVA_LONG.withName("token"),
              ValueLayout.JAVA_LONG.withName("frequencies"),
              ValueLayout.JAVA_LONG.withName("tokens"),
              ValueLayout.JAVA_LONG.withName("first_partial"),
              ValueLayout.JAVA_LONG.withName("first_unit"),
              ValueLayout.JAVA_FLOAT.withName("scale"),
              ValueLayout.JAVA_INT.withName("partial_stride"))
          .withName("fourierft_gradient");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(row)
        .putLong(column)
        .putLong(gradient)
        .putLong(token)
        .putLong(frequencies)
        .putLong(tokens)
        .putLong(firstPartial)
        .putLong(firstUnit)
        .putFloat(scale)
        .putInt(partialStride);
  }
}
