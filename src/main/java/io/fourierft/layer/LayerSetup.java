package io.fourierft.layer;

import io.fourierft.DeviceMatrix;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.ScratchArrays;
import org.jspecify.annotations.Nullable;

/**
 * What never changes in a layer on one engine: its size, where its matrices lie, and what computes
 * and merges there.
 */
final class LayerSetup {
  private final FourierEngine engine;
  private final FourierLinearOptions options;
  private final int inFeatures;
  private final int outFeatures;
  private final LayerMemory memory;
  private final @Nullable DeltaCache cache;
  private final LayerCalls calls;
  private final WeightMerger merger;

  private LayerSetup(
      FourierEngine engine,
      FourierLinearOptions options,
      int inFeatures,
      int outFeatures,
      LayerMemory memory,
      @Nullable DeltaCache cache) {
    this.engine = engine;
    this.options = options;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.memory = memory;
    this.cache = cache;
    LayerPass pass =
        memory instanceof DeviceMemory device
            ? new DevicePass(engine, device.operations(), options)
            : new HostPass(engine, options, new ScratchArrays(), cache);
    this.calls = new LayerCalls(engine, memory, pass, inFeatures, outFeatures);
    this.merger = new WeightMerger(engine, memory, options.layout());
  }

  /**
   * That of a layer with this weight.
   *
   * @throws ShapeException if it has no rows, or lies where the engine does not reach it
   */
  static LayerSetup of(FourierEngine engine, Matrix weight, FourierLinearOptions options) {
    if (weight.rows() == 0) {
      throw new ShapeException("a layer needs at least one feature, but its weight has no rows");
    }
    boolean linear = options.layout() == WeightLayout.OUT_IN;
    long cacheBytes = options.deltaCacheBytes();
    return new LayerSetup(
        engine,
        options,
        linear ? weight.cols() : weight.rows(),
        linear ? weight.rows() : weight.cols(),
        memory(engine, weight, options),
        cacheBytes == 0 ? null : new DeltaCache(cacheBytes));
  }

  /**
   * The same on another view of the engine.
   *
   * @throws ShapeException if that does not reach the weight
   */
  LayerSetup on(FourierEngine other, Matrix weight) {
    return new LayerSetup(
        other, options, inFeatures, outFeatures, memory(other, weight, options), cache);
  }

  private static LayerMemory memory(
      FourierEngine engine, Matrix weight, FourierLinearOptions options) {
    if (!(weight instanceof DeviceMatrix)) {
      return new HostMemory();
    }
    DeviceMemory memory = new DeviceMemory(engine.deviceOperations());
    DeviceMemory.requireFit(weight, options);
    memory.requireHere(weight, "the base weight");
    return memory;
  }

  FourierEngine engine() {
    return engine;
  }

  FourierLinearOptions options() {
    return options;
  }

  int inFeatures() {
    return inFeatures;
  }

  int outFeatures() {
    return outFeatures;
  }

  LayerMemory memory() {
    return memory;
  }

  LayerCalls calls() {
    return calls;
  }

  WeightMerger merger() {
    return merger;
  }

  /** What the layer keeps of a bias that it is given. */
  Matrix kept(Matrix bias) {
    memory.requireHere(bias, "the bias");
    LayerShapes.requireBias(bias, outFeatures);
    return memory.kept(bias);
  }

  /** Refuses an adapter of another size. */
  void requireFit(String name, FourierAdapter adapter) {
    if (adapter.rows() != outFeatures || adapter.cols() != inFeatures) {
      throw new ShapeException(
          "adapter '%s' is for %d x %d, but this layer is %d x %d"
              .formatted(name, adapter.rows(), adapter.cols(), outFeatures, inFeatures));
    }
  }

  /** Bytes of ΔW that are kept. */
  long cachedBytes() {
    return cache == null ? 0 : cache.heldBytes();
  }

  /** Keeps no ΔW any longer of an adapter that no later pass computes with. */
  void forget(FourierAdapter gone) {
    if (cache != null) {
      cache.drop(gone);
    }
  }
}
