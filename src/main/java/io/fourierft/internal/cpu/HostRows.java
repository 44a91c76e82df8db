package io.fourierft.internal.cpu;

import static io.fourierft.HostMatrix.DOUBLE_LE;
import static io.fourierft.HostMatrix.FLOAT_LE;
import static io.fourierft.HostMatrix.SHORT_LE;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import java.lang.foreign.MemorySegment;

/** Runs of elements of one row, between the matrix's element type and float arrays. */
final class HostRows {
  private HostRows() {}

  /** {@code target[at + i] = matrix(row, col + i)}, F64 narrowed. */
  static void load(HostMatrix matrix, int row, int col, int count, float[] target, int at) {
    MemorySegment data = matrix.data();
    long from = matrix.byteOffset(row, col);
    switch (matrix.elementType()) {
      case F32 -> MemorySegment.copy(data, FLOAT_LE, from, target, at, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = (float) data.get(DOUBLE_LE, from + 8L * i);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.float16ToFloat(data.get(SHORT_LE, from + 2L * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = ElementType.bfloat16ToFloat(data.get(SHORT_LE, from + 2L * i));
        }
      }
    }
  }

  /** {@code matrix(row, col + i) = round(values[at + i])}. */
  static void store(HostMatrix matrix, int row, int col, int count, float[] values, int at) {
    MemorySegment data = matrix.data();
    long to = matrix.byteOffset(row, col);
    switch (matrix.elementType()) {
      case F32 -> MemorySegment.copy(values, at, data, FLOAT_LE, to, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          data.set(DOUBLE_LE, to + 8L * i, values[at + i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          data.set(SHORT_LE, to + 2L * i, Float.floatToFloat16(values[at + i]));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          data.set(SHORT_LE, to + 2L * i, ElementType.floatToBfloat16(values[at + i]));
        }
      }
    }
  }

  /**
   * {@code matrix(row, col + i) = round(matrix(row, col + i) + sign·values[at + i])}, the sum in
   * float, for F64 in double.
   */
  static void add(
      HostMatrix matrix, int row, int col, int count, float[] values, int at, float sign) {
    MemorySegment data = matrix.data();
    long to = matrix.byteOffset(row, col);
    switch (matrix.elementType()) {
      case F32 -> {
        for (int i = 0; i < count; i++) {
          long there = to + 4L * i;
          data.set(FLOAT_LE, there, data.get(FLOAT_LE, there) + sign * values[at + i]);
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          long there = to + 8L * i;
          data.set(DOUBLE_LE, there, data.get(DOUBLE_LE, there) + (double) (sign * values[at + i]));
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          long there = to + 2L * i;
          float sum = Float.float16ToFloat(data.get(SHORT_LE, there)) + sign * values[at + i];
          data.set(SHORT_LE, there, Float.floatToFloat16(sum));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          long there = to + 2L * i;
          float sum =
              ElementType.bfloat16ToFloat(data.get(SHORT_LE, there)) + sign * values[at + i];
          data.set(SHORT_LE, there, ElementType.floatToBfloat16(sum));
        }
      }
    }
  }
}
