package io.fourierft.internal.host;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.lang.foreign.MemorySegment;

/** Views of host memory: copies, and whether two share an element. */
public final class HostViews {
  private HostViews() {}

  /**
   * A dense copy of {@code matrix} on the heap, of the same format.
   *
   * @throws ShapeException if it does not fit an array
   */
  public static HostMatrix copy(HostMatrix matrix) {
    long elements = (long) matrix.rows() * matrix.cols();
    if (elements > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "a weight of %d x %d is too large to be merged in a layer; merge it with addDelta in "
                  .formatted(matrix.rows(), matrix.cols())
              + "memory of your own");
    }
    MemorySegment target =
        switch (matrix.elementType()) {
          case F64 -> MemorySegment.ofArray(new double[(int) elements]);
          case F32 -> MemorySegment.ofArray(new float[(int) elements]);
          case F16, BF16 -> MemorySegment.ofArray(new short[(int) elements]);
        };
    HostMatrix copy = Matrix.of(target, matrix.elementType(), matrix.rows(), matrix.cols());
    long rowBytes = (long) matrix.cols() * matrix.elementType().sizeInBytes();
    for (int row = 0; row < matrix.rows(); row++) {
      MemorySegment.copy(
          matrix.data(), matrix.byteOffset(row, 0), target, copy.byteOffset(row, 0), rowBytes);
    }
    return copy;
  }

  /** Whether some element of one is some element of the other; interleaved columns do not count. */
  public static boolean overlap(HostMatrix a, HostMatrix b) {
    if (a.rows() == 0 || b.rows() == 0 || !shareAddresses(a.data(), b.data())) {
      return false;
    }
    long distance = b.data().address() - a.data().address();
    return distance < extent(a) && -distance < extent(b) && !sideBySide(a, b, distance);
  }

  /**
   * Whether addresses of both speak of one memory; no object is made unless they are of one array.
   */
  private static boolean shareAddresses(MemorySegment a, MemorySegment b) {
    return (a.isNative() && b.isNative()) || a.asOverlappingSlice(b).isPresent();
  }

  /** Bytes from the first element to the end of the last. */
  private static long extent(HostMatrix matrix) {
    return matrix.byteOffset(matrix.rows() - 1, matrix.cols() - 1)
        + matrix.elementType().sizeInBytes();
  }

  /**
   * Whether two views of one memory, of the host or of a device, are different columns of rows of
   * the same length.
   *
   * @param distanceInBytes from the first element of a to the first of b
   */
  public static boolean sideBySide(Matrix a, Matrix b, long distanceInBytes) {
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
