package io.fourierft;

import static io.fourierft.EngineSamples.adapter;
import static io.fourierft.EngineSamples.floats;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every engine must make of numbers that are huge, tiny or not finite. */
public abstract class EngineExtremes extends EngineSuite {

  @ParameterizedTest
  @CsvSource({
    "3e38, 150",
    "1e-38, 150",
    "1e-45, 1e6",
    "3e38, 1e-30",
    "1e-30, 1e30",
    "1e20, 1e15",
    "1, 1e-38"
  })
  void hugeAndTinyCoefficientsNeitherOverflowNorVanishOnTheWay(float size, double scaling) {
    int n = 200;
    float[] spectrum = floats(n, new Random(9));
    for (int k = 0; k < n; k++) {
      spectrum[k] = Math.max(-1, Math.min(1, spectrum[k])) * size;
    }
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(48, 40, n, 3), spectrum, scaling);
    double[] expected = DefinitionOracle.delta(adapter);
    for (DensePath path : DensePath.values()) {
      HostMatrix out = Matrix.of(new float[48 * 40], 48, 40);
      engine.deltaWeights(List.of(adapter), List.of(out), path);
      for (int i = 0; i < expected.length; i++) {
        double largest = Math.max(Float.MIN_VALUE, Math.abs(expected[i]));
        if (largest > Float.MAX_VALUE) {
          continue;
        }
        assertEquals(
            expected[i],
            out.get(i / 40, i % 40),
            Math.max(Float.MIN_VALUE * 2, 2e-6 * norm(expected)),
            path + " element " + i);
      }
    }
  }

  /**
   * Of a subnormal coefficient every bit counts, so that nothing else may be done with it first.
   */
  @ParameterizedTest
  @CsvSource({"1e-44, 1e30", "1e-40, 1e30", "1e-38, 1e20", "1e20, 1e-10", "3e38, 1e-30"})
  void anOperatorOfTinyOrHugeCoefficientsIsRight(float size, double scaling) {
    int n = 60;
    float[] spectrum = new float[n];
    for (int k = 0; k < n; k++) {
      spectrum[k] = (k % 2 == 0 ? size : -size) * ((k % 7 + 1) / 7f);
    }
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(48, 40, n, 3), spectrum, scaling);
    double[] delta = DefinitionOracle.delta(adapter);
    HostMatrix x = Matrix.of(floats(2 * 40, new Random(4)), 2, 40);
    HostMatrix y = Matrix.of(new float[2 * 48], 2, 48);
    engine.apply(AdapterRouting.all(adapter), x, y);
    double[] expected = new double[2 * 48];
    for (int t = 0; t < 2; t++) {
      for (int p = 0; p < 48; p++) {
        for (int q = 0; q < 40; q++) {
          expected[t * 48 + p] += delta[p * 40 + q] * x.get(t, q);
        }
      }
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], y.get(i / 48, i % 48), 2e-6 * norm(expected), "element " + i);
    }
  }

  private static double norm(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** Element (p, q) of a ΔW of which coefficient k alone is not finite. */
  private static float definitionOf(float bad, SpectralLocations locations, int k, int p, int q) {
    double turns =
        (double) locations.row(k) * p / locations.rows()
            + (double) locations.col(k) * q / locations.cols();
    double cosine = Math.cos(2 * Math.PI * turns);
    // The exact cosine is zero where the rounded one is almost: zero times infinity is NaN.
    return Math.abs(cosine) < 1e-9 ? Float.NaN : bad * (float) cosine;
  }

  @Test
  void infinitiesOfBothSignsAreNotANumberWhereTheyMeet() {
    SpectralLocations places = SpectralLocations.of(4, 4, new int[] {0, 0, 3}, new int[] {0, 2, 1});
    float[] spectrum = {Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY, 1};
    HostMatrix out = Matrix.of(new float[16], 4, 4);
    engine.deltaWeights(
        List.of(FourierAdapter.of(places, spectrum, 2)), List.of(out), DensePath.AUTO);
    for (int p = 0; p < 4; p++) {
      for (int q = 0; q < 4; q++) {
        assertEquals(q % 2 == 0 ? Float.POSITIVE_INFINITY : Float.NaN, out.get(p, q));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aCoefficientThatIsNotFiniteGivesWhatTheDefinitionGives(float bad) {
    int[][] shapes = {{8, 8}, {12, 10}, {7, 9}, {1, 8}, {8, 1}, {4, 6}};
    for (int[] shape : shapes) {
      int n = shape[0] * shape[1];
      for (int k = 0; k < n; k++) {
        float[] spectrum = new float[n];
        Arrays.fill(spectrum, 0.5f);
        spectrum[k] = bad;
        FourierAdapter adapter =
            FourierAdapter.of(SpectralLocations.of(shape[0], shape[1], n, 1), spectrum, 1);
        for (DensePath path : DensePath.values()) {
          HostMatrix out = Matrix.of(new float[n], shape[0], shape[1]);
          engine.deltaWeights(List.of(adapter), List.of(out), path);
          for (int p = 0; p < shape[0]; p++) {
            for (int q = 0; q < shape[1]; q++) {
              float expected = definitionOf(bad, adapter.locations(), k, p, q);
              assertEquals(expected, out.get(p, q), path + " coefficient " + k);
            }
          }
        }
        float[] y = new float[shape[0]];
        float[] x = new float[shape[1]];
        x[0] = 1;
        engine.apply(
            AdapterRouting.all(adapter), Matrix.of(x, 1, shape[1]), Matrix.of(y, 1, shape[0]));
        for (float value : y) {
          assertTrue(!Float.isFinite(value), "operator, coefficient " + k);
        }
      }
    }
  }

  @Test
  void anActivationThatIsNotFiniteMakesItsTokenSoAndNoOther() {
    FourierAdapter adapter = adapter(16, 24, 1, 3);
    for (int q = 0; q < 24; q++) {
      float[] x = floats(20 * 24, new Random(1));
      x[3 * 24 + q] = q % 2 == 0 ? Float.NaN : Float.NEGATIVE_INFINITY;
      float[] y = new float[20 * 16];
      engine.apply(AdapterRouting.all(adapter), Matrix.of(x, 20, 24), Matrix.of(y, 20, 16));
      for (int i = 0; i < y.length; i++) {
        assertEquals(i / 16 != 3, Float.isFinite(y[i]), "token " + i / 16);
      }
    }
  }
}
