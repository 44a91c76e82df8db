package io.fourierft;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A matrix in memory that the CPU can reach. The segment may be heap, native or mapped memory, need
 * not be aligned, and holds little-endian elements. Several threads may read one; a matrix that is
 * written must be used by one call at a time.
 *
 * @param data the memory; element {@code (r, c)} starts at byte {@code (r*stride + c) *
 *     elementType.sizeInBytes()}
 * @param elementType the format of one element
 * @param rows number of rows, at least 0
 * @param cols number of columns, at least 1
 * @param stride elements between the starts of two rows, at least {@code cols}
 */
public record HostMatrix(
    MemorySegment data, ElementType elementType, int rows, int cols, long stride)
    implements Matrix {
  private static final ValueLayout.OfFloat FLOAT_LE =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfDouble DOUBLE_LE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfShort SHORT_LE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Checks that all elements lie inside {@code data}.
   *
   * @throws ShapeException if they do not, or if a size is out of range
   */
  public HostMatrix {
    if (rows < 0 || cols < 1) {
      throw new ShapeException(
          "a matrix needs rows >= 0 and cols >= 1, but got " + rows + " x " + cols);
    }
    if (stride < cols) {
      throw new ShapeException(
          "stride " + stride + " is smaller than the " + cols + " columns of a row");
    }
    long elements;
    try {
      elements =
          rows == 0 ? 0 : Math.addExact(Math.multiplyExact((long) rows - 1, stride), (long) cols);
      Math.multiplyExact(elements, (long) elementType.sizeInBytes());
    } catch (ArithmeticException e) {
      throw new ShapeException(rows + " rows of stride " + stride + " exceed 2^63 bytes");
    }
    long needed = elements * elementType.sizeInBytes();
    if (needed > data.byteSize()) {
      throw new ShapeException(
          "a %s matrix of %d x %d with stride %d needs %d bytes, but the memory has %d"
              .formatted(elementType, rows, cols, stride, needed, data.byteSize()));
    }
  }

  /** Byte offset of element {@code (row, col)}; indices are not checked. */
  public long byteOffset(int row, int col) {
    return (row * stride + col) * elementType.sizeInBytes();
  }

  /** Element {@code (row, col)}, widened or (F64) narrowed to float. */
  public float get(int row, int col) {
    long at = byteOffset(row, col);
    return switch (elementType) {
      case F64 -> (float) data.get(DOUBLE_LE, at);
      case F32 -> data.get(FLOAT_LE, at);
      case F16 -> Float.float16ToFloat(data.get(SHORT_LE, at));
      case BF16 -> ElementType.bfloat16ToFloat(data.get(SHORT_LE, at));
    };
  }

  /** Stores {@code value} at {@code (row, col)}, rounded to nearest even. */
  public void set(int row, int col, float value) {
    long at = byteOffset(row, col);
    switch (elementType) {
      case F64 -> data.set(DOUBLE_LE, at, value);
      case F32 -> data.set(FLOAT_LE, at, value);
      case F16 -> data.set(SHORT_LE, at, Float.floatToFloat16(value));
      case BF16 -> data.set(SHORT_LE, at, ElementType.floatToBfloat16(value));
    }
  }

  /**
   * The rows {@code first} to {@code first + count - 1} of this matrix, no copy.
   *
   * @throws ShapeException if they are not all there
   */
  public HostMatrix slice(int first, int count) {
    if (first < 0 || count < 0 || count > rows - first) {
      throw new ShapeException(
          "rows %d to %d - 1 of a matrix of %d rows".formatted(first, (long) first + count, rows));
    }
    if (count == rows) {
      return this;
    }
    if (count == 0) {
      return new HostMatrix(data.asSlice(0, 0), elementType, 0, cols, stride);
    }
    return new HostMatrix(data.asSlice(byteOffset(first, 0)), elementType, count, cols, stride);
  }
}
