package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An array of one C struct as the kernels read it, filled from the first to the last. */
public final class StructTable {
  private final StructLayout layout;
  private final ByteBuffer bytes;

  /** Room for {@code count} structs. */
  public StructTable(StructLayout layout, int count) {
    this.layout = layout;
    this.bytes =
        ByteBuffer.allocate(Math.multiplyExact(count, Math.toIntExact(layout.byteSize())))
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The bytes of one struct. */
  public static byte[] of(Struct struct) {
    return new StructTable(struct.layout(), 1).add(struct).finish();
  }

  /** The bytes of int32_t numbers. */
  public static byte[] of(int[] values) {
    byte[] bytes = new byte[Math.multiplyExact(values.length, Integer.BYTES)];
    MemorySegment.copy(
        MemorySegment.ofArray(values),
        0,
        MemorySegment.ofArray(bytes),
        0,
        ValueLayout.JAVA_BYTE.byteSize() * bytes.length);
    return bytes;
  }

  /** Adds the next struct. */
  public StructTable add(Struct struct) {
    int end = bytes.position() + (int) layout.byteSize();
    struct.write(bytes);
    if (!layout.equals(struct.layout()) || bytes.position() != end) {
      throw new IllegalStateException(struct + " is not one " + layout);
    }
    return this;
  }

  /** All structs. */
  public byte[] finish() {
    if (bytes.hasRemaining()) {
      throw new IllegalStateException(bytes.remaining() + " bytes of a table were not written");
    }
    return bytes.array();
  }
}
