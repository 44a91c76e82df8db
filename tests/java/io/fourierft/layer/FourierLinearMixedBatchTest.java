package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.AdapterPath;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OneEngineTest;
import io.fourierft.ShapeException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Batches in which each token names its own adapter: PEFT's adapter_names, which FourierFT lacks.
 */
class FourierLinearMixedBatchTest extends OneEngineTest {
  private static final int OUT = 20;
  private static final int IN = 33;
  private static final List<@Nullable String> NAMES =
      Arrays.asList("a", "b", null, "b", "b", FourierLinear.BASE, "c", "a", "a", "c", null, "a");

  private static FourierLinear layer(FourierLinearOptions options) {
    FourierLinear layer =
        new FourierLinear(
            engine(),
            LayerSamples.put(LayerSamples.gaussian(OUT, IN, 1)),
            LayerSamples.put(LayerSamples.gaussian(1, OUT, 2)),
            options);
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, 40, 3));
    layer.addAdapter("b", LayerSamples.adapter(OUT, IN, 7, 4));
    layer.addAdapter("c", LayerSamples.adapter(OUT, IN, 100, 5));
    return layer;
  }

  @ParameterizedTest
  @CsvSource({"SPECTRAL, 0", "DENSE, 0", "DENSE, 8000", "AUTO, 8000"})
  void mixedBatchEqualsItsTokensOneAdapterAtATime(AdapterPath path, long cacheBytes) {
    assumeTrue(
        LayerSamples.isOnHost() || path == AdapterPath.SPECTRAL, "no ΔW is built on a device");
    FourierLinear layer =
        layer(FourierLinearOptions.defaults().withPath(path).withDeltaCacheBytes(cacheBytes));
    HostMatrix x = LayerSamples.gaussian(NAMES.size(), IN, 6);
    Matrix output = LayerSamples.put(LayerSamples.zeros(NAMES.size(), OUT));
    layer.forward(LayerSamples.put(x), output, NAMES);
    HostMatrix y = LayerSamples.host(output);
    for (int t = 0; t < NAMES.size(); t++) {
      String name = NAMES.get(t);
      layer.setActiveAdapters(
          name == null || name.equals(FourierLinear.BASE) ? List.of() : List.of(name));
      float[] alone = LayerSamples.forward(layer, x.slice(t, 1));
      float[] mixed = LayerSamples.floats(y.slice(t, 1));
      assertTrue(LayerSamples.error(mixed, alone) < 1e-6, "token " + t + " of " + name);
    }
  }

  @Test
  void gradientsOfAMixedBatchAreThoseOfEachAdaptersTokens() {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    HostMatrix x = LayerSamples.gaussian(NAMES.size(), IN, 6);
    HostMatrix g = LayerSamples.gaussian(NAMES.size(), OUT, 7);
    Matrix allGx = LayerSamples.put(LayerSamples.zeros(NAMES.size(), IN));
    Map<String, Matrix> gradients = new LinkedHashMap<>();
    gradients.put("a", LayerSamples.put(LayerSamples.zeros(1, 40)));
    gradients.put("c", LayerSamples.put(LayerSamples.zeros(1, 100)));
    try (LinearTape tape = layer.newTape(NAMES.size())) {
      Matrix y = LayerSamples.put(LayerSamples.zeros(NAMES.size(), OUT));
      layer.forward(LayerSamples.put(x), y, NAMES, 1, tape);
      layer.backward(tape, LayerSamples.put(g), allGx, gradients);
      HostMatrix gx = LayerSamples.host(allGx);
      for (Map.Entry<String, Matrix> entry : gradients.entrySet()) {
        layer.setActiveAdapters(List.of(entry.getKey()));
        Matrix sum = LayerSamples.put(LayerSamples.zeros(1, entry.getValue().cols()));
        for (int t = 0; t < NAMES.size(); t++) {
          if (entry.getKey().equals(NAMES.get(t))) {
            Matrix gxAlone = LayerSamples.put(LayerSamples.zeros(1, IN));
            Matrix alone = LayerSamples.put(LayerSamples.zeros(1, OUT));
            layer.forward(LayerSamples.put(x.slice(t, 1)), alone, tape);
            layer.backward(
                tape, LayerSamples.put(g.slice(t, 1)), gxAlone, Map.of(entry.getKey(), sum));
            float[] mixed = LayerSamples.floats(gx.slice(t, 1));
            assertTrue(LayerSamples.error(mixed, LayerSamples.floats(gxAlone)) < 1e-6);
          }
        }
        assertTrue(
            LayerSamples.error(LayerSamples.floats(entry.getValue()), LayerSamples.floats(sum))
                < 2e-6);
      }
    }
  }

  @Test
  void samplesOfSeveralTokensShareTheirName() {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    HostMatrix x = LayerSamples.gaussian(6, IN, 6);
    Matrix bySample = LayerSamples.put(LayerSamples.zeros(6, OUT));
    Matrix byToken = LayerSamples.put(LayerSamples.zeros(6, OUT));
    Matrix in = LayerSamples.put(x);
    layer.forward(in, bySample, Arrays.asList("b", null), 3, null);
    layer.forward(in, byToken, Arrays.asList("b", "b", "b", null, null, null));
    assertArrayEquals(LayerSamples.floats(byToken), LayerSamples.floats(bySample));
  }

  @Test
  void batchOfBasesEqualsTheBase() {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    HostMatrix x = LayerSamples.gaussian(2, IN, 6);
    Matrix y = LayerSamples.put(LayerSamples.zeros(2, OUT));
    layer.forward(LayerSamples.put(x), y, Arrays.asList(null, FourierLinear.BASE));
    layer.setActiveAdapters(List.of());
    assertArrayEquals(LayerSamples.forward(layer, x), LayerSamples.floats(y));
  }

  @Test
  void unknownNameIsRefusedBeforeAnythingIsWritten() {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    Matrix x = LayerSamples.put(LayerSamples.gaussian(2, IN, 6));
    Matrix y = LayerSamples.put(LayerSamples.zeros(2, OUT));
    AdapterNameException refusal =
        assertThrows(AdapterNameException.class, () -> layer.forward(x, y, List.of("a", "zzz")));
    assertTrue(String.valueOf(refusal.getMessage()).contains("'zzz'"));
    assertArrayEquals(new float[2 * OUT], LayerSamples.floats(y));
  }

  @Test
  void wrongNumberOfNamesIsRefused() {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    Matrix x = LayerSamples.put(LayerSamples.gaussian(4, IN, 6));
    Matrix y = LayerSamples.put(LayerSamples.zeros(4, OUT));
    assertThrows(ShapeException.class, () -> layer.forward(x, y, List.of("a", "b")));
    assertThrows(ShapeException.class, () -> layer.forward(x, y, List.of("a"), 3, null));
  }

  @Test
  void mergedLayerRefusesNames() {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    layer.merge(false);
    Matrix x = LayerSamples.put(LayerSamples.gaussian(1, IN, 6));
    Matrix y = LayerSamples.put(LayerSamples.zeros(1, OUT));
    assertThrows(MergeException.class, () -> layer.forward(x, y, List.of("b")));
  }

  @Test
  void disabledAdaptersStayDisabledInAMixedBatch() {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    layer.disableAdapters();
    HostMatrix x = LayerSamples.gaussian(1, IN, 6);
    Matrix y = LayerSamples.put(LayerSamples.zeros(1, OUT));
    layer.forward(LayerSamples.put(x), y, List.of("b"));
    assertArrayEquals(LayerSamples.forward(layer, x), LayerSamples.floats(y));
    assertEquals(List.of("a"), layer.activeAdapters());
  }
}
