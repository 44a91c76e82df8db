package io.fourierft.safetensors;

import io.fourierft.ElementType;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The element types of the format, in its alignment order: the reference writer sorts tensors by
 * this order, descending. The constants' names are the names in the header.
 */
public enum DType {
  /** One byte, 0 or 1. */
  BOOL(8),
  /** Four-bit float (E2M1), two to a byte. */
  F4(4),
  /** Six-bit float, two exponent bits. */
  F6_E2M3(6),
  /** Six-bit float, three exponent bits. */
  F6_E3M2(6),
  /** Unsigned byte. */
  U8(8),
  /** Signed byte. */
  I8(8),
  /** Eight-bit float, five exponent bits. */
  F8_E5M2(8),
  /** Eight-bit float, four exponent bits. */
  F8_E4M3(8),
  /** Eight-bit exponent, a block scale. */
  F8_E8M0(8),
  /** Eight-bit float, four exponent bits, no infinities, no negative zero. */
  F8_E4M3FNUZ(8),
  /** Eight-bit float, five exponent bits, no infinities, no negative zero. */
  F8_E5M2FNUZ(8),
  /** Signed 16-bit integer. */
  I16(16),
  /** Unsigned 16-bit integer. */
  U16(16),
  /** IEEE 754 binary16. */
  F16(16),
  /** The upper half of an IEEE 754 binary32. */
  BF16(16),
  /** Signed 32-bit integer. */
  I32(32),
  /** Unsigned 32-bit integer. */
  U32(32),
  /** IEEE 754 binary32. */
  F32(32),
  /** Two IEEE 754 binary32: real, imaginary. */
  C64(64),
  /** IEEE 754 binary64. */
  F64(64),
  /** Signed 64-bit integer. */
  I64(64),
  /** Unsigned 64-bit integer. */
  U64(64);

  private static final Map<String, DType> BY_NAME = byName();

  private final int bits;

  DType(int bits) {
    this.bits = bits;
  }

  private static Map<String, DType> byName() {
    Map<String, DType> byName = new HashMap<>();
    for (DType dtype : values()) {
      byName.put(dtype.name(), dtype);
    }
    return Map.copyOf(byName);
  }

  /** The type of that name, which is case-sensitive; empty if the format has none. */
  public static Optional<DType> named(String name) {
    return Optional.ofNullable(BY_NAME.get(name));
  }

  /** The type in which weights, activations or coefficients of a format are stored. */
  public static DType of(ElementType type) {
    return switch (type) {
      case F64 -> F64;
      case F32 -> F32;
      case F16 -> F16;
      case BF16 -> BF16;
    };
  }

  /** The format that this library computes with, if it computes with this type. */
  public Optional<ElementType> elementType() {
    return switch (this) {
      case F64 -> Optional.of(ElementType.F64);
      case F32 -> Optional.of(ElementType.F32);
      case F16 -> Optional.of(ElementType.F16);
      case BF16 -> Optional.of(ElementType.BF16);
      default -> Optional.empty();
    };
  }

  /** Bits of one element. */
  public int bits() {
    return bits;
  }

  /**
   * Bytes of {@code elementCount} elements, which are packed without gaps.
   *
   * @throws ArithmeticException if the count is negative, if the bits overflow 64 bits, or if
   *     elements smaller than a byte do not end at a byte boundary
   */
  public long sizeInBytes(long elementCount) {
    if (elementCount < 0 || Math.unsignedMultiplyHigh(elementCount, bits) != 0) {
      throw new ArithmeticException(
          "overflow computing buffer size: "
              + Long.toUnsignedString(elementCount)
              + " elements of "
              + this);
    }
    long totalBits = elementCount * bits;
    if ((totalBits & 7) != 0) {
      throw new ArithmeticException(
          elementCount + " elements of " + this + " do not end at a byte boundary");
    }
    return totalBits >>> 3;
  }
}
