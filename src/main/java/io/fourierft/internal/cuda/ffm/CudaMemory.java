package io.fourierft.internal.cuda.ffm;

import java.lang.foreign.MemorySegment;

/** The part of {@link CudaDriver} that allocates, copies and sets memory. */
public interface CudaMemory {
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

  /** Copies within the device. */
  void memcpyDtoDAsync(long to, long from, long bytes, long stream);

  /** Sets bytes. */
  void memsetD8Async(long pointer, byte value, long bytes, long stream);

  /** The context that holds a device pointer. */
  long pointerGetContext(long pointer);

  /**
   * Memory of a device.
   *
   * @param freeBytes not in use by any process
   * @param totalBytes all
   */
  record MemoryInfo(long freeBytes, long totalBytes) {}
}
