package io.fourierft.internal.cuda.ops;

import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaMemory;

/** What running out of memory becomes once nothing smaller is left to try. */
final class MemoryShortage {
  private MemoryShortage() {}

  /**
   * The failure, with what the device has.
   *
   * @param doing what was computed
   * @param neededBytes bytes of its smallest part
   */
  static CudaOutOfMemoryException of(
      CudaContext context, String doing, long neededBytes, RuntimeException cause) {
    CudaMemory.MemoryInfo memory = context.call(() -> context.driver().memGetInfo());
    CudaOutOfMemoryException failure =
        new CudaOutOfMemoryException(
            context.driver().library(),
            "cuMemAlloc_v2",
            CudaOutOfMemoryException.CODE,
            "CUDA_ERROR_OUT_OF_MEMORY",
            "%s, which needs %d bytes on %s; %d of its %d are free"
                .formatted(
                    doing,
                    neededBytes,
                    context.device().engineName(),
                    memory.freeBytes(),
                    memory.totalBytes()));
    failure.initCause(cause);
    return failure;
  }
}
