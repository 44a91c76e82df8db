package io.fourierft;

import static io.fourierft.EngineSamples.adapter;
import static io.fourierft.EngineSamples.elements;
import static io.fourierft.EngineSamples.floats;
import static io.fourierft.EngineSamples.padded;
import static io.fourierft.EngineSamples.requirePaddingIntact;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How every engine must behave: routing, kept transforms, many callers. */
public abstract class EngineContract extends EngineSuite {
  private static final int ROWS = 36;
  private static final int COLS = 50;

  private static List<FourierAdapter> threeAdapters() {
    return List.of(
        adapter(ROWS, COLS, 30, 1), adapter(ROWS, COLS, 7, 2), adapter(ROWS, COLS, 400, 3));
  }

  @Test
  void severalAdaptersOnAllTokensAddUp() {
    List<FourierAdapter> adapters = threeAdapters();
    int tokens = 19;
    float[] x = floats(tokens * COLS, new Random(1));
    double[] delta = DefinitionOracle.delta(adapters);
    float[] y = new float[tokens * ROWS];
    engine.apply(
        AdapterRouting.all(adapters), Matrix.of(x, tokens, COLS), Matrix.of(y, tokens, ROWS));
    double[] expected = new double[y.length];
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < ROWS; p++) {
        for (int q = 0; q < COLS; q++) {
          expected[t * ROWS + p] += delta[p * COLS + q] * x[t * COLS + q];
        }
      }
    }
    assertTrue(DefinitionOracle.relativeError(y, expected) < 2e-6);
  }

  @Test
  void tokensOfDifferentAdaptersEqualTheSameTokensOneAtATime() {
    List<FourierAdapter> adapters = threeAdapters();
    int tokens = 37;
    Random random = new Random(2);
    int[] choice = new int[tokens];
    for (int t = 0; t < tokens; t++) {
      choice[t] = random.nextInt(4) - 1;
    }
    float[] x = floats(tokens * COLS, random);
    float[] g = floats(tokens * ROWS, random);
    float[] y = floats(tokens * ROWS, random);
    float[] gx = floats(tokens * COLS, random);
    float[] expectedY = y.clone();
    float[] expectedGx = gx.clone();
    for (int t = 0; t < tokens; t++) {
      if (choice[t] >= 0) {
        AdapterRouting one = AdapterRouting.all(adapters.get(choice[t]));
        engine.apply(one, row(x, t, COLS), row(expectedY, t, ROWS));
        engine.applyTransposed(one, row(g, t, ROWS), row(expectedGx, t, COLS));
      }
    }
    AdapterRouting mixed = AdapterRouting.perToken(adapters, choice);
    engine.apply(mixed, Matrix.of(x, tokens, COLS), Matrix.of(y, tokens, ROWS));
    engine.applyTransposed(mixed, Matrix.of(g, tokens, ROWS), Matrix.of(gx, tokens, COLS));
    assertNear(expectedY, y);
    assertNear(expectedGx, gx);

    List<HostMatrix> gradients = new ArrayList<>();
    for (int a = 0; a < adapters.size(); a++) {
      gradients.add(
          Matrix.of(new float[adapters.get(a).nFrequency()], 1, adapters.get(a).nFrequency()));
    }
    engine.spectrumGradient(
        mixed, Matrix.of(x, tokens, COLS), Matrix.of(g, tokens, ROWS), gradients);
    for (int a = 0; a < adapters.size(); a++) {
      int n = adapters.get(a).nFrequency();
      float[] expected = new float[n];
      for (int t = 0; t < tokens; t++) {
        if (choice[t] == a) {
          engine.spectrumGradient(
              AdapterRouting.all(adapters.get(a)),
              row(x, t, COLS),
              row(g, t, ROWS),
              List.of(Matrix.of(expected, 1, n)));
        }
      }
      assertNear(expected, elements(gradients.get(a)));
    }
  }

  private static HostMatrix row(float[] data, int t, int width) {
    return Matrix.of(data, t * width, 1, width, width);
  }

  private static void assertNear(float[] expected, float[] actual) {
    double largest = 1;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertArrayEquals(expected, actual, (float) (2e-6 * largest));
  }

  @Test
  void tokensWithoutAnAdapterAreNotTouchedWhateverTheyHold() {
    List<FourierAdapter> adapters = threeAdapters();
    float[] x = floats(4 * COLS, new Random(3));
    Arrays.fill(x, COLS, 2 * COLS, Float.NaN);
    float[] y = floats(4 * ROWS, new Random(4));
    float[] before = y.clone();
    AdapterRouting routing = AdapterRouting.perToken(adapters, new int[] {0, -1, -1, 2});
    engine.apply(routing, Matrix.of(x, 4, COLS), Matrix.of(y, 4, ROWS));
    assertArrayEquals(
        Arrays.copyOfRange(before, ROWS, 3 * ROWS), Arrays.copyOfRange(y, ROWS, 3 * ROWS));
    for (float value : y) {
      assertTrue(Float.isFinite(value));
    }
  }

  @Test
  void keptTransformsGiveTheSameNumbers() {
    List<FourierAdapter> adapters = threeAdapters();
    int tokens = 33;
    float[] x = floats(tokens * COLS, new Random(5));
    float[] g = floats(tokens * ROWS, new Random(6));
    HostMatrix xs = Matrix.of(x, tokens, COLS);
    HostMatrix gs = Matrix.of(g, tokens, ROWS);
    AdapterRouting routing = AdapterRouting.all(adapters);
    try (TokenSpectrum keptX = engine.newTokenSpectrum(40, COLS);
        TokenSpectrum keptG = engine.newTokenSpectrum(tokens, ROWS)) {
      assertEquals(0, keptX.tokens());
      engine.transform(xs, keptX);
      engine.transform(gs, keptG);
      assertEquals(tokens, keptX.tokens());
      assertEquals(40, keptX.capacity());
      assertEquals(COLS, keptX.features());
      float[] y = new float[tokens * ROWS];
      float[] keptY = new float[tokens * ROWS];
      engine.apply(routing, xs, Matrix.of(y, tokens, ROWS));
      engine.apply(routing, keptX, Matrix.of(keptY, tokens, ROWS));
      assertArrayEquals(y, keptY);
      float[] gx = new float[tokens * COLS];
      float[] keptGx = new float[tokens * COLS];
      engine.applyTransposed(routing, gs, Matrix.of(gx, tokens, COLS));
      engine.applyTransposed(routing, keptG, Matrix.of(keptGx, tokens, COLS));
      assertArrayEquals(gx, keptGx);
      List<HostMatrix> gradients = emptyGradients(adapters);
      List<HostMatrix> keptGradients = emptyGradients(adapters);
      engine.spectrumGradient(routing, xs, gs, gradients);
      engine.spectrumGradient(routing, keptX, keptG, keptGradients);
      for (int a = 0; a < adapters.size(); a++) {
        assertArrayEquals(elements(gradients.get(a)), elements(keptGradients.get(a)));
      }
      // A spectrum can be filled again, with fewer tokens.
      engine.transform(Matrix.of(x, 2, COLS), keptX);
      float[] two = new float[2 * ROWS];
      engine.apply(routing, keptX, Matrix.of(two, 2, ROWS));
      assertNear(Arrays.copyOf(y, 2 * ROWS), two);
    }
  }

  private static List<HostMatrix> emptyGradients(List<FourierAdapter> adapters) {
    List<HostMatrix> gradients = new ArrayList<>();
    for (FourierAdapter adapter : adapters) {
      gradients.add(Matrix.of(new float[adapter.nFrequency()], 1, adapter.nFrequency()));
    }
    return gradients;
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F32", "F16", "BF16"})
  void activationsOfEveryTypeAndStrideAreReadAsFloatAndRoundedOnce(ElementType type) {
    FourierAdapter adapter = adapter(ROWS, COLS, 60, 4);
    int tokens = 18;
    try (Arena arena = Arena.ofShared()) {
      for (boolean heap : new boolean[] {true, false}) {
        HostMatrix x =
            padded(arena, type, tokens, COLS, floats(tokens * COLS, new Random(7)), heap);
        HostMatrix y =
            padded(arena, type, tokens, ROWS, floats(tokens * ROWS, new Random(8)), heap);
        float[] start = elements(y);
        float[] change = new float[tokens * ROWS];
        AdapterRouting routing = AdapterRouting.all(adapter);
        engine.apply(
            routing, Matrix.of(elements(x), tokens, COLS), Matrix.of(change, tokens, ROWS));
        engine.apply(routing, x, y);
        double slack = PlanRounding.slack(change);
        for (int i = 0; i < start.length; i++) {
          PlanRounding.assertRounded(
              type, start[i] + change[i], y.get(i / ROWS, i % ROWS), slack, "value " + i);
        }
        requirePaddingIntact(y);
        requirePaddingIntact(x);
      }
    }
  }

  @Test
  void memoryOfAConfinedArenaIsFine() {
    FourierAdapter adapter = adapter(300, 280, 100, 5);
    float[] expected = elements(engine.deltaWeight(adapter));
    try (Arena arena = Arena.ofConfined()) {
      HostMatrix out = padded(arena, ElementType.F32, 300, 280, new float[84000], false);
      engine.deltaWeights(List.of(adapter), List.of(out));
      assertArrayEquals(expected, elements(out));
    }
  }

  @Test
  void noTokensDoNothing() {
    AdapterRouting routing = AdapterRouting.all(threeAdapters());
    List<HostMatrix> gradients = emptyGradients(threeAdapters());
    engine.apply(routing, Matrix.of(new float[0], 0, COLS), Matrix.of(new float[0], 0, ROWS));
    engine.applyTransposed(
        routing, Matrix.of(new float[0], 0, ROWS), Matrix.of(new float[0], 0, COLS));
    engine.spectrumGradient(
        routing, Matrix.of(new float[0], 0, COLS), Matrix.of(new float[0], 0, ROWS), gradients);
    for (HostMatrix gradient : gradients) {
      for (float value : elements(gradient)) {
        assertEquals(0, value);
      }
    }
    try (TokenSpectrum none = engine.newTokenSpectrum(0, COLS)) {
      engine.transform(Matrix.of(new float[0], 0, COLS), none);
      engine.apply(routing, none, Matrix.of(new float[0], 0, ROWS));
    }
  }

  @Test
  void zeroCoefficientsGiveExactlyZero() {
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(33, 57, 90, 1), new float[90], 150);
    for (DensePath path : DensePath.values()) {
      HostMatrix out = Matrix.of(new float[33 * 57], 33, 57);
      engine.deltaWeights(List.of(adapter), List.of(out), path);
      for (float value : elements(out)) {
        assertEquals(0, Math.abs(value), path.name());
      }
    }
    float[] y = new float[33];
    engine.apply(
        AdapterRouting.all(adapter),
        Matrix.of(floats(57, new Random(1)), 1, 57),
        Matrix.of(y, 1, 33));
    for (float value : y) {
      assertEquals(0, Math.abs(value));
    }
  }

  @Test
  void transposeIsTheAdjoint() {
    for (long seed = 1; seed <= 10; seed++) {
      Random random = new Random(seed);
      int rows = 1 + random.nextInt(90);
      int cols = 1 + random.nextInt(90);
      FourierAdapter adapter = adapter(rows, cols, 1 + random.nextInt(rows * cols), seed);
      float[] x = floats(cols, random);
      float[] g = floats(rows, random);
      float[] y = new float[rows];
      float[] gx = new float[cols];
      AdapterRouting routing = AdapterRouting.all(adapter);
      engine.apply(routing, Matrix.of(x, 1, cols), Matrix.of(y, 1, rows));
      engine.applyTransposed(routing, Matrix.of(g, 1, rows), Matrix.of(gx, 1, cols));
      double left = 0;
      double right = 0;
      double size = 0;
      for (int p = 0; p < rows; p++) {
        left += (double) y[p] * g[p];
        size += Math.abs((double) y[p] * g[p]);
      }
      for (int q = 0; q < cols; q++) {
        right += (double) gx[q] * x[q];
      }
      assertEquals(left, right, 2e-6 * size + 1e-12, rows + " x " + cols + ", seed " + seed);
    }
  }

  @Test
  void sixteenThreadsMayUseOneEngine() throws InterruptedException, ExecutionException {
    List<FourierAdapter> adapters = threeAdapters();
    int tokens = 24;
    float[] x = floats(tokens * COLS, new Random(10));
    float[] g = floats(tokens * ROWS, new Random(11));
    List<float[]> expected = workload(adapters, x, g, tokens);
    try (ExecutorService callers = Executors.newFixedThreadPool(16)) {
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        running.add(
            callers.submit(
                () -> {
                  for (int round = 0; round < 20; round++) {
                    List<float[]> actual = workload(adapters, x, g, tokens);
                    for (int r = 0; r < expected.size(); r++) {
                      assertArrayEquals(expected.get(r), actual.get(r));
                    }
                  }
                  return null;
                }));
      }
      for (Future<Void> caller : running) {
        caller.get();
      }
    }
  }

  private List<float[]> workload(List<FourierAdapter> adapters, float[] x, float[] g, int tokens) {
    AdapterRouting routing = AdapterRouting.all(adapters);
    float[] y = new float[tokens * ROWS];
    float[] gx = new float[tokens * COLS];
    engine.apply(routing, Matrix.of(x, tokens, COLS), Matrix.of(y, tokens, ROWS));
    engine.applyTransposed(routing, Matrix.of(g, tokens, ROWS), Matrix.of(gx, tokens, COLS));
    List<HostMatrix> gradients = emptyGradients(adapters);
    engine.spectrumGradient(
        routing, Matrix.of(x, tokens, COLS), Matrix.of(g, tokens, ROWS), gradients);
    List<HostMatrix> deltas = new ArrayList<>();
    for (int a = 0; a < adapters.size(); a++) {
      deltas.add(Matrix.of(new float[ROWS * COLS], ROWS, COLS));
    }
    engine.deltaWeights(adapters, deltas);
    List<float[]> results = new ArrayList<>(List.of(y, gx));
    for (int a = 0; a < adapters.size(); a++) {
      results.add(elements(gradients.get(a)));
      results.add(elements(deltas.get(a)));
    }
    return results;
  }
}
