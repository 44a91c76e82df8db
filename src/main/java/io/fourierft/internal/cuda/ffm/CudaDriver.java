package io.fourierft.internal.cuda.ffm;

import java.lang.foreign.MemorySegment;

/**
 * The functions of the CUDA driver API that the engine uses, under their C names without {@code
 * cu}. Handles and device pointers are longs; device memory is never a segment that Java could
 * read. Host memory that a copy is given must be native and, for the copy to be asynchronous,
 * pinned. A failed call throws {@link io.fourierft.cuda.CudaException}, or {@link
 * io.fourierft.cuda.CudaOutOfMemoryException}. All but the first group need a current context.
 */
public interface CudaDriver {
  /** CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT. */
  int MULTIPROCESSOR_COUNT = 16;

  /** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR. */
  int COMPUTE_CAPABILITY_MAJOR = 75;

  /** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR. */
  int COMPUTE_CAPABILITY_MINOR = 76;

  /** CU_STREAM_NON_BLOCKING: no implicit order with the null stream. */
  int STREAM_NON_BLOCKING = 1;

  /** CU_EVENT_DEFAULT: an event that takes the time. */
  int EVENT_DEFAULT = 0;

  /** CU_EVENT_DISABLE_TIMING: an event for order alone. */
  int EVENT_DISABLE_TIMING = 2;

  /** CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may go on allocating meanwhile. */
  int CAPTURE_THREAD_LOCAL = 1;

  /** The library, as it was loaded. */
  String library();

  /** Starts the driver; may be called again. */
  void init();

  /** The newest CUDA version that the driver knows: 1000·major + 10·minor. */
  int driverGetVersion();

  /** Devices that CUDA_VISIBLE_DEVICES leaves visible. */
  int deviceGetCount();

  /** Handle of device number {@code ordinal}. */
  int deviceGet(int ordinal);

  /** The product's name. */
  String deviceGetName(int device);

  /** One property of a device. */
  int deviceGetAttribute(int attribute, int device);

  /** Bytes of memory on the device. */
  long deviceTotalMem(int device);

  /** Takes a share in the context that all CUDA users of the process have in common. */
  long devicePrimaryCtxRetain(int device);

  /** Gives the share back. */
  void devicePrimaryCtxRelease(int device);

  /** Makes {@code context} the current one of this thread, over the one before. */
  void ctxPushCurrent(long context);

  /** Takes the current context off again and returns it. */
  long ctxPopCurrent();

  /** Waits for all work of the current context. */
  void ctxSynchronize();

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

  /** A stream of work. */
  long streamCreate(int flags);

  /** Gives a stream up; its queued work still runs. */
  void streamDestroy(long stream);

  /** Waits for a stream. */
  void streamSynchronize(long stream);

  /** Lets the stream's later work wait for an event. */
  void streamWaitEvent(long stream, long event);

  /** The context that a stream belongs to. */
  long streamGetCtx(long stream);

  /** Begins to record a stream's work instead of running it. */
  void streamBeginCapture(long stream, int mode);

  /** Ends the recording; returns a graph, or 0 if it was made invalid. */
  long streamEndCapture(long stream);

  /** Whether the stream is being recorded. */
  boolean streamIsCapturing(long stream);

  /** Makes a recorded graph ready to run. */
  long graphInstantiate(long graph);

  /** Runs a graph on a stream. */
  void graphLaunch(long executable, long stream);

  /** Frees a graph that was made ready. */
  void graphExecDestroy(long executable);

  /** Frees a recorded graph. */
  void graphDestroy(long graph);

  /** An event. */
  long eventCreate(int flags);

  /** Frees an event. */
  void eventDestroy(long event);

  /** Marks the present end of a stream. */
  void eventRecord(long event, long stream);

  /** Waits for an event. */
  void eventSynchronize(long event);

  /** Milliseconds between two events that take the time. */
  float eventElapsedTime(long start, long end);

  /** Loads a fatbin or a cubin into the current context. */
  long moduleLoadData(MemorySegment image);

  /** Unloads a module. */
  void moduleUnload(long module);

  /** A kernel by its C name. */
  long moduleGetFunction(long module, String name);

  /**
   * Enqueues a kernel.
   *
   * @param parameters native array of pointers, one to each parameter's value; both are read before
   *     this returns
   */
  void launchKernel(
      long function,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int blockY,
      int blockZ,
      int sharedBytes,
      long stream,
      MemorySegment parameters);

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
