package io.fourierft;

import static io.fourierft.EngineSamples.elements;
import static io.fourierft.EngineSamples.floats;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Random shapes, seeds and numbers of coefficients. */
public abstract class EngineProperties {
  /** A new engine of the kind under test. */
  protected abstract FourierEngine open(int threads);

  @Property(tries = 60, seed = "20260701")
  void everyPathFollowsTheDefinition(
      @ForAll @IntRange(min = 1, max = 130) int rows,
      @ForAll @IntRange(min = 1, max = 130) int cols,
      @ForAll @IntRange(min = 1, max = 150) int wanted,
      @ForAll long seed) {
    int n = Math.min(wanted, rows * cols);
    FourierAdapter adapter =
        FourierAdapter.of(
            SpectralLocations.of(rows, cols, n, seed), floats(n, new Random(seed)), 300);
    double[] expected = DefinitionOracle.delta(adapter);
    try (FourierEngine engine = open(1)) {
      for (DensePath path : DensePath.values()) {
        HostMatrix out = Matrix.of(new float[rows * cols], rows, cols);
        engine.deltaWeights(List.of(adapter), List.of(out), path);
        assertTrue(
            DefinitionOracle.relativeError(elements(out), expected)
                <= EngineConformance.DELTA_TOLERANCE,
            path.name());
        assertTrue(
            DefinitionOracle.maximumError(elements(out), expected)
                <= EngineConformance.LARGEST_ERROR,
            path.name());
      }
    }
  }

  @Property(tries = 60, seed = "20260702")
  void theOperatorIsLinearInTheCoefficients(
      @ForAll @IntRange(min = 1, max = 200) int rows,
      @ForAll @IntRange(min = 1, max = 200) int cols,
      @ForAll @IntRange(min = 1, max = 99) int wanted,
      @ForAll long seed) {
    int n = Math.min(wanted, rows * cols);
    Random random = new Random(seed);
    SpectralLocations locations = SpectralLocations.of(rows, cols, n, seed);
    float[] a = floats(n, random);
    float[] b = floats(n, random);
    float[] sum = new float[n];
    for (int k = 0; k < n; k++) {
      sum[k] = a[k] + 2 * b[k];
    }
    float[] x = floats(cols, random);
    try (FourierEngine engine = open(1)) {
      float[] ya = apply(engine, FourierAdapter.of(locations, a, 100), x);
      float[] yb = apply(engine, FourierAdapter.of(locations, b, 100), x);
      float[] ySum = apply(engine, FourierAdapter.of(locations, sum, 100), x);
      double size = 0;
      for (int p = 0; p < rows; p++) {
        size = Math.max(size, Math.abs(ya[p]) + 2 * Math.abs(yb[p]));
      }
      for (int p = 0; p < rows; p++) {
        assertEquals(ya[p] + 2.0 * yb[p], ySum[p], 1e-5 * size + 1e-9);
      }
    }
  }

  private static float[] apply(FourierEngine engine, FourierAdapter adapter, float[] x) {
    float[] y = new float[adapter.rows()];
    engine.apply(
        AdapterRouting.all(adapter),
        Matrix.of(x, 1, adapter.cols()),
        Matrix.of(y, 1, adapter.rows()));
    return y;
  }
}
