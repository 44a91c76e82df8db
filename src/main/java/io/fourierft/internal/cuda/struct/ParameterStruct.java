package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One tensor of the optimiser.
 *
 * @param value device address of what is trained
 * @param gradient device address of its gradient
 * @param firstMoment device address of exp_avg
 * @param secondMoment device address of exp_avg_sq
 * @param elements how many
 * @param firstUnit segments of the tensors before it
 * @param group whose rates it has
 */
public record ParameterStruct(
    long value,
    long gradient,
    long firstMoment,
    long secondMoment,
    long elements,
    long firstUnit,
    int group)
    implements Struct {
  /** The struct {@code fourierft_parameter}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("value"),
              ValueLayout.JAVA_LONG.withName("gradient"),
              ValueLayout.JAVA_LONG.withName("first_moment"),
              ValueLayout.JAVA_LONG.withName("second_moment"),
              ValueLayout.JAVA_LONG.withName("elements"),
              ValueLayout.JAVA_LONG.withName("first_unit"),
              ValueLayout.JAVA_INT.withName("group"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_parameter");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(value)
        .putLong(gradient)
        .putLong(firstMoment)
        .putLong(secondMoment)
        .putLong(elements)
        .putLong(firstUnit)
        .putInt(group)
        .putInt(0);
  }
}
