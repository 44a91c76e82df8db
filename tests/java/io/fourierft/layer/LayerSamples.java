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
  /** Where layers lie now; tests of one class at a time run in a process. */
  private static LayerPlace place = LayerPlace.HOST;

  private LayerSamples() {}

  /** Where layers and their activations are to lie. */
  public static LayerPlace place() {
    return place;
  }

  /** Lets the tests that follow have their layers elsewhere. */
  public static void placeAt(LayerPlace next) {
    place = next;
  }

  /** Whether layers lie in host memory, which knows F64, mixed types and dense ΔW. */
  public static boolean isOnHost() {
    return place == LayerPlace.HOST;
  }

  /** Puts a matrix where layers lie. */
  public static Matrix put(HostMatrix matrix) {
    return place.put(matrix);
  }

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

  /** What a matrix holds, wherever it lies. */
  public static HostMatrix host(Matrix matrix) {
    return matrix instanceof HostMatrix host ? host : place.get(matrix);
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
    Matrix in = put(x);
    Matrix y = put(zeros(x.elementType(), x.rows(), layer.outFeatures()));
    layer.forward(in, y);
    float[] found = floats(y);
    place.release(in);
    place.release(y);
    return found;
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
