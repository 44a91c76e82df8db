package io.fourierft;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A view of a row-major matrix somewhere: activations {@code [tokens, features]}, a weight {@code
 * [out_features, in_features]}, or a vector {@code [1, n]}. Element {@code (r, c)} stands {@code r
 * * stride + c} elements after the first. A view owns nothing.
 */
public sealed interface Matrix permits HostMatrix, DeviceMatrix {
  /** The format of one element. */
  ElementType elementType();

  /** Number of rows (tokens, or out_features); at least 0. */
  int rows();

  /** Number of columns (features); at least 1. */
  int cols();

  /** Elements from the start of one row to the start of the next; at least {@link #cols()}. */
  long stride();

  /**
   * A dense F32 matrix over {@code data}, element {@code (r, c)} at {@code data[r*cols + c]}.
   *
   * @throws ShapeException if {@code data} is shorter than {@code rows * cols}
   */
  static HostMatrix of(float[] data, int rows, int cols) {
    return of(data, 0, rows, cols, cols);
  }

  /**
   * An F32 matrix over a part of {@code data}, element {@code (r, c)} at {@code data[offset +
   * r*stride + c]}.
   *
   * @throws ShapeException if the last element lies outside {@code data}
   */
  static HostMatrix of(float[] data, int offset, int rows, int cols, int stride) {
    if (offset < 0 || offset > data.length) {
      throw new ShapeException(
          "offset " + offset + " lies outside the array of " + data.length + " floats");
    }
    return new HostMatrix(
        MemorySegment.ofArray(data).asSlice(4L * offset), ElementType.F32, rows, cols, stride);
  }

  /**
   * A dense matrix over {@code data}, which may be on the heap, native or mapped, of any alignment,
   * little-endian.
   *
   * @throws ShapeException if {@code data} is shorter than {@code rows * cols} elements
   */
  static HostMatrix of(MemorySegment data, ElementType elementType, int rows, int cols) {
    return new HostMatrix(data, elementType, rows, cols, cols);
  }

  /**
   * A dense matrix over the bytes of {@code data} from its position to its limit, which are
   * little-endian whatever the buffer's order says. The buffer may be direct or on the heap; its
   * position stays, and later changes of it do not matter.
   *
   * @throws ShapeException if fewer than {@code rows * cols} elements remain
   */
  static HostMatrix of(ByteBuffer data, ElementType elementType, int rows, int cols) {
    return of(MemorySegment.ofBuffer(data), elementType, rows, cols);
  }
}
