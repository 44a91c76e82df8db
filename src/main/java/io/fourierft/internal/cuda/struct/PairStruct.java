package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * Two bins of a line that mirror each other.
 *
 * @param re of the turn that the bins of a halved line need
 * @param im of the same
 * @param position of the first bin
 * @param mirror of the second, or the same
 */
public record PairStruct(float re, float im, int position, int mirror) implements Struct {
  /** The struct {@code fourierft_pair}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_FLOAT.withName("re"),
              ValueLayout.JAVA_FLOAT.withName("im"),
              ValueLayout.JAVA_INT.withName("position"),
              ValueLayout.JAVA_INT.withName("mirror"))
          .withName("fourierft_pair");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putFloat(re);
    to.putFloat(im);
    to.putInt(position);
    to.putInt(mirror);
  }
}
