package io.fourierft.safetensors;

import java.util.List;

/**
 * A tensor that is to be written: all but its place and its bytes.
 *
 * @param name any string of whole characters (no unpaired surrogate) but {@code __metadata__}
 * @param dtype the type of the elements
 * @param shape the dimensions, outermost first; empty for a scalar
 */
public record TensorDeclaration(String name, DType dtype, List<Long> shape) {
  /**
   * Checks the shape.
   *
   * @throws ArithmeticException if the size overflows or is no whole number of bytes
   */
  public TensorDeclaration {
    shape = List.copyOf(shape);
    TensorShape.sizeInBytes(dtype, shape);
  }

  /** Length of the tensor's data in bytes. */
  public long sizeInBytes() {
    return TensorShape.sizeInBytes(dtype, shape);
  }

  /** The product of the dimensions; 1 for a scalar. */
  public long elementCount() {
    return TensorShape.elementCount(shape);
  }
}
