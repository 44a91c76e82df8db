package io.fourierft.internal.cuda.ffm;

import java.lang.foreign.MemorySegment;

/**
 * The functions of the CUDA driver API that the engine uses, under their C names without {@code
 * cu}. Handles and device pointers are longs; device memory is never a segment that Java could
 * read. Host memory that a copy is given must be native and, for the copy to be asynchronous,
 * pinned. A failed call throws {@link io.fourierft.cuda.CudaException}, or {@link
 * io.fourierft.cuda.CudaOutOfMemoryException}. Here are devices, contexts and kernels; all but the
 * first of them need a current context, and so do memory and streams.
 */
public interface CudaDriver extends CudaMemory, CudaStreams {
  /** CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT. */
  int MULTIPROCESSOR_COUNT = 16;

  /** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR. */
  int COMPUTE_CAPABILITY_MAJOR = 75;

  /** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR. */
  int COMPUTE_CAPABILITY_MINOR = 76;

  /** CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN. */
  int MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97;

  /** CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES. */
  int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;

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

  /** Loads a fatbin or a cubin into the current context. */
  long moduleLoadData(MemorySegment image);

  /** Unloads a module. */
  void moduleUnload(long module);

  /** A kernel by its C name. */
  long moduleGetFunction(long module, String name);

  /** Sets one property of a kernel. */
  void funcSetAttribute(long function, int attribute, int value);

  /** How many blocks of a kernel run on a multiprocessor at a time. */
  int occupancyMaxActiveBlocksPerMultiprocessor(long function, int threads, long sharedBytes);

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
}
