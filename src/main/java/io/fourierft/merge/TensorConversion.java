package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import java.lang.foreign.MemorySegment;

/**
 * Changes the floating-point format of a run of elements, as loading a checkpoint with another
 * {@code torch_dtype} does: exact where the target is wider, else rounded to nearest even (from
 * float64 by way of float32, as torch rounds).
 */
final class TensorConversion {
  private static final int BLOCK = 8192;

  private TensorConversion() {}

  /**
   * Converts {@code count} little-endian elements.
   *
   * @param from the elements' memory, unaligned, at least {@code count} elements
   * @param to the result's memory, which must not overlap {@code from} unless both formats agree
   */
  static void convert(
      MemorySegment from, ElementType fromType, MemorySegment to, ElementType toType, long count) {
    if (fromType == toType) {
      MemorySegment.copy(from, 0, to, 0, count * fromType.sizeInBytes());
    } else if (toType == ElementType.F64) {
      widen(from, fromType, to, count);
    } else {
      float[] block = new float[BLOCK];
      for (long start = 0; start < count; start += BLOCK) {
        int length = (int) Math.min(BLOCK, count - start);
        decode(from, fromType, start, block, length);
        encode(block, length, to, toType, start);
      }
    }
  }

  /** How many of {@code count} little-endian elements are NaN or infinite. */
  static long nonFinite(MemorySegment data, ElementType type, long count) {
    long found = 0;
    float[] block = new float[BLOCK];
    for (long start = 0; start < count; start += BLOCK) {
      int length = (int) Math.min(BLOCK, count - start);
      if (type == ElementType.F64) {
        for (int i = 0; i < length; i++) {
          double element = data.get(HostMatrix.DOUBLE_LE, (start + i) * Double.BYTES);
          found += Double.isFinite(element) ? 0 : 1;
        }
      } else {
        decode(data, type, start, block, length);
        for (int i = 0; i < length; i++) {
          found += Float.isFinite(block[i]) ? 0 : 1;
        }
      }
    }
    return found;
  }

  private static void widen(
      MemorySegment from, ElementType fromType, MemorySegment to, long count) {
    float[] block = new float[BLOCK];
    for (long start = 0; start < count; start += BLOCK) {
      int length = (int) Math.min(BLOCK, count - start);
      decode(from, fromType, start, block, length);
      for (int i = 0; i < length; i++) {
        to.set(HostMatrix.DOUBLE_LE, (start + i) * Double.BYTES, block[i]);
      }
    }
  }

  private static void decode(
      MemorySegment from, ElementType type, long start, float[] block, int length) {
    switch (type) {
      case F64 -> {
        for (int i = 0; i < length; i++) {
          block[i] = (float) from.get(HostMatrix.DOUBLE_LE, (start + i) * Double.BYTES);
        }
      }
      case F32 ->
          MemorySegment.copy(from, HostMatrix.FLOAT_LE, start * Float.BYTES, block, 0, length);
      case F16 -> {
        for (int i = 0; i < length; i++) {
          block[i] = Float.float16ToFloat(from.get(HostMatrix.SHORT_LE, (start + i) * Short.BYTES));
        }
      }
      case BF16 -> {
        for (int i = 0; i < length; i++) {
          block[i] =
              ElementType.bfloat16ToFloat(from.get(HostMatrix.SHORT_LE, (start + i) * Short.BYTES));
        }
      }
    }
  }

  private static void encode(
      float[] block, int length, MemorySegment to, ElementType type, long start) {
    switch (type) {
      case F64 -> throw new IllegalArgumentException("F64 is written by widen");
      case F32 ->
          MemorySegment.copy(block, 0, to, HostMatrix.FLOAT_LE, start * Float.BYTES, length);
      case F16 -> {
        for (int i = 0; i < length; i++) {
          to.set(HostMatrix.SHORT_LE, (start + i) * Short.BYTES, Float.floatToFloat16(block[i]));
        }
      }
      case BF16 -> {
        for (int i = 0; i < length; i++) {
          to.set(
              HostMatrix.SHORT_LE,
              (start + i) * Short.BYTES,
              ElementType.floatToBfloat16(block[i]));
        }
      }
    }
  }
}
