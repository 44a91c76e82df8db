package io.fourierft.internal.cuda;

import io.fourierft.DeviceMatrix;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.lang.foreign.MemorySegment;

/**
 * What an engine asks of every matrix before anything is read or written.
 *
 * @param context the context whose device memory it can reach
 */
record DeviceChecks(CudaContext context) {
  /** The matrix as one that the engine can reach: a {@link HostMatrix} or a {@link DeviceView}. */
  Matrix reachable(Matrix matrix, String name) {
    return switch (matrix) {
      case HostMatrix host -> {
        if (!host.data().scope().isAlive()) {
          throw new ShapeException(name + " is in memory whose arena has been closed");
        }
        if (!host.data().isAccessibleBy(Thread.currentThread())) {
          throw new ShapeException(
              name + " is in the confined arena of another thread; use a shared one");
        }
        yield host;
      }
      case OwnedBuffer buffer -> reachable(buffer.view(), name);
      case DeviceView view -> {
        if (view.context() != context) {
          throw new ShapeException(
              "%s is in memory of another engine, on %s; use that engine, or copy it to %s"
                  .formatted(name, view.device(), context.device().engineName()));
        }
        view.pointer();
        yield view;
      }
      case DeviceMatrix device ->
          throw new ShapeException(
              "%s is in memory of device %s that this engine does not know; wrap it with matrixAt"
                  .formatted(name, device.device()));
    };
  }

  /** As {@link #reachable}, of the given shape. */
  Matrix shaped(Matrix matrix, String name, int rows, int cols) {
    Matrix reached = reachable(matrix, name);
    if (reached.rows() != rows || reached.cols() != cols) {
      throw new ShapeException(
          "%s is %d x %d, but must be %d x %d"
              .formatted(name, reached.rows(), reached.cols(), rows, cols));
    }
    return reached;
  }

  /** As {@link #shaped}, to be written. */
  Matrix output(Matrix matrix, String name, int rows, int cols) {
    Matrix reached = shaped(matrix, name, rows, cols);
    if (reached instanceof HostMatrix host && host.data().isReadOnly()) {
      throw new ShapeException(name + " is read-only memory, but is to be written");
    }
    return reached;
  }

  /** The matrix if its elements are F32, F16 or BF16. */
  static Matrix activations(Matrix matrix, String name) {
    if (matrix.elementType() == ElementType.F64) {
      throw new ShapeException(name + " is F64; activations are F32, F16 or BF16");
    }
    return matrix;
  }

  /** Refuses an output that shares memory with another matrix of the call. */
  static void requireApart(Matrix output, String outputName, Matrix other, String name) {
    if (output.rows() > 0 && other.rows() > 0 && overlap(output, other)) {
      throw new ShapeException(
          outputName + " overlaps " + name + " in memory; give them memory of their own");
    }
  }

  private static boolean overlap(Matrix a, Matrix b) {
    return switch (a) {
      case HostMatrix first ->
          b instanceof HostMatrix second
              && extent(first).asOverlappingSlice(extent(second)).isPresent()
              && !sideBySide(a, b, second.data().address() - first.data().address());
      case DeviceView first -> {
        if (!(b instanceof DeviceView second)) {
          yield false;
        }
        long distance = second.pointer() - first.pointer();
        yield distance < bytes(first) && -distance < bytes(second) && !sideBySide(a, b, distance);
      }
      default -> throw new IllegalStateException(a + " was not checked");
    };
  }

  private static long bytes(Matrix matrix) {
    return DeviceView.requireSizes(
        matrix.rows(), matrix.cols(), matrix.stride(), matrix.elementType());
  }

  private static MemorySegment extent(HostMatrix matrix) {
    return matrix.data().asSlice(0, bytes(matrix));
  }

  /** Whether two views of one memory are different columns of rows of the same length. */
  private static boolean sideBySide(Matrix a, Matrix b, long distanceInBytes) {
    long pitch = a.stride() * a.elementType().sizeInBytes();
    if (pitch != b.stride() * b.elementType().sizeInBytes()) {
      return false;
    }
    long aWidth = (long) a.cols() * a.elementType().sizeInBytes();
    long bWidth = (long) b.cols() * b.elementType().sizeInBytes();
    long distance = Math.floorMod(distanceInBytes, pitch);
    return distance >= aWidth && distance + bWidth <= pitch;
  }
}
