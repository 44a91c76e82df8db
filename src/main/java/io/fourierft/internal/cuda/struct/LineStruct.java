package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * How lines of one length are transformed in shared memory; its tables follow it.
 *
 * @param features real numbers of a line
 * @param points complex numbers of a line
 * @param halved 1 if a complex number holds two real ones, else 0
 * @param passes how many passes
 * @param pairs how many pairs of bins
 * @param passesAt bytes from the start to the {@link PassStruct}s
 * @param twiddlesAt bytes to the twiddles
 * @param pairsAt bytes to the {@link PairStruct}s
 * @param bytes of all together
 */
public record LineStruct(
    int features,
    int points,
    int halved,
    int passes,
    int pairs,
    int passesAt,
    int twiddlesAt,
    int pairsAt,
    int bytes)
    implements Struct {
  /** The struct {@code fourierft_line}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_INT.withName("features"),
              ValueLayout.JAVA_INT.withName("points"),
              ValueLayout.JAVA_INT.withName("halved"),
              ValueLayout.JAVA_INT.withName("passes"),
              ValueLayout.JAVA_INT.withName("pairs"),
              ValueLayout.JAVA_INT.withName("passes_at"),
              ValueLayout.JAVA_INT.withName("twiddles_at"),
              ValueLayout.JAVA_INT.withName("pairs_at"),
              ValueLayout.JAVA_INT.withName("bytes"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_line");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putInt(features);
    to.putInt(points);
    to.putInt(halved);
    to.putInt(passes);
    to.putInt(pairs);
    to.putInt(passesAt);
    to.putInt(twiddlesAt);
    to.putInt(pairsAt);
    to.putInt(bytes);
    to.putInt(0);
  }
}
