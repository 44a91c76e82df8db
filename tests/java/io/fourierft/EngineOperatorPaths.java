package io.fourierft;

import static io.fourierft.EngineSamples.adapter;
import static io.fourierft.EngineSamples.elements;
import static io.fourierft.EngineSamples.floats;
import static io.fourierft.EngineSamples.padded;
import static io.fourierft.EngineSamples.requirePaddingIntact;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever path an operator or a backward pass takes, its results are those of the definition. */
public abstract class EngineOperatorPaths extends EngineSuite {
  private static final int ROWS = 36;
  private static final int COLS = 50;
  private static final int TOKENS = 41;

  private static final List<FourierAdapter> ADAPTERS =
      List.of(adapter(ROWS, COLS, 30, 1), adapter(ROWS, COLS, 7, 2), adapter(ROWS, COLS, 99, 3));

  private static final HostMatrix X = numbers(COLS, 5);
  private static final HostMatrix G = numbers(ROWS, 6);

  private static HostMatrix numbers(int cols, int seed) {
    return Matrix.of(floats(TOKENS * cols, new Random(seed)), TOKENS, cols);
  }

  /** All adapters on every token, or one or none of them. */
  private static AdapterRouting routing(boolean mixed) {
    if (!mixed) {
      return AdapterRouting.all(ADAPTERS);
    }
    Random random = new Random(2);
    return AdapterRouting.perToken(ADAPTERS, random.ints(TOKENS, -1, ADAPTERS.size()).toArray());
  }

  private static boolean acts(AdapterRouting routing, int adapter, int token) {
    return !routing.isPerToken() || routing.choice(token) == adapter;
  }

  /** What is added to y, or to gx if {@code transposed}, by the definition. */
  private static double[] change(AdapterRouting routing, boolean transposed) {
    int ins = transposed ? ROWS : COLS;
    int outs = transposed ? COLS : ROWS;
    HostMatrix in = transposed ? G : X;
    double[] sum = new double[TOKENS * outs];
    for (int a = 0; a < ADAPTERS.size(); a++) {
      double[] delta = DefinitionOracle.delta(ADAPTERS.get(a));
      for (int t = 0; t < TOKENS; t++) {
        for (int o = 0; acts(routing, a, t) && o < outs; o++) {
          for (int i = 0; i < ins; i++) {
            sum[t * outs + o] +=
                (transposed ? delta[i * COLS + o] : delta[o * COLS + i]) * in.get(t, i);
          }
        }
      }
    }
    return sum;
  }

  private static List<HostMatrix> gradients() {
    List<HostMatrix> all = new ArrayList<>();
    for (FourierAdapter adapter : ADAPTERS) {
      float[] ones = new float[adapter.nFrequency()];
      Arrays.fill(ones, 1);
      all.add(Matrix.of(ones, 1, ones.length));
    }
    return all;
  }

  private static void assertGradients(AdapterRouting routing, List<HostMatrix> found) {
    for (int a = 0; a < ADAPTERS.size(); a++) {
      double[] expected = new double[ADAPTERS.get(a).nFrequency()];
      Arrays.fill(expected, 1);
      for (int t = 0; t < TOKENS; t++) {
        if (acts(routing, a, t)) {
          DefinitionOracle.spectrumGradient(ADAPTERS.get(a), token(X, t), token(G, t), expected);
        }
      }
      assertNear(expected, elements(found.get(a)));
    }
  }

  private static double[] token(HostMatrix matrix, int t) {
    double[] token = new double[matrix.cols()];
    for (int i = 0; i < token.length; i++) {
      token[i] = matrix.get(t, i);
    }
    return token;
  }

  private static void assertNear(double[] expected, float[] found) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], 3e-6 * largest, "element " + i);
    }
  }

  private static HostMatrix zeros(int cols) {
    return Matrix.of(new float[TOKENS * cols], TOKENS, cols);
  }

  @ParameterizedTest
  @EnumSource(OperatorPath.class)
  void severalOrOneOrNoAdapterOnATokenAreThoseOfTheDefinition(OperatorPath path) {
    for (boolean mixed : new boolean[] {false, true}) {
      AdapterRouting routing = routing(mixed);
      HostMatrix y = zeros(ROWS);
      HostMatrix gx = zeros(COLS);
      engine.apply(routing, X, y, path);
      engine.applyTransposed(routing, G, gx, path);
      assertNear(change(routing, false), elements(y));
      assertNear(change(routing, true), elements(gx));
    }
  }

  @ParameterizedTest
  @EnumSource(OperatorPath.class)
  void aBackwardPassIsTheTransposeAndTheGradient(OperatorPath path) {
    for (boolean mixed : new boolean[] {false, true}) {
      AdapterRouting routing = routing(mixed);
      HostMatrix gx = zeros(COLS);
      List<HostMatrix> gradients = gradients();
      engine.backward(routing, X, G, gx, gradients, path);
      assertNear(change(routing, true), elements(gx));
      assertGradients(routing, gradients);
    }
  }

  @Test
  void aBackwardPassFromKeptTransformsIsTheSame() {
    try (TokenSpectrum x = engine.newTokenSpectrum(TOKENS + 3, COLS);
        TokenSpectrum g = engine.newTokenSpectrum(TOKENS, ROWS)) {
      engine.transform(X, x);
      engine.transform(G, g);
      for (boolean mixed : new boolean[] {false, true}) {
        AdapterRouting routing = routing(mixed);
        HostMatrix gx = zeros(COLS);
        List<HostMatrix> gradients = gradients();
        engine.backward(routing, x, g, gx, gradients);
        assertNear(change(routing, true), elements(gx));
        assertGradients(routing, gradients);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(OperatorPath.class)
  void twoRunsGiveTheSameBits(OperatorPath path) {
    AdapterRouting routing = routing(true);
    float[][] found = new float[2][];
    for (int run = 0; run < 2; run++) {
      HostMatrix y = zeros(ROWS);
      HostMatrix gx = zeros(COLS);
      List<HostMatrix> gradients = gradients();
      engine.apply(routing, X, y, path);
      engine.backward(routing, X, G, gx, gradients, path);
      found[run] =
          concatenated(List.of(y, gx, gradients.get(0), gradients.get(1), gradients.get(2)));
    }
    assertArrayEquals(found[0], found[1]);
  }

  private static float[] concatenated(List<HostMatrix> parts) {
    float[] all = new float[0];
    for (HostMatrix part : parts) {
      float[] values = elements(part);
      int before = all.length;
      all = Arrays.copyOf(all, before + values.length);
      System.arraycopy(values, 0, all, before, values.length);
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(OperatorPath.class)
  void activationsOfEveryTypeAndStrideAreReadAndRoundedOnce(OperatorPath path) {
    AdapterRouting routing = routing(true);
    for (ElementType type : List.of(ElementType.F32, ElementType.F16, ElementType.BF16)) {
      try (Arena arena = Arena.ofShared()) {
        HostMatrix x = padded(arena, type, TOKENS, COLS, elements(X), true);
        HostMatrix g = padded(arena, type, TOKENS, ROWS, elements(G), false);
        float[] before = floats(TOKENS * COLS, new Random(8));
        HostMatrix gx = padded(arena, type, TOKENS, COLS, before, true);
        HostMatrix single = zeros(COLS);
        List<HostMatrix> gradients = gradients();
        List<HostMatrix> expected = gradients();
        HostMatrix wideX = Matrix.of(elements(x), TOKENS, COLS);
        HostMatrix wideG = Matrix.of(elements(g), TOKENS, ROWS);
        engine.backward(routing, wideX, wideG, single, expected, path);
        float[] start = elements(gx);
        engine.backward(routing, x, g, gx, gradients, path);
        double slack = PlanRounding.slack(elements(single));
        for (int i = 0; i < start.length; i++) {
          float sum = start[i] + single.get(i / COLS, i % COLS);
          PlanRounding.assertRounded(type, sum, gx.get(i / COLS, i % COLS), slack, "value " + i);
        }
        for (int a = 0; a < ADAPTERS.size(); a++) {
          PlanRounding.assertSame(elements(expected.get(a)), elements(gradients.get(a)));
        }
        requirePaddingIntact(gx);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(OperatorPath.class)
  void tokensWithoutAnAdapterAndNoTokensAtAllAreNotTouched(OperatorPath path) {
    float[] x = elements(X);
    Arrays.fill(x, COLS, 2 * COLS, Float.NaN);
    float[] before = floats(TOKENS * ROWS, new Random(4));
    float[] y = before.clone();
    int[] choice = new int[TOKENS];
    choice[1] = AdapterRouting.NONE;
    AdapterRouting routing = AdapterRouting.perToken(ADAPTERS, choice);
    engine.apply(routing, Matrix.of(x, TOKENS, COLS), Matrix.of(y, TOKENS, ROWS), path);
    assertArrayEquals(
        Arrays.copyOfRange(before, ROWS, 2 * ROWS), Arrays.copyOfRange(y, ROWS, 2 * ROWS));
    List<HostMatrix> gradients = gradients();
    HostMatrix none = Matrix.of(new float[0], 0, COLS);
    HostMatrix noUpstream = Matrix.of(new float[0], 0, ROWS);
    HostMatrix noOutput = Matrix.of(new float[0], 0, COLS);
    engine.backward(AdapterRouting.all(ADAPTERS), none, noUpstream, noOutput, gradients, path);
    engine.backward(
        AdapterRouting.perToken(ADAPTERS, new int[0]), none, noUpstream, noOutput, gradients, path);
    int[] nobody = new int[TOKENS];
    Arrays.fill(nobody, AdapterRouting.NONE);
    HostMatrix gx = zeros(COLS);
    engine.backward(AdapterRouting.perToken(ADAPTERS, nobody), X, G, gx, gradients, path);
    assertArrayEquals(new float[TOKENS * COLS], elements(gx));
    for (HostMatrix gradient : gradients) {
      for (float value : elements(gradient)) {
        assertEquals(1, value);
      }
    }
  }
}
