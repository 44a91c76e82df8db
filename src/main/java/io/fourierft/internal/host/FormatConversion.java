package io.fourierft.internal.host;

import io.fourierft.ElementType;
import java.lang.foreign.MemorySegment;

/**
 * Changes the floating-point format of elements without gaps, as loading a checkpoint with another
 * {@code torch_dtype} does: exact where the target is wider, else rounded to nearest even (from
 * float64 by way of float32, as torch rounds).
 */
public final class FormatConversion {
  /** Small enough to stay in the first cache beside the memory that it goes to. */
  private static final int BLOCK = 1024;

  private FormatConversion() {}

  /**
   * Converts {@code count} little-endian elements.
   *
   * @param from the elements' memory, unaligned, at least {@code count} elements
   * @param to the result's memory, which must not overlap {@code from} unless both formats agree
   */
  public static void convert(
      MemorySegment from, ElementType fromType, MemorySegment to, ElementType toType, long count) {
    if (fromType == toType) {
      MemorySegment.copy(from, 0, to, 0, count * fromType.sizeInBytes());
      return;
    }
    ElementRuns runs = new ElementRuns();
    float[] block = new float[BLOCK];
    for (long start = 0; start < count; start += BLOCK) {
      int length = (int) Math.min(BLOCK, count - start);
      runs.load(from, fromType, start * fromType.sizeInBytes(), length, block, 0);
      runs.store(to, toType, start * toType.sizeInBytes(), length, block, 0);
    }
  }

  /** How many of {@code count} little-endian elements are NaN or infinite. */
  public static long nonFinite(MemorySegment data, ElementType type, long count) {
    ElementRuns runs = new ElementRuns();
    long found = 0;
    for (long start = 0; start < count; start += BLOCK) {
      int length = (int) Math.min(BLOCK, count - start);
      found += runs.nonFinite(data, type, start * type.sizeInBytes(), length);
    }
    return found;
  }
}
