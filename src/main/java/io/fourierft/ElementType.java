package io.fourierft;

/** The floating-point formats in which weights, activations and coefficients are kept. */
public enum ElementType {
  /** IEEE 754 binary64. */
  F64(8),
  /** IEEE 754 binary32. */
  F32(4),
  /** IEEE 754 binary16. */
  F16(2),
  /** The upper half of an IEEE 754 binary32. */
  BF16(2);

  private final int sizeInBytes;

  ElementType(int sizeInBytes) {
    this.sizeInBytes = sizeInBytes;
  }

  /** Bytes of one element. */
  public int sizeInBytes() {
    return sizeInBytes;
  }

  /**
   * {@code value} after a rounding to this format (nearest, ties to even) and back. F32 and F64
   * return it as it is.
   */
  public float round(float value) {
    return switch (this) {
      case F64, F32 -> value;
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case BF16 -> bfloat16ToFloat(floatToBfloat16(value));
    };
  }

  /** The bfloat16 nearest to {@code value}, ties to even; every NaN stays a (quiet) NaN. */
  public static short floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x0040);
    }
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  /** The float of the same value; exact. */
  public static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
