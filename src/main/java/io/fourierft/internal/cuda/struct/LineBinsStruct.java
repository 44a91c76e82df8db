package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * A pair of bins of a delta's rows that has coefficients.
 *
 * @param position of the first bin in the line, an unsigned number
 * @param mirror of the second
 * @param further where the other entries of the pair start
 * @param first its first entry
 */
public record LineBinsStruct(short position, short mirror, int further, LineEntryStruct first)
    implements Struct {
  /** The struct {@code fourierft_line_bins}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_SHORT.withName("position"),
              ValueLayout.JAVA_SHORT.withName("mirror"),
              ValueLayout.JAVA_INT.withName("further"),
              LineEntryStruct.LAYOUT.withName("first"))
          .withName("fourierft_line_bins");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putShort(position);
    to.putShort(mirror);
    to.putInt(further);
    first.write(to);
  }
}
