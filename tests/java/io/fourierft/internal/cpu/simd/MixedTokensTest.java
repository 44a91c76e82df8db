package io.fourierft.internal.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DefinitionOracle;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches whose adapters partly share their places, against the definition. */
final class MixedTokensTest {
  private static final int TOKENS = 201;

  @ParameterizedTest
  @CsvSource({
    "simd, 24, 30, 200",
    "simd, 31, 18, 300",
    "simd, 64, 48, 17",
    "simd, 1, 9, 5",
    "jtransforms, 24, 30, 200",
    "jtransforms, 31, 18, 300"
  })
  void everyTokenGetsItsOwnAdapter(String kernels, int rows, int cols, int n) {
    Random random = new Random(rows * 100L + cols);
    List<FourierAdapter> adapters = adapters(rows, cols, n, random);
    int[] choice = new int[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
      // Runs of one group of adapters, then all of them in disorder.
      int first = t < 60 ? 0 : t < 100 ? 5 : -1;
      int bound = t < 60 ? 5 : t < 100 ? 12 : adapters.size() + 1;
      choice[t] = first + random.nextInt(bound - Math.max(0, first));
    }
    float[] x = gaussians(TOKENS * cols, random);
    float[] y = new float[TOKENS * rows];
    EngineOptions options = EngineOptions.defaults().withDevice("cpu").withKernels(kernels);
    try (FourierEngine engine = FourierEngine.create(options)) {
      AdapterRouting routing = AdapterRouting.perToken(adapters, choice);
      engine.apply(routing, Matrix.of(x, TOKENS, cols), Matrix.of(y, TOKENS, rows));
    }
    for (int t = 0; t < TOKENS; t++) {
      float[] actual = Arrays.copyOfRange(y, t * rows, (t + 1) * rows);
      if (choice[t] == AdapterRouting.NONE) {
        assertEquals(0, DefinitionOracle.maximumError(actual, new double[rows]));
        continue;
      }
      FourierAdapter adapter = adapters.get(choice[t]);
      double[] expected = new double[rows];
      double[] token = new double[cols];
      for (int q = 0; q < cols; q++) {
        token[q] = x[t * cols + q];
      }
      DefinitionOracle.apply(adapter, token, expected);
      requireClose(adapter, token, actual, expected, "token " + t + ", adapter " + choice[t]);
    }
  }

  /** Blocks that are turned, so that each token's bins stand together. */
  @ParameterizedTest
  @CsvSource({
    "64, 48, 200, 48",
    "48, 64, 200, 45",
    "31, 18, 300, 48",
    "18, 35, 300, 43",
    "37, 41, 100, 48",
    "211, 223, 500, 32",
    "16, 14, 60, 48",
    "1, 9, 5, 48",
    "2, 40, 30, 48"
  })
  void everyTokenHasPlacesOfItsOwn(int rows, int cols, int n, int tokens) {
    Random random = new Random(rows * 1000L + cols);
    List<FourierAdapter> adapters = new ArrayList<>();
    int[] choice = new int[tokens];
    for (int t = 0; t < tokens; t++) {
      // Three of each block have common places, which are too few to go together; in the second
      // block half of them.
      boolean common = t / 16 == 1 ? t % 2 == 0 : t % 16 < 3;
      SpectralLocations places = SpectralLocations.of(rows, cols, n, common ? 1 : 100 + t);
      adapters.add(FourierAdapter.of(places, gaussians(n, random), 10));
      choice[t] = t % 11 == 5 ? AdapterRouting.NONE : t;
    }
    float[] x = gaussians(tokens * cols, random);
    int broken = 7;
    x[broken * cols] = Float.NaN;
    float[] y = apply(adapters, choice, x, rows, cols, 1);
    assertArrayEquals(y, apply(adapters, choice, x, rows, cols, 2));
    for (int t = 0; t < tokens; t++) {
      float[] actual = Arrays.copyOfRange(y, t * rows, (t + 1) * rows);
      double[] expected = new double[rows];
      double[] token = new double[cols];
      for (int q = 0; q < cols; q++) {
        token[q] = x[t * cols + q];
      }
      if (t == broken) {
        Arrays.fill(expected, Double.NaN);
      } else if (choice[t] != AdapterRouting.NONE) {
        DefinitionOracle.apply(adapters.get(t), token, expected);
      }
      requireClose(adapters.get(t), token, actual, expected, "token " + t);
    }
  }

  private static float[] apply(
      List<FourierAdapter> adapters, int[] choice, float[] x, int rows, int cols, int threads) {
    float[] y = new float[choice.length * rows];
    EngineOptions options =
        EngineOptions.defaults().withDevice("cpu").withKernels("simd").withThreads(threads);
    try (FourierEngine engine = FourierEngine.create(options)) {
      AdapterRouting routing = AdapterRouting.perToken(adapters, choice);
      engine.apply(routing, Matrix.of(x, choice.length, cols), Matrix.of(y, choice.length, rows));
    }
    return y;
  }

  /** A result may cancel; what bounds its error is the size of what is summed. */
  private static void requireClose(
      FourierAdapter adapter, double[] token, float[] actual, double[] expected, String what) {
    double error = 0;
    double size = 0;
    for (int p = 0; p < actual.length; p++) {
      assertEquals(Double.isNaN(expected[p]), Float.isNaN(actual[p]), what);
      error += (actual[p] - expected[p]) * (actual[p] - expected[p]);
    }
    for (double value : token) {
      size += value * value;
    }
    if (!Double.isNaN(error)) {
      double bound = 1e-6 * adapter.deltaNorm() * Math.sqrt(size);
      assertTrue(Math.sqrt(error) <= bound, what + ": " + Math.sqrt(error) + " > " + bound);
    }
  }

  /** Five with places in common, five with others in common, then each with its own. */
  private static List<FourierAdapter> adapters(int rows, int cols, int n, Random random) {
    List<FourierAdapter> adapters = new ArrayList<>();
    SpectralLocations common = SpectralLocations.of(rows, cols, n, 2024);
    SpectralLocations other = SpectralLocations.of(rows, cols, n, 7);
    for (int i = 0; i < 5; i++) {
      adapters.add(FourierAdapter.of(common, gaussians(n, random), 30 + i));
    }
    // Sizes that only the power of two of each adapter brings into range.
    float[] huge = gaussians(n, random);
    float[] tiny = gaussians(n, random);
    for (int k = 0; k < n; k++) {
      huge[k] = Math.clamp(huge[k], -1f, 1f) * 3e38f;
      tiny[k] *= 1e-40f;
    }
    float[] broken = gaussians(n, random);
    broken[n / 2] = Float.POSITIVE_INFINITY;
    adapters.add(FourierAdapter.of(other, huge, 0.01));
    adapters.add(FourierAdapter.of(other, huge, 1e-30));
    adapters.add(FourierAdapter.of(other, tiny, 1e30));
    adapters.add(FourierAdapter.of(other, tiny, 1e38));
    adapters.add(FourierAdapter.of(other, broken, 1));
    adapters.add(FourierAdapter.of(SpectralLocations.of(rows, cols, n, 1), broken, 1));
    for (int i = 0; i < 4; i++) {
      int count = Math.max(1, n - i);
      SpectralLocations own = SpectralLocations.of(rows, cols, count, 100 + i);
      adapters.add(FourierAdapter.of(own, gaussians(count, random), 10));
    }
    return adapters;
  }

  private static float[] gaussians(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
