package io.fourierft.model;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Puts tensors where a model holds them, one at a time, and gives the memory back at the end. */
final class TensorMemory implements AutoCloseable {
  private final @Nullable CudaFourierEngine device;
  private final List<DeviceBuffer> buffers = new CopyOnWriteArrayList<>();

  TensorMemory(FourierEngine engine, ModelMemory memory) {
    device = memory == ModelMemory.DEVICE ? CudaFourierEngine.of(engine) : null;
  }

  /** The tensor itself on the host, else a copy on the device. */
  Matrix place(HostMatrix tensor) {
    if (device == null) {
      return tensor;
    }
    DeviceBuffer buffer = device.newBuffer(tensor.elementType(), tensor.rows(), tensor.cols());
    buffers.add(buffer);
    device.upload(tensor, buffer);
    return buffer;
  }

  /** Zeros of the shape of {@code like}, F32. */
  Matrix zeros(Matrix like) {
    if (device == null) {
      int elements = Math.multiplyExact(like.rows(), like.cols());
      return Matrix.of(new float[elements], like.rows(), like.cols());
    }
    DeviceBuffer buffer = device.newBuffer(ElementType.F32, like.rows(), like.cols());
    buffers.add(buffer);
    device.zero(buffer);
    return buffer;
  }

  /** What an F32 tensor holds now, on the host; waits for a device. */
  HostMatrix read(Matrix tensor) {
    if (tensor instanceof HostMatrix host) {
      return host;
    }
    if (device == null || !(tensor instanceof CudaMatrix from)) {
      throw new IllegalStateException(tensor + " is in no memory of this model");
    }
    int elements = Math.multiplyExact(tensor.rows(), tensor.cols());
    HostMatrix copy = Matrix.of(new float[elements], tensor.rows(), tensor.cols());
    device.download(from, copy);
    return copy;
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
    buffers.clear();
  }
}
