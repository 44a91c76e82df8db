package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * Where the products of one coefficient are read.
 *
 * @param x the source in the line of x
 * @param g the source in the line of g
 */
public record LinePlacesStruct(int x, int g) implements Struct {
  /** The struct {@code fourierft_line_places}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_INT.withName("x"), ValueLayout.JAVA_INT.withName("g"))
          .withName("fourierft_line_places");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putInt(x);
    to.putInt(g);
  }
}
