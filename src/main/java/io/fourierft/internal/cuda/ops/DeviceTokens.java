package io.fourierft.internal.cuda.ops;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.kernels.LaunchArguments;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.ElementCode;

/**
 * Tokens on the device as kernels take them, one a row.
 *
 * @param data device address of the first
 * @param stride elements from one token to the next
 * @param type the {@link ElementCode}
 */
record DeviceTokens(long data, long stride, int type) {
  /** Bytes of the copies of so many tokens that are not on the device. */
  static long copyBytes(Matrix matrix, long tokens) {
    return matrix instanceof HostMatrix
        ? tokens * matrix.cols() * matrix.elementType().sizeInBytes()
        : 0;
  }

  /**
   * Tokens {@code first} to {@code first + count - 1} of a matrix that was checked; those on the
   * host are copied first.
   *
   * @param copy device memory of {@link #copyBytes}
   */
  static DeviceTokens of(WorkStream stream, Matrix matrix, int first, int count, long copy) {
    int type = ElementCode.of(matrix.elementType());
    return switch (matrix) {
      case HostMatrix host -> {
        stream.upload(HostBytes.of(host.slice(first, count)), copy);
        yield new DeviceTokens(copy, matrix.cols(), type);
      }
      case DeviceView view ->
          new DeviceTokens(
              view.pointer() + first * view.stride() * view.elementType().sizeInBytes(),
              view.stride(),
              type);
      default -> throw new IllegalStateException(matrix + " was not checked");
    };
  }

  /** Queues the copy back of tokens that are on the host. */
  void download(WorkStream stream, Matrix matrix, int first, int count) {
    if (matrix instanceof HostMatrix host) {
      stream.download(data, HostBytes.of(host.slice(first, count)));
    }
  }

  /** To be called before anything is enqueued that writes to the matrix. */
  static void beginOutput(WorkStream stream, Matrix matrix) {
    if (matrix instanceof DeviceView) {
      stream.beginOutput();
    }
  }

  /** Adds data, stride and type to a kernel's parameters. */
  LaunchArguments addTo(LaunchArguments parameters) {
    return parameters.add(data).add(stride).add(type);
  }
}
