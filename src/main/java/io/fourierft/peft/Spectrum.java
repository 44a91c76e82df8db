package io.fourierft.peft;

import io.fourierft.ElementType;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.internal.host.LittleEndian;
import io.fourierft.safetensors.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The coefficients of one layer as a file holds them, to the bit. Computing takes them as float32;
 * saving writes what was read. Immutable.
 */
public final class Spectrum {
  private final DType dtype;
  private final byte[] data;
  private final int count;

  private Spectrum(DType dtype, byte[] data) {
    this.dtype = dtype;
    this.data = data;
    count = data.length / (dtype.bits() / 8);
  }

  /** Float32 coefficients, copied. */
  public static Spectrum of(float... values) {
    byte[] data = new byte[Math.multiplyExact(values.length, Float.BYTES)];
    MemorySegment.copy(
        values, 0, MemorySegment.ofArray(data), LittleEndian.FLOAT, 0, values.length);
    return new Spectrum(DType.F32, data);
  }

  /**
   * Coefficients of any type that PEFT takes: F64, F32, F16, BF16 and the integers.
   *
   * @param data little-endian, without gaps; copied
   * @throws PeftException if the type is another, or the data are no whole number of elements
   */
  public static Spectrum of(DType dtype, MemorySegment data) {
    if (!isSupported(dtype)) {
      throw new PeftException(
          "coefficients of type " + dtype + " are not supported; save the adapter as F32");
    }
    if (data.byteSize() % (dtype.bits() / 8) != 0) {
      throw new PeftException(
          data.byteSize() + " bytes are no whole number of " + dtype + " coefficients");
    }
    return new Spectrum(dtype, data.toArray(ValueLayout.JAVA_BYTE));
  }

  /** Whether coefficients may have this type. */
  static boolean isSupported(DType dtype) {
    return switch (dtype) {
      case F64, F32, F16, BF16, I8, I16, I32, I64, U8, U16, U32, U64 -> true;
      default -> false;
    };
  }

  /** The type in the file. */
  public DType dtype() {
    return dtype;
  }

  /** n_frequency: the number of coefficients. */
  public int nFrequency() {
    return count;
  }

  /** The coefficients rounded to float32, which F32, F16, BF16 and small integers are already. */
  public float[] toFloats() {
    MemorySegment from = MemorySegment.ofArray(data);
    float[] values = new float[count];
    switch (dtype) {
      case F32 -> load(from, ElementType.F32, values);
      case F16 -> load(from, ElementType.F16, values);
      case BF16 -> load(from, ElementType.BF16, values);
      case F64 -> load(from, ElementType.F64, values);
      case U64 -> {
        for (int k = 0; k < count; k++) {
          values[k] = unsignedToFloat(from.get(LittleEndian.LONG, 8L * k));
        }
      }
      default -> {
        for (int k = 0; k < count; k++) {
          values[k] = (float) integer(from, k);
        }
      }
    }
    return values;
  }

  private void load(MemorySegment from, ElementType type, float[] values) {
    new ElementRuns().load(from, type, 0, count, values, 0);
  }

  /** Whether {@link #toFloats} gives the coefficients without rounding. */
  public boolean isExactInFloat32() {
    MemorySegment from = MemorySegment.ofArray(data);
    for (int k = 0; k < count; k++) {
      boolean exact =
          switch (dtype) {
            case F64 -> {
              double value = from.get(LittleEndian.DOUBLE, 8L * k);
              yield Double.isNaN(value) || (float) value == value;
            }
            case I32, U32, I64, U64 -> {
              long value = integer(from, k);
              long magnitude = dtype == DType.U64 ? value : Math.abs(value);
              int used = 64 - Long.numberOfLeadingZeros(magnitude);
              yield used - Long.numberOfTrailingZeros(magnitude) <= 24;
            }
            default -> true;
          };
      if (!exact) {
        return false;
      }
    }
    return true;
  }

  /** Whether no coefficient is infinite or not a number. */
  public boolean isFinite() {
    for (float value : toFloats()) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** The bytes of the file: {@code dtype}, little-endian, without gaps. Read-only. */
  public MemorySegment data() {
    return MemorySegment.ofArray(data).asReadOnly();
  }

  private long integer(MemorySegment from, int k) {
    return switch (dtype) {
      case I8 -> from.get(ValueLayout.JAVA_BYTE, k);
      case U8 -> Byte.toUnsignedLong(from.get(ValueLayout.JAVA_BYTE, k));
      case I16 -> from.get(LittleEndian.SHORT, 2L * k);
      case U16 -> Short.toUnsignedLong(from.get(LittleEndian.SHORT, 2L * k));
      case I32 -> from.get(LittleEndian.INT, 4L * k);
      case U32 -> Integer.toUnsignedLong(from.get(LittleEndian.INT, 4L * k));
      case I64, U64 -> from.get(LittleEndian.LONG, 8L * k);
      default -> throw new AssertionError(dtype);
    };
  }

  private static float unsignedToFloat(long bits) {
    // Halving keeps the lowest bit as a sticky one, so that the rounding is that of the whole.
    return bits >= 0 ? (float) bits : (float) ((bits >>> 1) | (bits & 1)) * 2;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Spectrum that && dtype == that.dtype && Arrays.equals(data, that.data);
  }

  @Override
  public int hashCode() {
    return 31 * dtype.hashCode() + Arrays.hashCode(data);
  }

  @Override
  public String toString() {
    return "Spectrum[" + count + " x " + dtype + "]";
  }
}
