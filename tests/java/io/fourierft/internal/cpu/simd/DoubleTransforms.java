package io.fourierft.internal.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.jtransforms.fft.DoubleFFT_1D;

/** Transforms in double, and how near one in float must come to them. */
final class DoubleTransforms {
  private static final double FROBENIUS = 5e-7;
  private static final double MAXIMUM = 5e-6;

  private DoubleTransforms() {}

  static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  static double[] transform(double[] values) {
    double[] result = values.clone();
    new DoubleFFT_1D(values.length / 2).complexInverse(result, false);
    return result;
  }

  static double[] definition(double[] x) {
    int n = x.length / 2;
    double[] result = new double[2 * n];
    for (int k = 0; k < n; k++) {
      for (int j = 0; j < n; j++) {
        double angle = 2 * Math.PI * ((long) j * k % n) / n;
        result[2 * k] += x[2 * j] * Math.cos(angle) - x[2 * j + 1] * Math.sin(angle);
        result[2 * k + 1] += x[2 * j] * Math.sin(angle) + x[2 * j + 1] * Math.cos(angle);
      }
    }
    return result;
  }

  static void compare(String kind, int n, double[] expected, double[] actual) {
    assertEquals(expected.length, actual.length);
    double error = 0;
    double norm = 0;
    double largestError = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = expected[i] - actual[i];
      error += difference * difference;
      norm += expected[i] * expected[i];
      largestError = Math.max(largestError, Math.abs(difference));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    double relative = Math.sqrt(error / norm);
    assertTrue(relative <= FROBENIUS, () -> kind + " length " + n + " relative error " + relative);
    double peak = largestError / largest;
    assertTrue(peak <= MAXIMUM, () -> kind + " length " + n + " largest error " + peak);
  }
}
