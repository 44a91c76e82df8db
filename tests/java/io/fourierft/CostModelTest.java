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
        new CostModel(1.25, 2.5, 1.0 / 3, 0, 1e9, 0.1, 17, Double.MIN_VALUE, 0.5, 7, "by hand");
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
        FourierException.class, () -> new CostModel(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, "negative"));
    assertThrows(
        FourierException.class, () -> new CostModel(0, 0, 0, 0, Double.NaN, 0, 0, 0, 0, 0, "NaN"));
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
  void everyFigureCountsAsTheModelSays() {
    CostModel model = new CostModel(1e9, 1e6, 10, 1e3, 1e7, 100, 1e8, 1, 1e4, 1e-2, "by hand");
    double work = CostModel.transformWork(4) + CostModel.transformWork(8);
    assertEquals(1e9 + 3 * 1e6 + 5 * (10 * work + 3 * 1e3), model.spectralNanos(4, 8, 3, 5));
    double build = 3 * CostModel.transformWork(4) + 4 * CostModel.transformWork(8) / 2;
    assertEquals(1e7 + 100 * build, model.buildNanos(4, 8, 3));
    assertEquals(1e8 + 32 * (1 + 5 * 1e-2) + 5 * 12 * 1e4, model.productNanos(4, 8, 5), 1e-6);
  }

  @Test
  void layerWithoutFiguresOfItsOwnTakesThoseOfItsEngine() {
    EngineOptions options = EngineOptions.defaults().withDevice("cpu").withThreads(1);
    try (FourierEngine plain = FourierEngine.create(options.withKernels("jtransforms"));
        FourierEngine simd = FourierEngine.create(options.withKernels("simd"))) {
      assertEquals(CostModel.defaults(), plain.costModel());
      // One token with many coefficients on a small layer: only fast products beat the operator.
      AdapterRouting routing = AdapterRouting.all(LayerSamples.adapter(64, 256, 1000, 1));
      FourierLinearOptions layer = FourierLinearOptions.defaults().withDeltaCacheBytes(1 << 20);
      assertEquals(AdapterPath.SPECTRAL, path(plain, layer, routing));
      assertEquals(AdapterPath.DENSE, path(simd, layer, routing));
      assertEquals(AdapterPath.DENSE, path(plain, layer.withCostModel(simd.costModel()), routing));
    }
  }

  private static AdapterPath path(
      FourierEngine engine, FourierLinearOptions options, AdapterRouting routing) {
    return new AdapterOutput(engine, options, engine.denseProduct(1), Shelf.ofArrays())
        .path(routing, 1, true);
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
    CostModel spectralIsFree = new CostModel(0, 0, 0, 0, 1, 1, 1, 1, 1, 1, "spectral is free");
    CostModel denseIsFree = new CostModel(1, 1, 1, 1, 0, 0, 0, 0, 0, 0, "dense is free");
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
