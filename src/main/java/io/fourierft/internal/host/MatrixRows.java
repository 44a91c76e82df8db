package io.fourierft.internal.host;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Moves stretches of rows between a host matrix of any format and float arrays. */
public final class MatrixRows {
  private MatrixRows() {}

  /** Copies {@code (row, col) .. (row, col + count − 1)} to {@code out[at ..]}, widened. */
  public static void read(HostMatrix matrix, int row, int col, int count, float[] out, int at) {
    long from = matrix.byteOffset(row, col);
    MemorySegment data = matrix.data();
    switch (matrix.elementType()) {
      case F32 -> MemorySegment.copy(data, HostMatrix.FLOAT_LE, from, out, at, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          out[at + i] = (float) data.get(HostMatrix.DOUBLE_LE, from + 8L * i);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          out[at + i] = Float.float16ToFloat(data.get(HostMatrix.SHORT_LE, from + 2L * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          out[at + i] = Float.intBitsToFloat(data.get(HostMatrix.SHORT_LE, from + 2L * i) << 16);
        }
      }
    }
  }

  /** Copies {@code in[at ..]} to {@code (row, col) .. (row, col + count − 1)}, rounded. */
  public static void write(float[] in, int at, HostMatrix matrix, int row, int col, int count) {
    if (matrix.elementType() == ElementType.F32) {
      MemorySegment.copy(
          in, at, matrix.data(), HostMatrix.FLOAT_LE, matrix.byteOffset(row, col), count);
      return;
    }
    for (int i = 0; i < count; i++) {
      matrix.set(row, col + i, in[at + i]);
    }
  }

  /** A dense copy of {@code matrix} on the heap, of the same format. */
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
    if (a.rows() == 0 || b.rows() == 0) {
      return false;
    }
    MemorySegment extentA = extent(a);
    MemorySegment extentB = extent(b);
    Optional<MemorySegment> common = extentA.asOverlappingSlice(extentB);
    if (common.isEmpty()) {
      return false;
    }
    long strideA = a.stride() * a.elementType().sizeInBytes();
    long strideB = b.stride() * b.elementType().sizeInBytes();
    if (strideA != strideB) {
      return true;
    }
    // Two groups of columns of one wider matrix share a range of memory but no element.
    long rowA = (long) a.cols() * a.elementType().sizeInBytes();
    long rowB = (long) b.cols() * b.elementType().sizeInBytes();
    long shift = Math.floorMod(extentB.address() - extentA.address(), strideA);
    return !(shift >= rowA && shift + rowB <= strideA);
  }

  private static MemorySegment extent(HostMatrix matrix) {
    long elements = (matrix.rows() - 1) * matrix.stride() + matrix.cols();
    return matrix.data().asSlice(0, elements * matrix.elementType().sizeInBytes());
  }

  /** The rows {@code from .. from + count − 1} of {@code matrix}, without a copy. */
  public static HostMatrix slice(HostMatrix matrix, int from, int count) {
    if (from == 0 && count == matrix.rows()) {
      return matrix;
    }
    return new HostMatrix(
        matrix.data().asSlice(matrix.byteOffset(from, 0)),
        matrix.elementType(),
        count,
        matrix.cols(),
        matrix.stride());
  }

  /** Element {@code (row, col)} as a double, exact in every format. */
  public static double get(HostMatrix matrix, int row, int col) {
    return matrix.elementType() == ElementType.F64
        ? matrix.data().get(HostMatrix.DOUBLE_LE, matrix.byteOffset(row, col))
        : matrix.get(row, col);
  }

  /** Stores a double, rounded where the format is narrower. */
  public static void set(HostMatrix matrix, int row, int col, double value) {
    if (matrix.elementType() == ElementType.F64) {
      matrix.data().set(HostMatrix.DOUBLE_LE, matrix.byteOffset(row, col), value);
    } else {
      matrix.set(row, col, (float) value);
    }
  }
}
