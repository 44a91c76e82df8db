package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterPath;
import io.fourierft.AdapterRouting;
import io.fourierft.CostModel;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.internal.host.ScratchArrays;
import org.junit.jupiter.api.Test;

/** Which path a layer takes, and the ΔW that it keeps. */
class AdapterPathTest extends LayerTest {
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
    long bytes = options.deltaCacheBytes();
    DeltaCache cache = bytes == 0 ? null : new DeltaCache(bytes);
    DenseBranch dense = new DenseBranch(engine, engine.denseProduct(1), new ScratchArrays(), cache);
    return new AdapterBranch(engine, options, dense).path(routing, 1, true);
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
    cache.drop(a);
    cache.drop(b);
    assertEquals(4L * OUT * IN, cache.heldBytes());
    FourierAdapter large = LayerSamples.adapter(100, 100, 5, 4);
    assertFalse(cache.admits(large));
    cache.put(large, LayerSamples.zeros(100, 100));
    assertEquals(null, cache.get(large));
    cache.drop(c);
    cache.drop(c);
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
