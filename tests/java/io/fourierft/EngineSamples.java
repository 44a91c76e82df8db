package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Adapters, numbers and matrices for the tests that every engine passes. */
final class EngineSamples {
  private EngineSamples() {}

  static FourierAdapter adapter(int rows, int cols, int n, long seed) {
    Random random = new Random(seed);
    float[] spectrum = floats(n, random);
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, seed), spectrum, 150);
  }

  static float[] floats(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  static float[] elements(Matrix matrix) {
    HostMatrix host = (HostMatrix) matrix;
    float[] values = new float[host.rows() * host.cols()];
    for (int r = 0; r < host.rows(); r++) {
      for (int c = 0; c < host.cols(); c++) {
        values[r * host.cols() + c] = host.get(r, c);
      }
    }
    return values;
  }

  /** A matrix whose rows are longer than they need be, at an odd offset, filled with NaN around. */
  static HostMatrix padded(
      Arena arena, ElementType type, int rows, int cols, float[] contents, boolean heap) {
    long stride = cols + 3L;
    long bytes = (rows * stride + 1) * type.sizeInBytes() + 1;
    MemorySegment memory =
        heap ? MemorySegment.ofArray(new byte[(int) bytes]) : arena.allocate(bytes, 1);
    memory.fill((byte) 0xFF);
    HostMatrix matrix = new HostMatrix(memory.asSlice(1), type, rows, cols, stride);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        matrix.set(r, c, contents[r * cols + c]);
      }
    }
    return matrix;
  }

  /** Whether everything outside the matrix's elements still is as {@link #padded} left it. */
  static void requirePaddingIntact(HostMatrix matrix) {
    int size = matrix.elementType().sizeInBytes();
    for (int r = 0; r < matrix.rows(); r++) {
      for (long c = matrix.cols(); c < matrix.stride(); c++) {
        for (int b = 0; b < size; b++) {
          long at = (r * matrix.stride() + c) * size + b;
          if (at < matrix.data().byteSize()) {
            assertEquals(
                (byte) 0xFF,
                matrix.data().get(java.lang.foreign.ValueLayout.JAVA_BYTE, at),
                "padding of row " + r);
          }
        }
      }
    }
  }
}
