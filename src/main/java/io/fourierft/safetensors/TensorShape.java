package io.fourierft.safetensors;

import java.util.List;

/** The checked arithmetic of shapes, as the reference does it: unsigned 64 bits, left to right. */
final class TensorShape {
  private TensorShape() {}

  /**
   * Bytes of a tensor.
   *
   * @throws ArithmeticException with the rule that is broken
   */
  static long sizeInBytes(DType dtype, List<Long> shape) {
    return dtype.sizeInBytes(elementCount(shape));
  }

  /**
   * The product of the dimensions; 1 for a scalar.
   *
   * @throws ArithmeticException if it overflows anywhere on the way, even before a dimension of 0
   */
  static long elementCount(List<Long> shape) {
    long product = 1;
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new ArithmeticException("dimension " + dimension + " is negative");
      }
      if (Math.unsignedMultiplyHigh(product, dimension) != 0) {
        throw new ArithmeticException("overflow computing buffer size of shape " + brief(shape));
      }
      product *= dimension;
    }
    if (product < 0) {
      throw new ArithmeticException("overflow computing buffer size of shape " + brief(shape));
    }
    return product;
  }

  /** The shape as text, cut where it is absurdly long. */
  static String brief(List<Long> shape) {
    if (shape.size() <= 16) {
      return shape.toString();
    }
    String head = shape.subList(0, 16).toString();
    return head.substring(0, head.length() - 1) + ", ... " + shape.size() + " dimensions]";
  }
}
