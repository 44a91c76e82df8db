package io.fourierft.layer;

import io.fourierft.DefinitionOracle;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.internal.host.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Seeded layers, adapters and activations for the tests of the layer. */
public final class LayerSamples {
  private LayerSamples() {}

  public static HostMatrix gaussian(int rows, int cols, long seed) {
    return gaussian(ElementType.F32, rows, cols, seed);
  }

  public static HostMatrix gaussian(ElementType type, int rows, int cols, long seed) {
    Random random = new Random(seed);
    HostMatrix matrix = zeros(type, rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        double value = random.nextGaussian();
        if (type == ElementType.F64) {
          matrix.data().set(LittleEndian.DOUBLE, matrix.byteOffset(r, c), value);
        } else {
          matrix.set(r, c, (float) value);
        }
      }
    }
    return matrix;
  }

  public static HostMatrix zeros(int rows, int cols) {
    return zeros(ElementType.F32, rows, cols);
  }

  public static HostMatrix zeros(ElementType type, int rows, int cols) {
    byte[] bytes = new byte[rows * cols * type.sizeInBytes()];
    return Matrix.of(MemorySegment.ofArray(bytes), type, rows, cols);
  }

  public static FourierAdapter adapter(int out, int in, int n, long seed) {
    HostMatrix spectrum = gaussian(1, n, seed);
    return FourierAdapter.of(
        SpectralLocations.of(out, in, n, seed), floats(spectrum), 0.5 * Math.sqrt(out * in));
  }

  /** A matrix that lies in host memory. */
  public static HostMatrix host(Matrix matrix) {
    return (HostMatrix) matrix;
  }

  /** All elements, row by row. */
  public static float[] floats(Matrix of) {
    HostMatrix matrix = host(of);
    float[] values = new float[matrix.rows() * matrix.cols()];
    for (int r = 0; r < matrix.rows(); r++) {
      new ElementRuns().load(matrix, r, 0, matrix.cols(), values, r * matrix.cols());
    }
    return values;
  }

  public static double[] doubles(Matrix of) {
    HostMatrix matrix = host(of);
    double[] values = new double[matrix.rows() * matrix.cols()];
    for (int r = 0; r < matrix.rows(); r++) {
      new ElementRuns().loadDoubles(matrix, r, 0, matrix.cols(), values, r * matrix.cols());
    }
    return values;
  }

  public static float[] forward(FourierLinear layer, HostMatrix x) {
    HostMatrix y = zeros(x.elementType(), x.rows(), layer.outFeatures());
    layer.forward(x, y);
    return floats(y);
  }

  /** The largest difference relative to the largest magnitude of {@code expected}. */
  public static double error(float[] actual, float[] expected) {
    double[] wide = new double[expected.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = expected[i];
    }
    return DefinitionOracle.maximumError(actual, wide);
  }
}
