package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One adapter as a linear operator on tokens in shared memory, in one direction.
 *
 * @param start device address of where the entries of each pair of bins start
 * @param entries device address of the entries
 * @param coefficient device address of c[k]
 * @param scale factor on every c[k]
 * @param frequencies n
 */
public record LineOperatorStruct(
    long start, long entries, long coefficient, float scale, int frequencies) implements Struct {
  /** The struct {@code fourierft_line_operator}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("start"),
              ValueLayout.JAVA_LONG.withName("entries"),
              ValueLayout.JAVA_LONG.withName("coefficient"),
              ValueLayout.JAVA_FLOAT.withName("scale"),
              ValueLayout.JAVA_INT.withName("frequencies"))
          .withName("fourierft_line_operator");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(start);
    to.putLong(entries);
    to.putLong(coefficient);
    to.putFloat(scale);
    to.putInt(frequencies);
  }
}
