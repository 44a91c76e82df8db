package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * Where the gradient of one adapter comes from.
 *
 * @param xSource device address of what each k reads of x
 * @param gSource device address of what each k reads of g
 * @param first coefficients of the adapters before it
 * @param frequencies n
 */
public record LineGradientStruct(long xSource, long gSource, long first, int frequencies)
    implements Struct {
  /** The struct {@code fourierft_line_gradient}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("x_source"),
              ValueLayout.JAVA_LONG.withName("g_source"),
              ValueLayout.JAVA_LONG.withName("first"),
              ValueLayout.JAVA_INT.withName("frequencies"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_line_gradient");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(xSource);
    to.putLong(gSource);
    to.putLong(first);
    to.putInt(frequencies);
    to.putInt(0);
  }
}
