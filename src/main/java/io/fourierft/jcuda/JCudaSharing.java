package io.fourierft.jcuda;

import io.fourierft.ElementType;
import io.fourierft.FourierException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.internal.jcuda.NativeAddress;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.runtime.cudaStream_t;

/**
 * Wraps what a program made with JCuda as this library's, and the reverse. Nothing is copied and
 * nothing changes its owner: who allocated memory or created a stream frees it, after the other is
 * done with it. JCuda must work in the device's primary context, as its runtime API does, and its
 * driver API after {@code cuDevicePrimaryCtxRetain}.
 *
 * <p>Thread-safe.
 */
public final class JCudaSharing {
  private final CudaFourierEngine engine;
  private final NativeAddress addresses = new NativeAddress();

  /** Shares with {@code engine}. */
  public JCudaSharing(CudaFourierEngine engine) {
    this.engine = engine;
  }

  /**
   * A dense matrix in memory that JCuda allocated.
   *
   * @param memory a device pointer, with or without an offset
   * @throws FourierException if it points to host memory or into another context
   */
  public CudaMatrix matrix(Pointer memory, ElementType elementType, int rows, int cols) {
    return matrix(memory, elementType, rows, cols, cols);
  }

  /**
   * The same with rows that are {@code stride} elements apart.
   *
   * @throws FourierException if it points to host memory or into another context
   */
  public CudaMatrix matrix(
      Pointer memory, ElementType elementType, int rows, int cols, long stride) {
    long address = addresses.of(memory);
    if (address == 0) {
      throw new FourierException(
          memory
              + " is no device pointer; allocate device memory, or use Matrix.of for host memory");
    }
    return engine.matrixAt(address, elementType, rows, cols, stride);
  }

  /**
   * A stream that JCuda's driver API created.
   *
   * @throws FourierException if it belongs to another context
   */
  public CudaStream stream(CUstream stream) {
    return engine.streamAt(addresses.of(stream));
  }

  /**
   * A stream that JCuda's runtime API created.
   *
   * @throws FourierException if it belongs to another context
   */
  public CudaStream stream(cudaStream_t stream) {
    return engine.streamAt(addresses.of(stream));
  }

  /** The memory of a matrix as JCuda's pointer; valid as long as the matrix's memory is. */
  public CUdeviceptr pointer(CudaMatrix matrix) {
    return addresses.give(new CUdeviceptr(), matrix.pointer());
  }

  /** A stream as JCuda's; valid until the stream is closed. */
  public CUstream stream(CudaStream stream) {
    return addresses.give(new CUstream(), stream.handle());
  }

  /** The engine's context, the device's primary one; valid until the engine is closed. */
  public CUcontext context() {
    return addresses.give(new CUcontext(), engine.context());
  }

  /** Whether {@code context} is the engine's, so that memory and streams can be shared. */
  public boolean isShared(CUcontext context) {
    return addresses.of(context) == engine.context();
  }
}
