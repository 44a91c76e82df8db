package io.fourierft.safetensors;

import java.util.List;
import java.util.Locale;

/**
 * What a file's header says of one tensor, after validation.
 *
 * @param name any string, possibly empty; never to be used as a path
 * @param dtype the type of the elements
 * @param shape the dimensions, outermost first; empty for a scalar
 * @param begin the first byte, counted from the start of the data
 * @param end the byte after the last, counted from the start of the data
 */
public record TensorInfo(String name, DType dtype, List<Long> shape, long begin, long end) {
  /**
   * Checks that the range holds exactly the elements.
   *
   * @throws ArithmeticException if the size overflows or is no whole number of bytes
   * @throws IllegalArgumentException if the range has another length
   */
  public TensorInfo {
    shape = List.copyOf(shape);
    long size = TensorShape.sizeInBytes(dtype, shape);
    if (begin < 0 || end < begin || end - begin != size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "data_offsets [%d, %d] do not hold the %d bytes of %s %s",
              begin,
              end,
              size,
              dtype,
              TensorShape.brief(shape)));
    }
  }

  /** Length of the tensor's data in bytes. */
  public long sizeInBytes() {
    return end - begin;
  }

  /** The product of the dimensions; 1 for a scalar. */
  public long elementCount() {
    return TensorShape.elementCount(shape);
  }

  /** What a writer must know to write a tensor like this one. */
  public TensorDeclaration declaration() {
    return new TensorDeclaration(name, dtype, shape);
  }
}
