package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** The struct CUDA_MEMCPY2D: rows of memory to copy between the host and a device. */
public final class RectangleCopy {
  /** As cuda.h declares it, in the sizes of a 64-bit program. */
  static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          JAVA_LONG.withName("srcXInBytes"),
          JAVA_LONG.withName("srcY"),
          JAVA_INT.withName("srcMemoryType"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("srcHost"),
          JAVA_LONG.withName("srcDevice"),
          JAVA_LONG.withName("srcArray"),
          JAVA_LONG.withName("srcPitch"),
          JAVA_LONG.withName("dstXInBytes"),
          JAVA_LONG.withName("dstY"),
          JAVA_INT.withName("dstMemoryType"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("dstHost"),
          JAVA_LONG.withName("dstDevice"),
          JAVA_LONG.withName("dstArray"),
          JAVA_LONG.withName("dstPitch"),
          JAVA_LONG.withName("WidthInBytes"),
          JAVA_LONG.withName("Height"));

  private static final int MEMORY_TYPE_HOST = 1;
  private static final int MEMORY_TYPE_DEVICE = 2;

  private static final long SOURCE_TYPE = offset("srcMemoryType");
  private static final long SOURCE_HOST = offset("srcHost");
  private static final long SOURCE_DEVICE = offset("srcDevice");
  private static final long SOURCE_PITCH = offset("srcPitch");
  private static final long TARGET_TYPE = offset("dstMemoryType");
  private static final long TARGET_HOST = offset("dstHost");
  private static final long TARGET_DEVICE = offset("dstDevice");
  private static final long TARGET_PITCH = offset("dstPitch");
  private static final long WIDTH = offset("WidthInBytes");
  private static final long HEIGHT = offset("Height");

  private RectangleCopy() {}

  private static long offset(String field) {
    return LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement(field));
  }

  /** Dense rows of the host to rows of the device that are {@code pitch} bytes apart. */
  static MemorySegment toDevice(
      Arena arena, MemorySegment from, long to, long pitch, long rowBytes, long rows) {
    MemorySegment copy = rectangle(arena, rowBytes, rows);
    copy.set(JAVA_INT, SOURCE_TYPE, MEMORY_TYPE_HOST);
    copy.set(ADDRESS, SOURCE_HOST, from);
    copy.set(JAVA_LONG, SOURCE_PITCH, rowBytes);
    copy.set(JAVA_INT, TARGET_TYPE, MEMORY_TYPE_DEVICE);
    copy.set(JAVA_LONG, TARGET_DEVICE, to);
    copy.set(JAVA_LONG, TARGET_PITCH, pitch);
    return copy;
  }

  /** Rows of the device that are {@code pitch} bytes apart to dense rows of the host. */
  static MemorySegment toHost(
      Arena arena, MemorySegment to, long from, long pitch, long rowBytes, long rows) {
    MemorySegment copy = rectangle(arena, rowBytes, rows);
    copy.set(JAVA_INT, SOURCE_TYPE, MEMORY_TYPE_DEVICE);
    copy.set(JAVA_LONG, SOURCE_DEVICE, from);
    copy.set(JAVA_LONG, SOURCE_PITCH, pitch);
    copy.set(JAVA_INT, TARGET_TYPE, MEMORY_TYPE_HOST);
    copy.set(ADDRESS, TARGET_HOST, to);
    copy.set(JAVA_LONG, TARGET_PITCH, rowBytes);
    return copy;
  }

  private static MemorySegment rectangle(Arena arena, long rowBytes, long rows) {
    MemorySegment copy = arena.allocate(LAYOUT);
    copy.set(JAVA_LONG, WIDTH, rowBytes);
    copy.set(JAVA_LONG, HEIGHT, rows);
    return copy;
  }
}
