package io.fourierft.internal.cuda.struct;

import io.fourierft.ElementType;

/** The numbers that stand for formats of elements in the tables of the kernels. */
public final class ElementCode {
  private ElementCode() {}

  /** {@code FOURIERFT_F64} and its like, as native/include/fourierft_kernels.h numbers them. */
  public static int of(ElementType type) {
    return switch (type) {
      case F64 -> 0;
      case F32 -> 1;
      case F16 -> 2;
      case BF16 -> 3;
    };
  }
}
