package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * How far training has come.
 *
 * @param steps steps made
 * @param skipped steps skipped
 * @param refused steps refused
 * @param norm norm of the last gradients before clipping
 */
public record ProgressStruct(long steps, long skipped, long refused, double norm)
    implements Struct {
  /** The struct {@code fourierft_progress}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("steps"),
              ValueLayout.JAVA_LONG.withName("skipped"),
              ValueLayout.JAVA_LONG.withName("refused"),
              ValueLayout.JAVA_DOUBLE.withName("norm"))
          .withName("fourierft_progress");

  /** Reads what a device wrote. */
  public static ProgressStruct read(ByteBuffer from) {
    return new ProgressStruct(from.getLong(), from.getLong(), from.getLong(), from.getDouble());
  }

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(steps).putLong(skipped).putLong(refused).putDouble(norm);
  }
}
