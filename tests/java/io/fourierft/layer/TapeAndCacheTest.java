package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineClosedException;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** When a layer keeps a ΔW, and what a tape keeps and gives back. */
class TapeAndCacheTest extends LayerTest {
  private static final long DELTA_BYTES = 4L * OUT * IN;
  private static final FourierLinearOptions CACHING =
      FourierLinearOptions.defaults()
          .withCostModel(CountingEngine.denseUnlessBuilt())
          .withDeltaCacheBytes(DELTA_BYTES);

  private static FourierLinear layer(CountingEngine counting, FourierLinearOptions options) {
    FourierLinear layer =
        new FourierLinear(counting.engine(), LayerSamples.gaussian(OUT, IN, 1), null, options);
    layer.addAdapter("a", adapter(5));
    return layer;
  }

  private static void forward(FourierLinear layer, LinearTape tape) {
    layer.forward(LayerSamples.gaussian(7, IN, 3), LayerSamples.zeros(7, OUT), tape);
  }

  @Test
  void aDeltaThatFitsIsBuiltOnceForAllPassesThatDoNotTrain() {
    CountingEngine counting = new CountingEngine(engine());
    FourierLinear layer = layer(counting, CACHING);
    LayerSamples.forward(layer, LayerSamples.gaussian(7, IN, 3));
    LayerSamples.forward(layer, LayerSamples.gaussian(7, IN, 3));
    assertEquals(DELTA_BYTES, layer.cachedDeltaBytes());
    assertEquals(1, counting.calls("deltaWeight"));
    assertEquals(0, counting.calls("apply"));
    layer.updateSpectrum("a", new float[N]);
    assertEquals(0, layer.cachedDeltaBytes(), "the old one is of no use");
  }

  @Test
  void aDeltaThatDoesNotFitIsNeitherBuiltNorKept() {
    CountingEngine counting = new CountingEngine(engine());
    FourierLinear layer = layer(counting, CACHING.withDeltaCacheBytes(DELTA_BYTES - 1));
    LayerSamples.forward(layer, LayerSamples.gaussian(7, IN, 3));
    assertEquals(0, layer.cachedDeltaBytes());
    assertEquals(0, counting.calls("deltaWeight"));
    assertEquals(1, counting.calls("apply"));
  }

  @Test
  void passesThatTrainBuildNoneForTheCache() {
    CountingEngine counting = new CountingEngine(engine());
    FourierLinear layer = layer(counting, CACHING);
    try (LinearTape tape = layer.newTape(7)) {
      forward(layer, tape);
      layer.backward(tape, LayerSamples.gaussian(7, OUT, 4), LayerSamples.zeros(7, IN), Map.of());
    }
    assertEquals(0, counting.calls("deltaWeight") + counting.calls("deltaWeights"));
    assertEquals(1, counting.calls("apply"));
    assertEquals(1, counting.calls("applyTransposed"));
    assertEquals(0, layer.cachedDeltaBytes());
  }

  @Test
  void theCacheTakesNoDeltaThatNoArrayCanHold() {
    int side = 1 << 16;
    FourierAdapter huge =
        FourierAdapter.of(
            SpectralLocations.of(side, side, new int[] {1}, new int[] {2}), new float[] {1}, 1);
    assertFalse(new DeltaCache(Long.MAX_VALUE).admits(huge));
    assertTrue(new DeltaCache(DELTA_BYTES).admits(adapter(5)), "exactly as large as the cache");
    assertFalse(new DeltaCache(DELTA_BYTES - 1).admits(adapter(5)));
  }

  private static void assertClosed(TokenSpectrum spectrum) {
    HostMatrix tokens = LayerSamples.zeros(1, spectrum.features());
    assertThrows(EngineClosedException.class, () -> engine().transform(tokens, spectrum));
  }

  @Test
  void aClosedTapeGivesItsMemoryBack() {
    CountingEngine counting = new CountingEngine(engine());
    FourierLinear layer = layer(counting, FourierLinearOptions.defaults());
    layer.newTape(7).close();
    assertEquals(2, counting.spectra().size());
    counting.spectra().forEach(TapeAndCacheTest::assertClosed);
  }

  @Test
  void aTapeThatCannotBeMadeKeepsNothing() {
    CountingEngine counting = new CountingEngine(engine());
    FourierLinear layer = layer(counting, FourierLinearOptions.defaults());
    counting.allowSpectra(1);
    assertThrows(IllegalStateException.class, () -> layer.newTape(7));
    assertClosed(counting.spectra().getFirst());
  }

  @Test
  void aPassThatFailsLeavesTheTapeEmpty() {
    FourierEngine brief =
        FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
    FourierLinear layer =
        new FourierLinear(
            brief, LayerSamples.gaussian(OUT, IN, 1), null, FourierLinearOptions.defaults());
    layer.addAdapter("a", adapter(5));
    LinearTape tape = layer.newTape(7);
    forward(layer, tape);
    assertEquals(7, tape.tokens());
    brief.close();
    assertThrows(EngineClosedException.class, () -> forward(layer, tape));
    assertEquals(0, tape.tokens());
  }

  @Test
  void someOfTheActiveAdaptersMayBeTrained() {
    FourierLinear layer = layer("a", "b");
    layer.setActiveAdapters(List.of("a", "b"));
    HostMatrix g = LayerSamples.gaussian(7, OUT, 4);
    HostMatrix alone = LayerSamples.zeros(1, N);
    HostMatrix first = LayerSamples.zeros(1, N);
    HostMatrix second = LayerSamples.zeros(1, N);
    try (LinearTape tape = layer.newTape(7)) {
      forward(layer, tape);
      layer.backward(tape, g, null, Map.of("b", alone));
      layer.backward(tape, g, null, Map.of("a", first, "b", second));
    }
    assertArrayEquals(LayerSamples.floats(second), LayerSamples.floats(alone), 1e-4f);
    assertTrue(error(LayerSamples.floats(first), LayerSamples.floats(alone)) > 0.1);
  }

  @Test
  void optionsAreKept() {
    FourierLinearOptions options = FourierLinearOptions.defaults().withThreads(3);
    assertEquals(3, options.threads());
    assertEquals(options, layer(new CountingEngine(engine()), options).options());
  }
}
