package io.fourierft.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes an array of C structs, field by field in order. Fields must fall on their alignment. */
final class TableWriter {
  private final ByteBuffer bytes;

  /** Room for {@code count} structs of {@code structBytes}. */
  TableWriter(int count, int structBytes) {
    bytes =
        ByteBuffer.allocate(Math.multiplyExact(count, structBytes)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A pointer or an int64_t. */
  TableWriter put(long value) {
    bytes.putLong(value);
    return this;
  }

  /** An int32_t. */
  TableWriter put(int value) {
    bytes.putInt(value);
    return this;
  }

  /** A float. */
  TableWriter put(float value) {
    bytes.putFloat(value);
    return this;
  }

  /** All structs. */
  byte[] finish() {
    if (bytes.hasRemaining()) {
      throw new IllegalStateException(bytes.remaining() + " bytes of a table were not written");
    }
    return bytes.array();
  }
}
