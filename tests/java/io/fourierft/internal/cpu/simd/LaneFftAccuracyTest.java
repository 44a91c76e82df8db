package io.fourierft.internal.cpu.simd;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transforms in lanes against transforms in double. */
final class LaneFftAccuracyTest {
  @Test
  void everyLengthUpToThreeHundredAgreesWithTheDefinition() {
    for (int n = 1; n <= 300; n++) {
      check(n, true);
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        512, 768, 1024, 1152, 1536, 2048, 2304, 2560, 3072, 4096, 5120, 11008, 13824, 14336, 18944,
        151936, 1009, 1019, 2018, 4093, 3481, 65537
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
    float[] data = DoubleTransforms.random(plan.blockFloats(), n);
    float[] input = data.clone();
    float[] work = new float[plan.blockFloats()];
    boolean inWork = plan.transform(data, 0, work, 0, new float[plan.scratchFloats()]);
    float[] result = inWork ? work : data;
    for (int lane : lanes()) {
      double[] expected = complexLane(input, n, lane);
      expected =
          byDefinition
              ? DoubleTransforms.definition(expected)
              : DoubleTransforms.transform(expected);
      DoubleTransforms.compare("complex", n, expected, complexLane(result, n, lane));
    }
  }

  private static void checkForward(int n) {
    RealLaneFft plan = RealLaneFft.of(n);
    float[] data = DoubleTransforms.random(plan.blockFloats(), n + 1);
    float[] input = data.clone();
    float[] work = new float[plan.blockFloats()];
    boolean inWork = plan.forward(data, 0, work, 0, new float[plan.scratchFloats()]);
    for (int lane : lanes()) {
      double[] expected = new double[2 * n];
      for (int q = 0; q < n; q++) {
        expected[2 * q] = input[q * Lanes.COUNT + lane];
      }
      double[] half = Arrays.copyOf(DoubleTransforms.transform(expected), 2 * plan.bins());
      DoubleTransforms.compare(
          "forward", n, half, complexLane(inWork ? work : data, plan.bins(), lane));
    }
  }

  private static void checkInverse(int n) {
    RealLaneFft plan = RealLaneFft.of(n);
    float[] data = DoubleTransforms.random(plan.blockFloats(), n + 2);
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
      double[] transformed = DoubleTransforms.transform(full);
      double[] expected = new double[n];
      double[] actual = new double[n];
      for (int q = 0; q < n; q++) {
        expected[q] = transformed[2 * q];
        actual[q] = result[q * Lanes.COUNT + lane];
      }
      DoubleTransforms.compare("inverse", n, expected, actual);
    }
  }

  private static int[] lanes() {
    return new int[] {0, Lanes.COUNT - 1};
  }

  private static double[] complexLane(float[] block, int count, int lane) {
    double[] values = new double[2 * count];
    for (int j = 0; j < count; j++) {
      values[2 * j] = block[j * Lanes.WIDTH + lane];
      values[2 * j + 1] = block[j * Lanes.WIDTH + Lanes.COUNT + lane];
    }
    return values;
  }
}
