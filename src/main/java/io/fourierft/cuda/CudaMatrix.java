package io.fourierft.cuda;

import io.fourierft.DeviceMatrix;

/**
 * A row-major matrix in the memory of one CUDA device. Element {@code (r, c)} starts {@code (r *
 * stride + c) * elementType.sizeInBytes()} bytes after {@link #pointer()}. A view owns nothing; it
 * must not outlive the memory it shows.
 */
public interface CudaMatrix extends DeviceMatrix {
  /**
   * Device address of the first element, for other users of the same primary context.
   *
   * @throws io.fourierft.EngineClosedException if the memory behind it was given back
   */
  long pointer();

  /**
   * The rows {@code first} to {@code first + count - 1} of this matrix, no copy.
   *
   * @throws io.fourierft.ShapeException if they are not all there
   */
  CudaMatrix slice(int first, int count);
}
