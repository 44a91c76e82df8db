package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One adapter as a linear operator on half spectra, in one direction.
 *
 * @param binStart device address of where each bin's entries start
 * @param source device address of the input bin of each entry
 * @param frequency device address of the k of each entry
 * @param coefficient device address of c[k]
 * @param scale factor on every c[k]
 * @param frequencies n
 */
public record OperatorStruct(
    long binStart, long source, long frequency, long coefficient, float scale, int frequencies)
    implements Struct {
  /** The struct {@code fourierft_operator}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("bin_start"),
              ValueLayout.JAVA_LONG.withName("source"),
              ValueLayout.JAVA_LONG.withName("frequency"),
              ValueLayout.JAVA_LONG.withName("coefficient"),
              ValueLayout.JAVA_FLOAT.withName("scale"),
              ValueLayout.JAVA_INT.withName("frequencies"))
          .withName("fourierft_operator");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(binStart)
        .putLong(source)
        .putLong(frequency)
        .putLong(coefficient)
        .putFloat(scale)
        .putInt(frequencies);
  }
}
