package io.fourierft;

import static io.fourierft.EngineSamples.adapter;
import static io.fourierft.EngineSamples.elements;
import static io.fourierft.EngineSamples.floats;
import static io.fourierft.EngineSamples.padded;
import static io.fourierft.EngineSamples.requirePaddingIntact;
import static io.fourierft.EngineSamples.widened;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.internal.host.LittleEndian;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every engine must compute, against the definition in float64. */
public abstract class EngineConformance extends EngineSuite {
  /** The bound on the relative Frobenius error of a ΔW. */
  protected static final double DELTA_TOLERANCE = 1e-6;

  /** The bound on the largest error of a ΔW, relative to its largest element. */
  protected static final double LARGEST_ERROR = 5e-6;

  private static final double OPERATOR_TOLERANCE = 2e-6;

  /** Shapes that break transforms: lines, primes, odd and even, powers of two, every n. */
  static Stream<Arguments> cases() {
    int[][] shapes = {
      {1, 1},
      {1, 2},
      {2, 1},
      {1, 7},
      {7, 1},
      {1, 64},
      {64, 1},
      {1, 97},
      {2, 2},
      {2, 3},
      {3, 2},
      {3, 3},
      {4, 4},
      {5, 8},
      {8, 5},
      {31, 61},
      {33, 57},
      {64, 64},
      {48, 80},
      {106, 139},
      {256, 3},
      {3, 256},
      {211, 17},
      {17, 223},
      {96, 40}
    };
    List<Arguments> cases = new ArrayList<>();
    for (int[] shape : shapes) {
      int elements = shape[0] * shape[1];
      IntStream.of(1, 2, 5, 40, elements)
          .filter(n -> n <= elements && n <= 5000)
          .distinct()
          .forEach(n -> cases.add(Arguments.of(shape[0], shape[1], n)));
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyDensePathAgreesWithTheDefinition(int rows, int cols, int n) {
    FourierAdapter adapter = adapter(rows, cols, n, 11);
    double[] expected = DefinitionOracle.delta(adapter);
    for (DensePath path : DensePath.values()) {
      HostMatrix out = Matrix.of(new float[rows * cols], rows, cols);
      engine.deltaWeights(List.of(adapter), List.of(out), path);
      float[] actual = elements(out);
      assertTrue(
          DefinitionOracle.relativeError(actual, expected) <= DELTA_TOLERANCE,
          () -> path + " is off by " + DefinitionOracle.relativeError(actual, expected));
      assertTrue(
          DefinitionOracle.maximumError(actual, expected) <= LARGEST_ERROR,
          () -> path + " is off by " + DefinitionOracle.maximumError(actual, expected));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void operatorAndItsTransposeAgreeWithTheDefinition(int rows, int cols, int n) {
    FourierAdapter adapter = adapter(rows, cols, n, 12);
    Random random = new Random(rows + 31L * cols);
    int tokens = 3;
    float[] x = floats(tokens * cols, random);
    float[] g = floats(tokens * rows, random);
    float[] y = floats(tokens * rows, random);
    float[] gx = floats(tokens * cols, random);
    double[] delta = DefinitionOracle.delta(adapter);
    double[] expectedY = widened(y);
    double[] expectedGx = widened(gx);
    double size = 0;
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < rows; p++) {
        for (int q = 0; q < cols; q++) {
          double d = delta[p * cols + q];
          expectedY[t * rows + p] += d * x[t * cols + q];
          expectedGx[t * cols + q] += d * g[t * rows + p];
          size = Math.max(size, Math.abs(d));
        }
      }
    }
    AdapterRouting routing = AdapterRouting.all(adapter);
    HostMatrix xs = Matrix.of(x, tokens, cols);
    HostMatrix gs = Matrix.of(g, tokens, rows);
    for (OperatorPath path : OperatorPath.values()) {
      float[] foundY = y.clone();
      float[] foundGx = gx.clone();
      float[] backwardGx = gx.clone();
      engine.apply(routing, xs, Matrix.of(foundY, tokens, rows), path);
      engine.applyTransposed(routing, gs, Matrix.of(foundGx, tokens, cols), path);
      HostMatrix gradient = Matrix.of(new float[n], 1, n);
      engine.backward(
          routing, xs, gs, Matrix.of(backwardGx, tokens, cols), List.of(gradient), path);
      // Single results may cancel; what bounds the error is the size of what is summed.
      assertClose(expectedY, foundY, 1 + size * Math.sqrt(cols));
      assertClose(expectedGx, foundGx, 1 + size * Math.sqrt(rows));
      assertClose(expectedGx, backwardGx, 1 + size * Math.sqrt(rows));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsAgreeWithTheDefinition(int rows, int cols, int n) {
    FourierAdapter adapter = adapter(rows, cols, n, 13);
    Random random = new Random(rows + 37L * cols);
    int tokens = 5;
    float[] x = floats(tokens * cols, random);
    float[] g = floats(tokens * rows, random);
    float[] gradient = floats(n, random);
    double[] expected = widened(gradient);
    float[] h = new float[rows * cols];
    for (int t = 0; t < tokens; t++) {
      DefinitionOracle.spectrumGradient(
          adapter,
          widened(java.util.Arrays.copyOfRange(x, t * cols, (t + 1) * cols)),
          widened(java.util.Arrays.copyOfRange(g, t * rows, (t + 1) * rows)),
          expected);
      for (int i = 0; i < h.length; i++) {
        h[i] += g[t * rows + i / cols] * x[t * cols + i % cols];
      }
    }
    final float[] start = gradient.clone();
    float[] fromDelta = gradient.clone();
    engine.spectrumGradient(
        AdapterRouting.all(adapter),
        Matrix.of(x, tokens, cols),
        Matrix.of(g, tokens, rows),
        List.of(Matrix.of(gradient, 1, n)));
    engine.spectrumGradientFromDelta(adapter, Matrix.of(h, rows, cols), Matrix.of(fromDelta, 1, n));
    double size = 1 + 150.0 / Math.sqrt((double) rows * cols) * Math.sqrt(tokens);
    assertClose(expected, gradient, size);
    assertClose(expected, fromDelta, size);
    for (OperatorPath path : OperatorPath.values()) {
      float[] backward = start.clone();
      engine.backward(
          AdapterRouting.all(adapter),
          Matrix.of(x, tokens, cols),
          Matrix.of(g, tokens, rows),
          Matrix.of(new float[tokens * cols], tokens, cols),
          List.of(Matrix.of(backward, 1, n)),
          path);
      assertClose(expected, backward, size);
    }
  }

  private static void assertClose(double[] expected, float[] actual, double size) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], OPERATOR_TOLERANCE * (size + Math.abs(expected[i])));
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void deltaIsRoundedOnceToTheOutputsType(ElementType type) {
    FourierAdapter adapter = adapter(24, 20, 60, 5);
    float[] exact = elements(engine.deltaWeight(adapter));
    double slack = PlanRounding.slack(exact);
    try (Arena arena = Arena.ofShared()) {
      for (boolean heap : new boolean[] {true, false}) {
        HostMatrix out = padded(arena, type, 24, 20, new float[480], heap);
        engine.deltaWeights(List.of(adapter), List.of(out));
        for (int i = 0; i < exact.length; i++) {
          PlanRounding.assertRounded(
              type, exact[i], out.get(i / 20, i % 20), slack, "element " + i);
        }
        requirePaddingIntact(out);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void additionRoundsTheSumOnceAndTakesEitherLayout(ElementType type) {
    int rows = 21;
    int cols = 34;
    FourierAdapter adapter = adapter(rows, cols, 110, 6);
    float[] delta = elements(engine.deltaWeight(adapter));
    double slack = PlanRounding.slack(delta);
    float[] base = floats(rows * cols, new Random(3));
    try (Arena arena = Arena.ofShared()) {
      for (boolean transposed : new boolean[] {false, true}) {
        for (FourierEngine.Addition addition : FourierEngine.Addition.values()) {
          int height = transposed ? cols : rows;
          int width = transposed ? rows : cols;
          HostMatrix weight = padded(arena, type, height, width, base, transposed);
          float[] before = elements(weight);
          engine.addDelta(
              adapter, weight, transposed ? WeightLayout.IN_OUT : WeightLayout.OUT_IN, addition);
          for (int i = 0; i < before.length; i++) {
            int r = i / width;
            int c = i % width;
            float d = transposed ? delta[c * cols + r] : delta[r * cols + c];
            float signed = addition == FourierEngine.Addition.ADD ? d : -d;
            boolean wide = type == ElementType.F64;
            double found =
                wide
                    ? weight.data().get(LittleEndian.DOUBLE, weight.byteOffset(r, c))
                    : weight.get(r, c);
            double sum = wide ? (double) before[i] + signed : before[i] + signed;
            PlanRounding.assertRounded(type, sum, found, slack, "element " + i);
          }
          requirePaddingIntact(weight);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void reportMeasuresWhatTheAdditionDid(ElementType type) {
    int rows = 40;
    int cols = 28;
    FourierAdapter adapter = adapter(rows, cols, 90, 7);
    float[] delta = elements(engine.deltaWeight(adapter));
    double slack = PlanRounding.slack(delta);
    float[] base = floats(rows * cols, new Random(4));
    try (Arena arena = Arena.ofShared()) {
      HostMatrix weight = padded(arena, type, rows, cols, base, false);
      HostMatrix twin = padded(arena, type, rows, cols, base, false);
      float[] before = elements(weight);
      AdditionReport report =
          engine.addDeltaReporting(
              adapter, weight, WeightLayout.OUT_IN, FourierEngine.Addition.ADD);
      engine.addDelta(adapter, twin, WeightLayout.OUT_IN, FourierEngine.Addition.ADD);
      assertArrayEquals(elements(twin), elements(weight));
      double deltaSquares = 0;
      double weightSquares = 0;
      double largest = 0;
      double errors = 0;
      for (int i = 0; i < before.length; i++) {
        double stored =
            type == ElementType.F64
                ? weight.data().get(LittleEndian.DOUBLE, weight.byteOffset(i / cols, i % cols))
                : weight.get(i / cols, i % cols);
        double error = Math.abs(stored - ((double) before[i] + delta[i]));
        deltaSquares += (double) delta[i] * delta[i];
        weightSquares += (double) before[i] * before[i];
        largest = Math.max(largest, error);
        errors += error;
      }
      assertEquals(before.length, report.elements());
      double norm = Math.sqrt(deltaSquares);
      assertEquals(norm, report.deltaNorm(), 1e-12 * norm + slack * Math.sqrt(delta.length));
      assertEquals(Math.sqrt(weightSquares), report.weightNorm(), 1e-12 * report.weightNorm());
      assertEquals(largest, report.maxRoundingError(), 1e-12 + slack);
      assertEquals(errors / before.length, report.meanRoundingError(), 1e-12 + slack);
      assertEquals(0, report.nonFinite());
    }
  }

  @Test
  void reportCountsResultsThatAreNotFinite() {
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(6, 5, 4, 1), new float[] {1, 2, 3, 4}, 1e6);
    float[] base = new float[30];
    base[7] = Float.NaN;
    base[9] = 65504;
    try (Arena arena = Arena.ofShared()) {
      HostMatrix weight = padded(arena, ElementType.F16, 6, 5, base, true);
      float[] delta = elements(engine.deltaWeight(adapter));
      AdditionReport report =
          engine.addDeltaReporting(
              adapter, weight, WeightLayout.OUT_IN, FourierEngine.Addition.ADD);
      long expected = 0;
      double errors = 0;
      for (int i = 0; i < 30; i++) {
        float stored = ElementType.F16.round(base[i] + delta[i]);
        if (Float.isFinite(stored)) {
          errors += Math.abs(stored - ((double) base[i] + delta[i]));
        } else {
          expected++;
        }
      }
      assertTrue(expected > 1 && expected < 30 && errors > 0);
      assertEquals(expected, report.nonFinite());
      // The mean is that of the finite results, as the largest is.
      double mean = errors / (30 - expected);
      assertEquals(mean, report.meanRoundingError(), 1e-9 * mean + PlanRounding.slack(delta));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F16", "BF16"})
  void deltaTypeRoundsTheDeltaBeforeItIsUsed(ElementType type) {
    FourierAdapter adapter = adapter(30, 18, 50, 8);
    FourierAdapter low = adapter.withDeltaType(type);
    float[] delta = elements(engine.deltaWeight(adapter));
    float[] base = floats(540, new Random(5));
    float[] merged = base.clone();
    engine.addDelta(
        low, Matrix.of(merged, 30, 18), WeightLayout.OUT_IN, FourierEngine.Addition.ADD);
    float[] written = elements(engine.deltaWeight(low));
    for (int i = 0; i < delta.length; i++) {
      assertEquals(type.round(delta[i]), written[i]);
      assertEquals(base[i] + type.round(delta[i]), merged[i]);
    }
  }

  @Test
  void batchesOfManyShapesKeepTheirOrder() {
    List<FourierAdapter> adapters = new ArrayList<>();
    List<HostMatrix> out = new ArrayList<>();
    int[][] shapes = {{8, 8}, {5, 7}, {8, 8}, {300, 260}, {1, 9}, {5, 7}, {300, 260}, {64, 8}};
    for (int i = 0; i < shapes.length; i++) {
      int rows = shapes[i][0];
      int cols = shapes[i][1];
      adapters.add(adapter(rows, cols, Math.min(rows * cols, 9 + i), 100 + i));
      out.add(Matrix.of(new float[rows * cols], rows, cols));
    }
    engine.deltaWeights(adapters, out);
    for (int i = 0; i < shapes.length; i++) {
      PlanRounding.assertSame(elements(engine.deltaWeight(adapters.get(i))), elements(out.get(i)));
    }
    engine.deltaWeights(List.of(), List.of());
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    FourierAdapter adapter = adapter(280, 300, 500, 9);
    Random random = new Random(6);
    int tokens = 150;
    float[] x = floats(tokens * 300, random);
    float[] g = floats(tokens * 280, random);
    float[] base = floats(280 * 300, random);
    List<float[]> results = new ArrayList<>();
    List<AdditionReport> reports = new ArrayList<>();
    for (int threads : new int[] {1, 2, 5}) {
      try (FourierEngine other = open(threads)) {
        float[] y = new float[tokens * 280];
        float[] gx = new float[tokens * 300];
        float[] gradient = new float[500];
        float[] fromDelta = new float[500];
        float[] weight = base.clone();
        AdapterRouting routing = AdapterRouting.all(adapter);
        other.apply(routing, Matrix.of(x, tokens, 300), Matrix.of(y, tokens, 280));
        other.applyTransposed(routing, Matrix.of(g, tokens, 280), Matrix.of(gx, tokens, 300));
        other.spectrumGradient(
            routing,
            Matrix.of(x, tokens, 300),
            Matrix.of(g, tokens, 280),
            List.of(Matrix.of(gradient, 1, 500)));
        other.spectrumGradientFromDelta(
            adapter, Matrix.of(base, 280, 300), Matrix.of(fromDelta, 1, 500));
        reports.add(
            other.addDeltaReporting(
                adapter,
                Matrix.of(weight, 280, 300),
                WeightLayout.OUT_IN,
                FourierEngine.Addition.ADD));
        results.addAll(List.of(y, gx, gradient, fromDelta, weight));
      }
    }
    for (int i = 5; i < results.size(); i++) {
      assertArrayEquals(results.get(i % 5), results.get(i), "result " + i);
    }
    assertEquals(reports.get(0), reports.get(1));
    assertEquals(reports.get(0), reports.get(2));
  }
}
