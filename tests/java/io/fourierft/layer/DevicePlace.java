package io.fourierft.layer;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The memory of an engine's device. Thread-safe. */
final class DevicePlace implements LayerPlace, AutoCloseable {
  private final CudaFourierEngine engine;
  private final Set<DeviceBuffer> buffers = ConcurrentHashMap.newKeySet();

  DevicePlace(CudaFourierEngine engine) {
    this.engine = engine;
  }

  @Override
  public Matrix put(HostMatrix matrix) {
    DeviceBuffer buffer = engine.newBuffer(matrix.elementType(), matrix.rows(), matrix.cols());
    buffers.add(buffer);
    engine.upload(matrix, buffer);
    return buffer;
  }

  @Override
  public HostMatrix get(Matrix matrix) {
    HostMatrix copy = LayerSamples.zeros(matrix.elementType(), matrix.rows(), matrix.cols());
    engine.download((CudaMatrix) matrix, copy);
    return copy;
  }

  @Override
  public void release(Matrix matrix) {
    if (matrix instanceof DeviceBuffer buffer && buffers.remove(buffer)) {
      buffer.close();
    }
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
    buffers.clear();
  }
}
