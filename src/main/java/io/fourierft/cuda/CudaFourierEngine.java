package io.fourierft.cuda;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import java.util.List;
import java.util.function.Consumer;

/**
 * A {@link FourierEngine} on a CUDA device.
 *
 * <p><b>Memory.</b> Every matrix may be a {@link HostMatrix} or a {@link CudaMatrix} of this
 * device, in any mixture. A call that writes host memory returns when it is written; any other call
 * returns as soon as its work is enqueued. Host memory that is read has been read when the call
 * returns.
 *
 * <p><b>Streams.</b> Work goes to the engine's own stream, unless the engine was taken {@link #on}
 * another. A failure that the device finds later is reported by the next call that notices it.
 *
 * <p><b>Errors.</b> Beside those of {@link FourierEngine}: {@link CudaOutOfMemoryException}, after
 * which the engine goes on working; {@link CudaException}, {@link CufftException} and {@link
 * CublasException}; and {@link DeviceLostException} for every call after one whose failure cannot
 * be recovered from.
 */
public interface CudaFourierEngine extends FourierEngine {
  /**
   * The engine as a CUDA engine.
   *
   * @throws FourierException if it is of another kind
   */
  static CudaFourierEngine of(FourierEngine engine) {
    if (engine instanceof CudaFourierEngine cuda) {
      return cuda;
    }
    throw new FourierException(
        "engine " + engine.name() + " is no CUDA engine; ask for device cuda or cuda:N");
  }

  /** Device memory for a dense matrix, contents undefined. */
  DeviceBuffer newBuffer(ElementType elementType, int rows, int cols);

  /**
   * A view of device memory that another user of the primary context owns, or that belongs to a
   * pool of the device ({@code cuMemAllocAsync}). What fills or frees the memory on another stream
   * has to be ordered by the caller.
   *
   * @param pointer device address of the first element, aligned to its size
   * @param stride elements between the starts of two rows
   * @throws FourierException if the pointer belongs to another context or device
   */
  CudaMatrix matrixAt(long pointer, ElementType elementType, int rows, int cols, long stride);

  /**
   * Copies host to device.
   *
   * @throws io.fourierft.ShapeException if shapes or element types differ
   */
  void upload(HostMatrix from, CudaMatrix to);

  /**
   * Copies device to host and waits for it.
   *
   * @throws io.fourierft.ShapeException if shapes or element types differ
   */
  void download(CudaMatrix from, HostMatrix to);

  /** Sets every element to zero. */
  void zero(CudaMatrix matrix);

  /** The stream that this engine enqueues on. */
  CudaStream stream();

  /** A new stream, which has no implicit order with any other. */
  CudaStream newStream();

  /**
   * A stream that another user of the primary context made; 0 is the null stream.
   *
   * @throws FourierException if it belongs to another context
   */
  CudaStream streamAt(long handle);

  /**
   * The same engine, enqueueing on {@code stream}. Closing what this returns does nothing; the
   * engine itself is what is closed.
   */
  CudaFourierEngine on(CudaStream stream);

  /**
   * Does {@code work} once, and records it so that it can be done again. All that the work computes
   * on must be device memory, and it may only enqueue: it must not download or wait.
   *
   * @param work given an engine, on a stream of its own; it must use that one
   * @throws FourierException if the work did something that cannot be recorded
   */
  CudaGraph record(Consumer<CudaFourierEngine> work);

  /** Puts the coefficients of {@code adapter} on the device, where they may be changed. */
  DeviceSpectrum newDeviceSpectrum(FourierAdapter adapter);

  /**
   * AdamW on parameters on this device, with moments of zero and no step made.
   *
   * @param groups how many groups of parameters there are
   * @throws io.fourierft.ShapeException if a matrix is not F32, dense and of this device, or the
   *     shapes of a parameter differ
   */
  DeviceAdamW newAdamW(List<DeviceAdamW.Parameter> parameters, int groups);

  /** The CUcontext: the device's primary context. */
  long context();

  /** Free and total memory of the device, as the driver reports it. */
  DeviceMemory memory();

  /** Waits until everything enqueued on the engine's stream is done. */
  void synchronize();

  /**
   * Memory of the device.
   *
   * @param freeBytes not in use by any process
   * @param totalBytes all
   * @param engineBytes of them held by this engine and its buffers
   */
  record DeviceMemory(long freeBytes, long totalBytes, long engineBytes) {}
}
