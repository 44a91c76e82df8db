package io.fourierft.internal.cpu.simd;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single real transforms, the lanes across their own parts, against transforms in double. */
final class SingleFftAccuracyTest {
  @Test
  void everyLengthUpToThreeHundredAgreesWithDouble() {
    for (int n = 1; n <= 300; n++) {
      check(n);
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        768, 1024, 1152, 2304, 2560, 3072, 4096, 5120, 11008, 13824, 14336, 18944, 151936, 1009,
        2018, 3481
      })
  void widthsOfModelsAndLargePrimesAgreeWithDouble(int n) {
    check(n);
  }

  private static void check(int n) {
    RealSingleFft plan = new RealSingleFft(n);
    float[] blocks = new float[plan.blockFloats()];
    float[] scratch = new float[plan.scratchFloats()];
    // The spectrum stands in the middle of others, whose numbers must not matter.
    int at = 3;
    float[] spectrum = DoubleTransforms.random(plan.spectrumFloats() + 2 * at, n);
    float[] line = DoubleTransforms.random(plan.lineFloats(), n + 1);
    double[] full = new double[2 * n];
    for (int q = 0; q < n; q++) {
      full[2 * q] = line[q];
    }
    plan.forward(line, spectrum, at, blocks, scratch);
    int bins = n / 2 + 1;
    double[] expected = Arrays.copyOf(DoubleTransforms.transform(full), 2 * bins);
    DoubleTransforms.compare("forward", n, expected, bins(spectrum, at, plan.pitch(), bins));

    float[] half = DoubleTransforms.random(plan.spectrumFloats() + at, n + 2);
    double[] given = bins(half, at, plan.pitch(), bins);
    for (int v = 0; v < bins; v++) {
      int mirrored = (n - v) % n;
      full[2 * v] = given[2 * v];
      full[2 * mirrored] = given[2 * v];
      full[2 * v + 1] = mirrored == v ? 0 : given[2 * v + 1];
      full[2 * mirrored + 1] = -full[2 * v + 1];
    }
    plan.inverse(half, at, line, blocks, scratch);
    double[] transformed = DoubleTransforms.transform(full);
    double[] signal = new double[n];
    double[] actual = new double[n];
    for (int q = 0; q < n; q++) {
      signal[q] = transformed[2 * q];
      actual[q] = line[q];
    }
    DoubleTransforms.compare("inverse", n, signal, actual);
  }

  private static double[] bins(float[] spectrum, int at, int pitch, int count) {
    double[] values = new double[2 * count];
    for (int v = 0; v < count; v++) {
      values[2 * v] = spectrum[at + v];
      values[2 * v + 1] = spectrum[at + pitch + v];
    }
    return values;
  }
}
