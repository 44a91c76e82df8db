package io.fourierft.internal.cpu;

import static io.fourierft.HostMatrix.DOUBLE_LE;
import static io.fourierft.HostMatrix.FLOAT_LE;
import static io.fourierft.HostMatrix.SHORT_LE;

import io.fourierft.HostMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Runs of elements of one row, between the matrix's element type and float arrays. Memory is copied
 * in bulk and converted from array to array: single accesses become seventy times slower once a JVM
 * has seen heap and native memory at the same place. For one thread at a time.
 */
public final class HostRows {
  private static final int CHUNK = 1024;

  private final float[] floats = new float[CHUNK];
  private final double[] doubles = new double[CHUNK];
  private final short[] halves = new short[CHUNK];
  // The bits of floats as integers: the compiler vectorises loops over these, not over a
  // conversion.
  private final int[] bits = new int[CHUNK];
  private final MemorySegment bitsOfFloats = MemorySegment.ofArray(bits);

  HostRows() {}

  /** {@code target[at + i] = matrix(row, col + i)}, F64 narrowed. */
  public void load(HostMatrix matrix, int row, int col, int count, float[] target, int at) {
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      loadPart(matrix, matrix.byteOffset(row, col + done), part, target, at + done);
    }
  }

  private void loadPart(HostMatrix matrix, long from, int count, float[] target, int at) {
    MemorySegment data = matrix.data();
    switch (matrix.elementType()) {
      case F32 -> MemorySegment.copy(data, FLOAT_LE, from, target, at, count);
      case F64 -> {
        MemorySegment.copy(data, DOUBLE_LE, from, doubles, 0, count);
        for (int i = 0; i < count; i++) {
          target[at + i] = (float) doubles[i];
        }
      }
      case F16 -> {
        MemorySegment.copy(data, SHORT_LE, from, halves, 0, count);
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.float16ToFloat(halves[i]);
        }
      }
      case BF16 -> {
        MemorySegment.copy(data, SHORT_LE, from, halves, 0, count);
        for (int i = 0; i < count; i++) {
          bits[i] = halves[i] << 16;
        }
        MemorySegment.copy(bitsOfFloats, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, target, at, count);
      }
    }
  }

  /** {@code matrix(row, col + i) = round(values[at + i])}. */
  public void store(HostMatrix matrix, int row, int col, int count, float[] values, int at) {
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      storePart(matrix, matrix.byteOffset(row, col + done), part, values, at + done);
    }
  }

  private void storePart(HostMatrix matrix, long to, int count, float[] values, int at) {
    MemorySegment data = matrix.data();
    switch (matrix.elementType()) {
      case F32 -> MemorySegment.copy(values, at, data, FLOAT_LE, to, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          doubles[i] = values[at + i];
        }
        MemorySegment.copy(doubles, 0, data, DOUBLE_LE, to, count);
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          halves[i] = Float.floatToFloat16(values[at + i]);
        }
        MemorySegment.copy(halves, 0, data, SHORT_LE, to, count);
      }
      case BF16 -> {
        MemorySegment.copy(values, at, bitsOfFloats, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
        roundToBfloat16(count);
        MemorySegment.copy(halves, 0, data, SHORT_LE, to, count);
      }
    }
  }

  /**
   * {@code matrix(row, col + i) = round(matrix(row, col + i) + sign·values[at + i])}, the sum in
   * float, for F64 in double.
   */
  public void add(
      HostMatrix matrix, int row, int col, int count, float[] values, int at, float sign) {
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      long there = matrix.byteOffset(row, col + done);
      switch (matrix.elementType()) {
        case F64 -> addDoubles(matrix.data(), there, part, values, at + done, sign);
        case F32, F16, BF16 -> {
          loadPart(matrix, there, part, floats, 0);
          for (int i = 0; i < part; i++) {
            floats[i] += sign * values[at + done + i];
          }
          storePart(matrix, there, part, floats, 0);
        }
      }
    }
  }

  private void addDoubles(
      MemorySegment data, long there, int count, float[] values, int at, float sign) {
    MemorySegment.copy(data, DOUBLE_LE, there, doubles, 0, count);
    for (int i = 0; i < count; i++) {
      doubles[i] += sign * values[at + i];
    }
    MemorySegment.copy(doubles, 0, data, DOUBLE_LE, there, count);
  }

  /**
   * As {@code ElementType.floatToBfloat16}, without a branch and in loops that are each short
   * enough to be vectorised.
   */
  private void roundToBfloat16(int count) {
    for (int i = 0; i < count; i++) {
      int value = bits[i];
      int allOnesIfNan = (0x7F800000 - (value & 0x7FFFFFFF)) >> 31;
      // A NaN becomes quiet, and has nothing below that could be rounded up.
      bits[i] = (value & ~(allOnesIfNan & 0xFFFF)) | (allOnesIfNan & 0x00400000);
    }
    for (int i = 0; i < count; i++) {
      int value = bits[i];
      bits[i] = (value + 0x7FFF + ((value >>> 16) & 1)) >>> 16;
    }
    for (int i = 0; i < count; i++) {
      halves[i] = (short) bits[i];
    }
  }
}
