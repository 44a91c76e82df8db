package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostModelTest extends LayerTest {
  @TempDir Path folder;

  @Test
  void figuresSurviveTheFileExactly() throws IOException {
    CostModel model =
        new CostModel(1.25, 1.0 / 3, 0, 1e9, 0.1, 17, Double.MIN_VALUE, 0.5, 7, "by hand");
    Path file = folder.resolve("cost.json");
    model.save(file);
    assertEquals(model, CostModel.load(file));
    assertEquals(model, CostModel.loadOrMeasure(file, engine(), 1));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void fileOfAnotherKindIsRefused() throws IOException {
    Path file = folder.resolve("cost.json");
    Files.writeString(file, "{\"format\": \"something\"}");
    assertRefused(file, "is not a cost model: its format is 'something'");
    Files.writeString(file, "not json");
    assertRefused(file, "is not JSON");
    CostModel.defaults().save(file);
    Files.writeString(file, Files.readString(file).replace("build_call_ns", "built_call_ns"));
    assertRefused(file, "has no number 'build_call_ns'");
  }

  private static void assertRefused(Path file, String words) {
    FourierException refusal = assertThrows(FourierException.class, () -> CostModel.load(file));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(words), message);
  }

  @Test
  void figuresThatCannotBeTimesAreRefused() {
    assertThrows(
        FourierException.class, () -> new CostModel(-1, 0, 0, 0, 0, 0, 0, 0, 0, "negative"));
    assertThrows(
        FourierException.class, () -> new CostModel(0, 0, 0, Double.NaN, 0, 0, 0, 0, 0, "NaN"));
  }

  @Test
  void measurementGivesFiguresThatMakeSense() throws IOException {
    CostModel model = CostModel.loadOrMeasure(folder.resolve("cost.json"), engine(), 1);
    assertTrue(model.productMultiplyAdd() > 0);
    assertTrue(model.spectralTransform() > 0);
    assertTrue(model.buildTransform() > 0);
    assertTrue(model.source().contains("cpu"));
    assertEquals(model, CostModel.load(folder.resolve("cost.json")));
  }

  @Test
  void defaultsTakeTheSpectralOperatorForLargeLayersAndAFrozenDeltaForManyCoefficients() {
    CostModel model = CostModel.defaults();
    for (int tokens : new int[] {1, 64, 512}) {
      assertEquals(AdapterPath.SPECTRAL, model.choose(4096, 4096, 1000, tokens, false));
      assertEquals(AdapterPath.SPECTRAL, model.choose(4096, 4096, 1000, tokens, true));
    }
    assertEquals(AdapterPath.DENSE, model.choose(64, 64, 4096, 512, true));
    assertEquals(AdapterPath.DENSE, model.choose(97, 101, 5000, 4096, false));
  }

  @Test
  void lengthsWithLargePrimesCostMore() {
    assertEquals(10.0 * 1024, CostModel.transformWork(1024));
    assertTrue(CostModel.transformWork(1021) > 3 * CostModel.transformWork(1024));
    assertEquals(2, CostModel.transformWork(2));
    assertTrue(CostModel.transformWork(1) >= 0);
  }

  @Test
  void layerFollowsTheModelAndTheOverride() {
    CostModel spectralIsFree = new CostModel(0, 0, 0, 1, 1, 1, 1, 1, 1, "spectral is free");
    CostModel denseIsFree = new CostModel(1, 1, 1, 0, 0, 0, 0, 0, 0, "dense is free");
    FourierLinearOptions options = FourierLinearOptions.defaults().withDeltaCacheBytes(1 << 16);
    assertFalse(usesDelta(options.withCostModel(spectralIsFree)));
    assertTrue(usesDelta(options.withCostModel(denseIsFree)));
    assertTrue(usesDelta(options.withCostModel(spectralIsFree).withPath(AdapterPath.DENSE)));
    assertFalse(usesDelta(options.withCostModel(denseIsFree).withPath(AdapterPath.SPECTRAL)));
  }

  /** Whether a forward pass built a ΔW, which the cache then shows. */
  private static boolean usesDelta(FourierLinearOptions options) {
    FourierLinear layer = layer(ElementType.F32, options, "a");
    var _ = forward(layer);
    return layer.cachedDeltaBytes() > 0;
  }

  @Test
  void cacheKeepsToItsBudgetAndDropsTheOldest() {
    DeltaCache cache = new DeltaCache(2L * 4 * OUT * IN);
    FourierAdapter a = adapter(1);
    FourierAdapter b = adapter(2);
    FourierAdapter c = adapter(3);
    HostMatrix delta = LayerSamples.zeros(OUT, IN);
    cache.put(a, delta);
    cache.put(b, delta);
    assertTrue(cache.get(a) != null);
    cache.put(c, delta);
    assertTrue(cache.get(a) != null && cache.get(c) != null);
    assertEquals(null, cache.get(b));
    assertEquals(2L * 4 * OUT * IN, cache.heldBytes());
    cache.put(c, delta);
    assertEquals(2L * 4 * OUT * IN, cache.heldBytes());
    cache.retain(List.of(c));
    assertEquals(4L * OUT * IN, cache.heldBytes());
    FourierAdapter large = LayerSamples.adapter(100, 100, 5, 4);
    assertFalse(cache.admits(large));
    cache.put(large, LayerSamples.zeros(100, 100));
    assertEquals(null, cache.get(large));
    cache.retain(List.of());
    assertEquals(0, cache.heldBytes());
  }

  @Test
  void changedSpectrumIsNeverServedFromTheCache() {
    FourierLinear layer =
        layer(
            ElementType.F32,
            FourierLinearOptions.defaults()
                .withPath(AdapterPath.DENSE)
                .withDeltaCacheBytes(1 << 16),
            "a");
    float[] before = forward(layer);
    layer.updateSpectrum("a", new float[N]);
    float[] zero = forward(layer);
    layer.disableAdapters();
    assertEquals(0, error(zero, forward(layer)));
    assertTrue(error(before, zero) > 0.01);
  }
}
