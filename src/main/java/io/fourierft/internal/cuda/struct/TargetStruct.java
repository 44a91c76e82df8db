package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * Where one adapter's delta goes.
 *
 * @param data device address of the matrix
 * @param stride elements from one row to the next
 * @param type its {@link ElementCode}
 * @param deltaType the {@link ElementCode} that the delta is rounded to first
 * @param scale factor on the source
 * @param transposed 1 if the matrix is [cols, rows], else 0
 */
public record TargetStruct(
    long data, long stride, int type, int deltaType, float scale, int transposed)
    implements Struct {
  /** The struct {@code fourierft_target}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("data"),
              ValueLayout.JAVA_LONG.withName("stride"),
              ValueLayout.JAVA_INT.withName("type"),
              ValueLayout.JAVA_INT.withName("delta_type"),
              ValueLayout.JAVA_FLOAT.withName("scale"),
              ValueLayout.JAVA_INT.withName("transposed"))
          .withName("fourierft_target");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(data)
        .putLong(stride)
        .putInt(type)
        .putInt(deltaType)
        .putFloat(scale)
        .putInt(transposed);
  }
}
