package io.fourierft.internal.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.jtransforms.fft.DoubleFFT_1D;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transforms in lanes against transforms in double. */
final class LaneFftAccuracyTest {
  private static final double FROBENIUS = 5e-7;
  private static final double MAXIMUM = 5e-6;

  @Test
  void everyLengthUpToThreeHundredAgreesWithTheDefinition() {
    for (int n = 1; n <= 300; n++) {
      check(n, true);
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        768, 1024, 1152, 2304, 2560, 3072, 4096, 5120, 11008, 13824, 14336, 18944, 151936, 1009,
        2018, 4093, 3481
      })
  void widthsOfModelsAndLargePrimesAgreeWithDouble(int n) {
    check(n, false);
  }

  private static void check(int n, boolean byDefinition) {
    checkComplex(n, byDefinition);
    checkForward(n);
    checkInverse(n);
  }

  private static void checkComplex(int n, boolean byDefinition) {
    LaneFft plan = LaneFft.of(n);
    float[] data = random(plan.blockFloats(), n);
    float[] input = data.clone();
    float[] work = new float[plan.blockFloats()];
    boolean inWork = plan.transform(data, 0, work, 0, new float[plan.scratchFloats()]);
    float[] result = inWork ? work : data;
    for (int lane : lanes()) {
      double[] expected = complexLane(input, n, lane);
      expected = byDefinition ? definition(expected) : transform(expected);
      compare("complex", n, expected, complexLane(result, n, lane));
    }
  }

  private static void checkForward(int n) {
    RealLaneFft plan = RealLaneFft.of(n);
    float[] data = random(plan.blockFloats(), n + 1);
    float[] input = data.clone();
    float[] work = new float[plan.blockFloats()];
    boolean inWork = plan.forward(data, 0, work, 0, new float[plan.scratchFloats()]);
    for (int lane : lanes()) {
      double[] expected = new double[2 * n];
      for (int q = 0; q < n; q++) {
        expected[2 * q] = input[q * Lanes.COUNT + lane];
      }
      double[] half = java.util.Arrays.copyOf(transform(expected), 2 * plan.bins());
      compare("forward", n, half, complexLane(inWork ? work : data, plan.bins(), lane));
    }
  }

  private static void checkInverse(int n) {
    RealLaneFft plan = RealLaneFft.of(n);
    float[] data = random(plan.blockFloats(), n + 2);
    float[] input = data.clone();
    float[] work = new float[plan.blockFloats()];
    boolean inWork = plan.inverse(data, 0, work, 0, new float[plan.scratchFloats()]);
    float[] result = inWork ? work : data;
    for (int lane : lanes()) {
      double[] half = complexLane(input, plan.bins(), lane);
      double[] full = new double[2 * n];
      for (int v = 0; v < plan.bins(); v++) {
        int mirrored = (n - v) % n;
        full[2 * v] = half[2 * v];
        full[2 * mirrored] = half[2 * v];
        full[2 * v + 1] = mirrored == v ? 0 : half[2 * v + 1];
        full[2 * mirrored + 1] = -full[2 * v + 1];
      }
      double[] transformed = transform(full);
      double[] expected = new double[n];
      double[] actual = new double[n];
      for (int q = 0; q < n; q++) {
        expected[q] = transformed[2 * q];
        actual[q] = result[q * Lanes.COUNT + lane];
      }
      compare("inverse", n, expected, actual);
    }
  }

  private static int[] lanes() {
    return new int[] {0, Lanes.COUNT - 1};
  }

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] complexLane(float[] block, int count, int lane) {
    double[] values = new double[2 * count];
    for (int j = 0; j < count; j++) {
      values[2 * j] = block[j * Lanes.WIDTH + lane];
      values[2 * j + 1] = block[j * Lanes.WIDTH + Lanes.COUNT + lane];
    }
    return values;
  }

  private static double[] transform(double[] values) {
    double[] result = values.clone();
    new DoubleFFT_1D(values.length / 2).complexInverse(result, false);
    return result;
  }

  private static double[] definition(double[] x) {
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

  private static void compare(String kind, int n, double[] expected, double[] actual) {
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
