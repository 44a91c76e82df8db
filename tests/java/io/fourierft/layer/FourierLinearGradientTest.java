package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.AdapterPath;
import io.fourierft.DefinitionOracle;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OneEngineTest;
import io.fourierft.WeightLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Backward passes against central differences of a loss that is computed in float64. */
class FourierLinearGradientTest extends OneEngineTest {
  @ParameterizedTest
  @CsvSource({"6, 9, false", "7, 5, true", "1, 4, false", "8, 1, false"})
  void gradientsAgreeWithCentralDifferences(int out, int in, boolean transposed) {
    int tokens = 3;
    int n = Math.max(1, out * in / 3);
    HostMatrix weight =
        transposed ? LayerSamples.gaussian(in, out, 1) : LayerSamples.gaussian(out, in, 1);
    HostMatrix bias = LayerSamples.gaussian(1, out, 2);
    Map<String, FourierAdapter> adapters = new LinkedHashMap<>();
    adapters.put("a", LayerSamples.adapter(out, in, n, 3));
    adapters.put("b", LayerSamples.adapter(out, in, n, 4));
    FourierLinear layer =
        new FourierLinear(
            engine(),
            LayerSamples.put(weight),
            LayerSamples.put(bias),
            FourierLinearOptions.defaults()
                .withLayout(transposed ? WeightLayout.IN_OUT : WeightLayout.OUT_IN));
    adapters.forEach(layer::addAdapter);
    layer.setActiveAdapters(List.of("a", "b"));

    HostMatrix x = LayerSamples.gaussian(tokens, in, 5);
    Matrix output = LayerSamples.put(LayerSamples.zeros(tokens, out));
    Matrix gx = LayerSamples.put(LayerSamples.zeros(tokens, in));
    Map<String, Matrix> gradients =
        Map.of(
            "a",
            LayerSamples.put(LayerSamples.zeros(1, n)),
            "b",
            LayerSamples.put(LayerSamples.zeros(1, n)));
    Matrix biasGradient = LayerSamples.put(LayerSamples.zeros(1, out));
    try (LinearTape tape = layer.newTape(tokens)) {
      layer.forward(LayerSamples.put(x), output, tape);
      HostMatrix y = LayerSamples.host(output);
      // The loss is Σ sin(y), so that its gradient depends on the forward pass.
      HostMatrix g = LayerSamples.zeros(tokens, out);
      for (int t = 0; t < tokens; t++) {
        for (int p = 0; p < out; p++) {
          g.set(t, p, (float) Math.cos(y.get(t, p)));
        }
      }
      layer.backward(tape, LayerSamples.put(g), gx, gradients, biasGradient);
    }

    double[] point = LayerSamples.doubles(x);
    double[] biasPoint = LayerSamples.doubles(bias);
    double[] difference =
        centralDifferences(point, at -> loss(weight, biasPoint, transposed, adapters, at, tokens));
    assertClose(gx, difference);
    assertClose(
        biasGradient,
        centralDifferences(biasPoint, at -> loss(weight, at, transposed, adapters, point, tokens)));
    for (String name : adapters.keySet()) {
      FourierAdapter adapter = adapters.get(name);
      float[] spectrum = adapter.spectrum();
      double[] numeric = new double[n];
      for (int k = 0; k < n; k++) {
        // The loss is exact in float64 for any coefficient that a float can hold.
        float step = 0x1p-8f;
        double[] losses = new double[2];
        for (int side = 0; side < 2; side++) {
          float[] moved = spectrum.clone();
          moved[k] += side == 0 ? step : -step;
          Map<String, FourierAdapter> changed = new LinkedHashMap<>(adapters);
          changed.put(name, adapter.withSpectrum(moved));
          losses[side] = loss(weight, biasPoint, transposed, changed, point, tokens);
        }
        float width = (spectrum[k] + step) - (spectrum[k] - step);
        numeric[k] = (losses[0] - losses[1]) / width;
      }
      assertClose(Objects.requireNonNull(gradients.get(name)), numeric);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = AdapterPath.class,
      names = {"SPECTRAL", "DENSE"})
  void forwardAndBackwardAreAdjoint(AdapterPath path) {
    assumeTrue(
        LayerSamples.isOnHost() || path == AdapterPath.SPECTRAL, "no ΔW is built on a device");
    FourierLinear layer =
        new FourierLinear(
            engine(),
            LayerSamples.put(LayerSamples.zeros(37, 22)),
            null,
            FourierLinearOptions.defaults().withPath(path));
    layer.addAdapter("a", LayerSamples.adapter(37, 22, 60, 1));
    HostMatrix x = LayerSamples.gaussian(11, 22, 2);
    HostMatrix g = LayerSamples.gaussian(11, 37, 3);
    Matrix y = LayerSamples.put(LayerSamples.zeros(11, 37));
    Matrix gx = LayerSamples.put(LayerSamples.zeros(11, 22));
    try (LinearTape tape = layer.newTape(16)) {
      layer.forward(LayerSamples.put(x), y, tape);
      layer.backward(tape, LayerSamples.put(g), gx, Map.of());
    }
    double left = dot(y, g);
    assertEquals(left, dot(x, gx), 1e-5 * Math.abs(left));
  }

  @Test
  void gradientsAreAddedAndTheInputGradientIsWritten() {
    FourierLinear layer = smallLayer();
    Matrix x = LayerSamples.put(LayerSamples.gaussian(4, 6, 3));
    Matrix g = LayerSamples.put(LayerSamples.gaussian(4, 8, 4));
    Matrix y = LayerSamples.put(LayerSamples.zeros(4, 8));
    Matrix gradient = LayerSamples.put(LayerSamples.zeros(1, 10));
    Matrix gx = LayerSamples.put(LayerSamples.gaussian(4, 6, 5));
    try (LinearTape tape = layer.newTape(4)) {
      layer.forward(x, y, tape);
      layer.backward(tape, g, gx, Map.of("a", gradient));
      float[] once = LayerSamples.floats(gradient);
      float[] gxOnce = LayerSamples.floats(gx);
      layer.backward(tape, g, gx, Map.of("a", gradient));
      float[] twice = once.clone();
      for (int k = 0; k < twice.length; k++) {
        twice[k] *= 2;
      }
      assertTrue(LayerSamples.error(LayerSamples.floats(gradient), twice) < 1e-6);
      assertTrue(Arrays.equals(gxOnce, LayerSamples.floats(gx)));
    }
  }

  @Test
  void backwardFitsItsForwardEvenIfTheLayerChangedInBetween() {
    FourierLinear layer = smallLayer();
    Matrix x = LayerSamples.put(LayerSamples.gaussian(4, 6, 3));
    Matrix g = LayerSamples.put(LayerSamples.gaussian(4, 8, 4));
    Matrix y = LayerSamples.put(LayerSamples.zeros(4, 8));
    Matrix before = LayerSamples.put(LayerSamples.zeros(4, 6));
    Matrix after = LayerSamples.put(LayerSamples.zeros(4, 6));
    try (LinearTape tape = layer.newTape(4)) {
      layer.forward(x, y, tape);
      layer.backward(tape, g, before, Map.of());
      layer.updateSpectrum("a", new float[10]);
      layer.merge(false);
      layer.backward(tape, g, after, Map.of());
    }
    assertTrue(Arrays.equals(LayerSamples.floats(before), LayerSamples.floats(after)));
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void theGradientOfTheBiasIsTheSumOfTokensAddedToWhatIsThere(ElementType type) {
    assumeTrue(type != ElementType.F64 || LayerSamples.isOnHost(), "a device multiplies no F64");
    FourierLinear layer =
        new FourierLinear(
            engine(),
            LayerSamples.put(LayerSamples.gaussian(type, 1500, 6, 1)),
            LayerSamples.put(LayerSamples.gaussian(type, 1, 1500, 2)),
            FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(1500, 6, 10, 2));
    HostMatrix g = LayerSamples.gaussian(type, 9, 1500, 4);
    float[] expected = LayerSamples.floats(LayerSamples.gaussian(1, 1500, 5));
    double[] upstream = LayerSamples.doubles(g);
    for (int p = 0; p < 1500; p++) {
      double sum = expected[p];
      for (int t = 0; t < 9; t++) {
        sum += upstream[t * 1500 + p];
      }
      expected[p] = (float) sum;
    }
    for (boolean disabled : new boolean[] {false, true}) {
      if (disabled) {
        layer.disableAdapters();
      }
      Matrix gradient = LayerSamples.put(LayerSamples.gaussian(1, 1500, 5));
      try (LinearTape tape = layer.newTape(9)) {
        layer.forward(
            LayerSamples.put(LayerSamples.gaussian(type, 9, 6, 3)),
            LayerSamples.put(LayerSamples.zeros(type, 9, 1500)),
            tape);
        layer.backward(tape, LayerSamples.put(g), null, Map.of(), gradient);
      }
      if (LayerSamples.isOnHost()) {
        assertArrayEquals(expected, LayerSamples.floats(gradient));
      } else {
        // Summed in float32 there.
        assertTrue(LayerSamples.error(LayerSamples.floats(gradient), expected) < 1e-6);
      }
    }
  }

  /** As a checkpoint's bias takes part, so does one that training made of it. */
  @Test
  void anotherBiasTakesPartInPassesThatBeginLater() {
    HostMatrix weight = LayerSamples.gaussian(8, 6, 1);
    HostMatrix bias = LayerSamples.gaussian(1, 8, 2);
    FourierLinear layer =
        new FourierLinear(
            engine(), LayerSamples.put(weight), null, FourierLinearOptions.defaults());
    final HostMatrix x = LayerSamples.gaussian(4, 6, 3);
    float[] expected =
        LayerSamples.forward(
            new FourierLinear(
                engine(),
                LayerSamples.put(weight),
                LayerSamples.put(bias),
                FourierLinearOptions.defaults()),
            x);
    assertNull(layer.bias());
    layer.updateBias(LayerSamples.put(bias));
    assertArrayEquals(expected, LayerSamples.forward(layer, x));
    bias.set(0, 0, 99);
    assertArrayEquals(expected, LayerSamples.forward(layer, x));
    layer.addAdapter("a", LayerSamples.adapter(8, 6, 10, 2));
    layer.merge(true);
    layer.unmerge();
    layer.deleteAdapter("a");
    assertTrue(LayerSamples.error(LayerSamples.forward(layer, x), expected) < 1e-6);
  }

  private static void assertClose(Matrix actual, double[] expected) {
    double error = DefinitionOracle.maximumError(LayerSamples.floats(actual), expected);
    assertTrue(error < 2e-5, "the gradient is off by " + error);
  }

  private static double[] centralDifferences(double[] point, Loss loss) {
    double[] gradient = new double[point.length];
    for (int i = 0; i < point.length; i++) {
      double step = 1e-5;
      double[] moved = point.clone();
      moved[i] += step;
      double above = loss.at(moved);
      moved[i] -= 2 * step;
      gradient[i] = (above - loss.at(moved)) / (2 * step);
    }
    return gradient;
  }

  private static double loss(
      HostMatrix weight,
      double[] bias,
      boolean transposed,
      Map<String, FourierAdapter> adapters,
      double[] x,
      int tokens) {
    double[] delta = DefinitionOracle.delta(List.copyOf(adapters.values()));
    int out = bias.length;
    int in = x.length / tokens;
    double loss = 0;
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < out; p++) {
        double sum = bias[p];
        for (int q = 0; q < in; q++) {
          double w = transposed ? weight.get(q, p) : weight.get(p, q);
          sum += (w + delta[p * in + q]) * x[t * in + q];
        }
        loss += Math.sin(sum);
      }
    }
    return loss;
  }

  private static double dot(Matrix a, Matrix b) {
    double sum = 0;
    float[] left = LayerSamples.floats(a);
    float[] right = LayerSamples.floats(b);
    for (int i = 0; i < left.length; i++) {
      sum += (double) left[i] * right[i];
    }
    return sum;
  }

  private interface Loss {
    double at(double[] point);
  }

  /** Six features to eight, with one adapter, {@code a}, of ten coefficients. */
  private static FourierLinear smallLayer() {
    FourierLinear layer =
        new FourierLinear(
            engine(),
            LayerSamples.put(LayerSamples.gaussian(8, 6, 1)),
            null,
            FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(8, 6, 10, 2));
    return layer;
  }
}
