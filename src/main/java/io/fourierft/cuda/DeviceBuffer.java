package io.fourierft.cuda;

import io.fourierft.DeviceMatrix;

/**
 * Device memory with one owner, dense: {@code stride == cols}. Its first contents are undefined.
 * Closing gives the memory back once the work queued on it is done; using it afterwards is refused
 * with {@link io.fourierft.EngineClosedException}. A buffer that becomes unreachable without having
 * been closed is given back by a cleaner, which logs a warning.
 */
public interface DeviceBuffer extends CudaMatrix, DeviceMatrix.Owned {
  /** Bytes of device memory that it holds. */
  long sizeInBytes();

  /** Gives the memory back; a second call does nothing. */
  @Override
  void close();
}
