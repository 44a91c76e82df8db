package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * Where the gradient of one adapter comes from.
 *
 * @param places device address of what each k reads of x and g
 * @param first coefficients of the adapters before it
 * @param frequencies n
 */
public record LineGradientStruct(long places, long first, int frequencies) implements Struct {
  /** The struct {@code fourierft_line_gradient}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("places"),
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
    to.putLong(places);
    to.putLong(first);
    to.putInt(frequencies);
    to.putInt(0);
  }
}
