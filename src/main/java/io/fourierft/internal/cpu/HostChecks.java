package io.fourierft.internal.cpu;

import io.fourierft.DeviceMatrix;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.lang.foreign.MemorySegment;

/** What the engine asks of every matrix before anything is read or written. */
final class HostChecks {
  private HostChecks() {}

  /**
   * The matrix as one in host memory of the given shape.
   *
   * @throws ShapeException if it is on a device or has another shape
   */
  static HostMatrix host(Matrix matrix, String name, int rows, int cols) {
    HostMatrix host = host(matrix, name);
    if (host.rows() != rows || host.cols() != cols) {
      throw new ShapeException(
          "%s is %d x %d, but must be %d x %d"
              .formatted(name, host.rows(), host.cols(), rows, cols));
    }
    return host;
  }

  /** The matrix as one in host memory. */
  static HostMatrix host(Matrix matrix, String name) {
    return switch (matrix) {
      case HostMatrix host -> {
        requireReachable(host, name);
        yield host;
      }
      case DeviceMatrix device ->
          throw new ShapeException(
              name
                  + " is in device memory, which the CPU engine cannot reach; copy it to the host"
                  + " or use the engine that made it");
    };
  }

  private static void requireReachable(HostMatrix matrix, String name) {
    if (!matrix.data().scope().isAlive()) {
      throw new ShapeException(name + " is in memory whose arena has been closed");
    }
    if (!matrix.data().isAccessibleBy(Thread.currentThread())) {
      throw new ShapeException(
          name + " is in the confined arena of another thread; use a shared one");
    }
  }

  /** As {@link #host(Matrix, String, int, int)}, to be written. */
  static HostMatrix output(Matrix matrix, String name, int rows, int cols) {
    HostMatrix host = host(matrix, name, rows, cols);
    if (host.data().isReadOnly()) {
      throw new ShapeException(name + " is read-only memory, but is to be written");
    }
    return host;
  }

  /** The matrix if its elements are F32, F16 or BF16. */
  static HostMatrix activations(HostMatrix matrix, String name) {
    if (matrix.elementType() == ElementType.F64) {
      throw new ShapeException(name + " is F64; activations are F32, F16 or BF16");
    }
    return matrix;
  }

  /** Refuses an output that shares memory with another matrix of the call. */
  static void requireApart(HostMatrix output, String outputName, HostMatrix other, String name) {
    if (overlap(output, other)) {
      throw new ShapeException(
          outputName + " overlaps " + name + " in memory; give them memory of their own");
    }
  }

  private static boolean overlap(HostMatrix a, HostMatrix b) {
    return a.rows() > 0
        && b.rows() > 0
        && extent(a).asOverlappingSlice(extent(b)).isPresent()
        && !sideBySide(a, b);
  }

  private static MemorySegment extent(HostMatrix matrix) {
    return matrix
        .data()
        .asSlice(
            0,
            matrix.byteOffset(matrix.rows() - 1, matrix.cols() - 1)
                + matrix.elementType().sizeInBytes());
  }

  /** Whether two views of one memory are different columns of rows of the same length. */
  private static boolean sideBySide(HostMatrix a, HostMatrix b) {
    long pitch = a.stride() * a.elementType().sizeInBytes();
    if (pitch != b.stride() * b.elementType().sizeInBytes()) {
      return false;
    }
    long aWidth = (long) a.cols() * a.elementType().sizeInBytes();
    long bWidth = (long) b.cols() * b.elementType().sizeInBytes();
    long distance = Math.floorMod(b.data().address() - a.data().address(), pitch);
    return distance >= aWidth && distance + bWidth <= pitch;
  }
}
