package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * What one coefficient gives a pair of bins.
 *
 * @param source what it is multiplied with
 * @param frequency its k
 */
public record LineEntryStruct(int source, int frequency) implements Struct {
  /** The struct {@code fourierft_line_entry}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_INT.withName("source"), ValueLayout.JAVA_INT.withName("frequency"))
          .withName("fourierft_line_entry");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putInt(source);
    to.putInt(frequency);
  }
}
