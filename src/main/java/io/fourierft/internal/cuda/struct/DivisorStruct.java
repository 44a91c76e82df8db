package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * A number that kernels divide by.
 *
 * @param divisor the number
 * @param magic 2⁶⁴ − 1 over it, rounded down; both unsigned
 */
public record DivisorStruct(long divisor, long magic) implements Struct {
  /** The struct {@code fourierft_divisor}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("divisor"), ValueLayout.JAVA_LONG.withName("magic"))
          .withName("fourierft_divisor");

  /** For {@code divisor}. */
  public static DivisorStruct of(long divisor) {
    return new DivisorStruct(divisor, Long.divideUnsigned(-1, divisor));
  }

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(divisor).putLong(magic);
  }
}
