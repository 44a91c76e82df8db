package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * Tokens that one block works on.
 *
 * @param first of their numbers in the list
 * @param count how many
 * @param choice the adapter that they have, or -1 for all
 */
public record TokenGroupStruct(int first, int count, int choice) implements Struct {
  /** The struct {@code fourierft_token_group}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_INT.withName("first"),
              ValueLayout.JAVA_INT.withName("count"),
              ValueLayout.JAVA_INT.withName("choice"))
          .withName("fourierft_token_group");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putInt(first);
    to.putInt(count);
    to.putInt(choice);
  }
}
