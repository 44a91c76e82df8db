package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One pass of a transform in shared memory.
 *
 * @param radix numbers of a butterfly
 * @param span from one of them to the next
 * @param magic 2^32 / span, rounded up; 0 if span is 1
 * @param twiddles which twiddle is its first
 * @param roots which twiddle is its first root of unity
 */
public record PassStruct(int radix, int span, int magic, int twiddles, int roots)
    implements Struct {
  /** The struct {@code fourierft_pass}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_INT.withName("radix"),
              ValueLayout.JAVA_INT.withName("span"),
              ValueLayout.JAVA_INT.withName("magic"),
              ValueLayout.JAVA_INT.withName("twiddles"),
              ValueLayout.JAVA_INT.withName("roots"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_pass");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putInt(radix);
    to.putInt(span);
    to.putInt(magic);
    to.putInt(twiddles);
    to.putInt(roots);
    to.putInt(0);
  }
}
