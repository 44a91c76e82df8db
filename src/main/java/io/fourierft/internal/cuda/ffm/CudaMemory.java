package io.fourierft.internal.cuda.ffm;

import java.lang.foreign.MemorySegment;

/** The part of {@link CudaDriver} that allocates, copies and sets memory. */
public interface CudaMemory {
  /** CU_DEVICE_ATTRIBUTE_MAX_PITCH, as devices report it: the most bytes between rows of a copy. */
  long MAX_PITCH = Integer.MAX_VALUE;

  /** Free and total memory of the device now. */
  MemoryInfo memGetInfo();

  /** Device memory; never 0 bytes. */
  long memAlloc(long bytes);

  /** Returns device memory. */
  void memFree(long pointer);

  /** Pinned host memory, as a segment of that size and global scope. */
  MemorySegment memAllocHost(long bytes);

  /** Returns pinned memory. */
  void memFreeHost(MemorySegment memory);

  /** Copies host memory to the device. */
  void memcpyHtoDAsync(long to, MemorySegment from, long bytes, long stream);

  /** Copies device memory to the host. */
  void memcpyDtoHAsync(MemorySegment to, long from, long bytes, long stream);

  /**
   * Copies dense host memory to rows of device memory.
   *
   * @param to the first row on the device
   * @param pitch bytes from one row there to the next, at most {@link #MAX_PITCH}
   * @param from {@code rowBytes * rows} bytes
   */
  void memcpy2DHtoDAsync(
      long to, long pitch, MemorySegment from, long rowBytes, long rows, long stream);

  /**
   * Copies rows of device memory to dense host memory.
   *
   * @param to {@code rowBytes * rows} bytes
   * @param from the first row on the device
   * @param pitch bytes from one row there to the next, at most {@link #MAX_PITCH}
   */
  void memcpy2DDtoHAsync(
      MemorySegment to, long from, long pitch, long rowBytes, long rows, long stream);

  /** Copies within the device. */
  void memcpyDtoDAsync(long to, long from, long bytes, long stream);

  /** Sets bytes. */
  void memsetD8Async(long pointer, byte value, long bytes, long stream);

  /**
   * Sets the bytes of rows.
   *
   * @param pitch bytes from one row to the next
   */
  void memsetD2D8Async(long pointer, long pitch, byte value, long rowBytes, long rows, long stream);

  /** The context that holds a device pointer; 0 if none does, as with memory of a pool. */
  long pointerGetContext(long pointer);

  /** The number of the device that a pointer belongs to. */
  int pointerGetDeviceOrdinal(long pointer);

  /**
   * Memory of a device.
   *
   * @param freeBytes not in use by any process
   * @param totalBytes all
   */
  record MemoryInfo(long freeBytes, long totalBytes) {}
}
