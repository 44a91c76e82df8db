package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One adapter whose spectrum is to be scattered.
 *
 * @param row device address of u[k]
 * @param column device address of v[k]
 * @param coefficient device address of c[k]
 * @param columnSlot device address of the slots of columns and of the way back; 0 unless pruned
 * @param frequencies n
 * @param scale factor on every c[k]
 */
public record AdapterStruct(
    long row, long column, long coefficient, long columnSlot, long frequencies, float scale)
    implements Struct {
  /** The struct {@code fourierft_adapter}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("row"),
              ValueLayout.JAVA_LONG.withName("column"),
              ValueLayout.JAVA_LONG.withName("coefficient"),
              ValueLayout.JAVA_LONG.withName("column_slot"),
              ValueLayout.JAVA_LONG.withName("frequencies"),
              ValueLayout.JAVA_FLOAT.withName("scale"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_adapter");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(row)
        .putLong(column)
        .putLong(coefficient)
        .putLong(columnSlot)
        .putLong(frequencies)
        .putFloat(scale)
        .putInt(0);
  }
}
