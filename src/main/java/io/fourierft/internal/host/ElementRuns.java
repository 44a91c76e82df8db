package io.fourierft.internal.host;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Runs of neighbouring elements, between memory in any element type and arrays of floats or
 * doubles: the one place that converts formats. Memory is copied in bulk and converted from array
 * to array: single accesses become seventy times slower once a JVM has seen heap and native memory
 * at the same place. For one thread at a time.
 */
public final class ElementRuns {
  private static final int CHUNK = 1024;

  private final float[] floats = new float[CHUNK];
  private final float[] addends = new float[CHUNK];
  private final double[] doubles = new double[CHUNK];
  private final short[] halves = new short[CHUNK];
  // The bits of floats as integers: the compiler vectorises loops over these, not over a
  // conversion.
  private final int[] bits = new int[CHUNK];
  private final MemorySegment bitsOfFloats = MemorySegment.ofArray(bits);

  /** A converter with buffers of its own. */
  public ElementRuns() {}

  /** {@code target[at + i] = matrix(row, col + i)}, F64 narrowed. */
  public void load(HostMatrix matrix, int row, int col, int count, float[] target, int at) {
    load(matrix.data(), matrix.elementType(), matrix.byteOffset(row, col), count, target, at);
  }

  /** {@code target[at + i] =} element i of those that start at byte {@code from}, F64 narrowed. */
  public void load(
      MemorySegment data, ElementType type, long from, int count, float[] target, int at) {
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      loadPart(data, type, from + (long) done * type.sizeInBytes(), part, target, at + done);
    }
  }

  private void loadPart(
      MemorySegment data, ElementType type, long from, int count, float[] target, int at) {
    switch (type) {
      case F32 -> MemorySegment.copy(data, LittleEndian.FLOAT, from, target, at, count);
      case F64 -> {
        MemorySegment.copy(data, LittleEndian.DOUBLE, from, doubles, 0, count);
        for (int i = 0; i < count; i++) {
          target[at + i] = (float) doubles[i];
        }
      }
      case F16 -> {
        MemorySegment.copy(data, LittleEndian.SHORT, from, halves, 0, count);
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.float16ToFloat(halves[i]);
        }
      }
      case BF16 -> {
        MemorySegment.copy(data, LittleEndian.SHORT, from, halves, 0, count);
        for (int i = 0; i < count; i++) {
          bits[i] = halves[i] << 16;
        }
        MemorySegment.copy(bitsOfFloats, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, target, at, count);
      }
    }
  }

  /** {@code target[at + i] = matrix(row, col + i)}, exact in every element type. */
  public void loadDoubles(HostMatrix matrix, int row, int col, int count, double[] target, int at) {
    long from = matrix.byteOffset(row, col);
    if (matrix.elementType() == ElementType.F64) {
      MemorySegment.copy(matrix.data(), LittleEndian.DOUBLE, from, target, at, count);
      return;
    }
    int size = matrix.elementType().sizeInBytes();
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      loadPart(matrix.data(), matrix.elementType(), from + (long) done * size, part, floats, 0);
      for (int i = 0; i < part; i++) {
        target[at + done + i] = floats[i];
      }
    }
  }

  /** {@code matrix(row, col + i) = round(values[at + i])}. */
  public void store(HostMatrix matrix, int row, int col, int count, float[] values, int at) {
    store(matrix.data(), matrix.elementType(), matrix.byteOffset(row, col), count, values, at);
  }

  /** Element i of those that start at byte {@code to} {@code = round(values[at + i])}. */
  public void store(
      MemorySegment data, ElementType type, long to, int count, float[] values, int at) {
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      storePart(data, type, to + (long) done * type.sizeInBytes(), part, values, at + done);
    }
  }

  private void storePart(
      MemorySegment data, ElementType type, long to, int count, float[] values, int at) {
    switch (type) {
      case F32 -> MemorySegment.copy(values, at, data, LittleEndian.FLOAT, to, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          doubles[i] = values[at + i];
        }
        MemorySegment.copy(doubles, 0, data, LittleEndian.DOUBLE, to, count);
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          halves[i] = Float.floatToFloat16(values[at + i]);
        }
        MemorySegment.copy(halves, 0, data, LittleEndian.SHORT, to, count);
      }
      case BF16 -> {
        MemorySegment.copy(values, at, bitsOfFloats, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
        roundToBfloat16(count);
        MemorySegment.copy(halves, 0, data, LittleEndian.SHORT, to, count);
      }
    }
  }

  /** {@code matrix(row, col + i) = values[at + i]} of an F64 matrix. */
  public void storeDoubles(
      HostMatrix matrix, int row, int col, int count, double[] values, int at) {
    MemorySegment.copy(
        values, at, matrix.data(), LittleEndian.DOUBLE, matrix.byteOffset(row, col), count);
  }

  /**
   * {@code matrix(row, col + i) = round(matrix(row, col + i) + sign·values[at + i])}, the sum in
   * float, for F64 in double.
   */
  public void add(
      HostMatrix matrix, int row, int col, int count, float[] values, int at, float sign) {
    ElementType type = matrix.elementType();
    MemorySegment data = matrix.data();
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      long there = matrix.byteOffset(row, col + done);
      switch (type) {
        case F64 -> addDoubles(data, there, part, values, at + done, sign);
        case F32, F16, BF16 -> {
          loadPart(data, type, there, part, floats, 0);
          // The compiler makes vectors of loops with one index over arrays that are not the same.
          System.arraycopy(values, at + done, addends, 0, part);
          for (int i = 0; i < part; i++) {
            floats[i] += sign * addends[i];
          }
          storePart(data, type, there, part, floats, 0);
        }
      }
    }
  }

  private void addDoubles(
      MemorySegment data, long there, int count, float[] values, int at, float sign) {
    MemorySegment.copy(data, LittleEndian.DOUBLE, there, doubles, 0, count);
    for (int i = 0; i < count; i++) {
      doubles[i] += sign * values[at + i];
    }
    MemorySegment.copy(doubles, 0, data, LittleEndian.DOUBLE, there, count);
  }

  /** How many of the {@code count} elements that start at byte {@code from} are not finite. */
  public long nonFinite(MemorySegment data, ElementType type, long from, int count) {
    long found = 0;
    int size = type.sizeInBytes();
    for (int done = 0; done < count; done += CHUNK) {
      int part = Math.min(CHUNK, count - done);
      long start = from + (long) done * size;
      if (type == ElementType.F64) {
        MemorySegment.copy(data, LittleEndian.DOUBLE, start, doubles, 0, part);
        for (int i = 0; i < part; i++) {
          found += Double.isFinite(doubles[i]) ? 0 : 1;
        }
      } else {
        loadPart(data, type, start, part, floats, 0);
        found += nonFinite(part);
      }
    }
    return found;
  }

  /** Of the first {@link #floats}. */
  private int nonFinite(int count) {
    MemorySegment.copy(floats, 0, bitsOfFloats, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
    int found = 0;
    for (int i = 0; i < count; i++) {
      // The exponent of all ones, and only that, carries into the sign.
      found += ((bits[i] & 0x7FFFFFFF) + 0x00800000) >>> 31;
    }
    return found;
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
