package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.internal.host.ScratchArrays;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A layer's arithmetic in host memory. */
final class HostPass implements LayerPass {
  private final FourierEngine engine;
  private final boolean transposedWeight;
  private final AdapterBranch branch;
  private final DenseProduct product;
  private final ScratchArrays scratch;

  /**
   * Made for one layer.
   *
   * @param cache keeps ΔW between passes; null for none
   */
  HostPass(
      FourierEngine engine,
      FourierLinearOptions options,
      ScratchArrays scratch,
      @Nullable DeltaCache cache) {
    this.engine = engine;
    this.scratch = scratch;
    this.transposedWeight = options.layout() == WeightLayout.IN_OUT;
    this.product = engine.denseProduct(options.threads());
    this.branch =
        new AdapterBranch(engine, options, new DenseBranch(engine, product, scratch, cache));
  }

  @Override
  public AdapterBranch branch() {
    return branch;
  }

  @Override
  public void forward(
      LayerState state,
      @Nullable AdapterRouting routing,
      Matrix x,
      Matrix y,
      @Nullable TokenSpectrum kept) {
    BranchPass adapters = routing == null ? null : (in, out) -> branch.add(routing, in, out, kept);
    Matrix bias = state.bias();
    run(
        HostMemory.host(state.weight()),
        bias == null ? null : HostMemory.host(bias),
        true,
        HostMemory.host(x),
        HostMemory.host(y),
        adapters);
  }

  @Override
  public void backward(
      LayerState state,
      @Nullable AdapterRouting routing,
      Matrix g,
      TokenSpectrum x,
      TokenSpectrum transformed,
      Matrix gx,
      @Nullable TrainedAdapters trained) {
    BranchPass adapters =
        routing == null
            ? null
            : (in, out) -> branch.addBackward(routing, in, x, transformed, out, trained);
    run(
        HostMemory.host(state.weight()),
        null,
        false,
        HostMemory.host(g),
        HostMemory.host(gx),
        adapters);
  }

  /** Those of 64 bits are narrowed first. */
  @Override
  public void transform(Matrix activations, TokenSpectrum into) {
    if (activations.elementType() != ElementType.F64) {
      engine.transform(activations, into);
      return;
    }
    float[] memory = scratch.take(activations.rows(), activations.cols());
    engine.transform(narrowed(HostMemory.host(activations), memory, new ElementRuns()), into);
    scratch.give(memory);
  }

  private void run(
      HostMatrix weight,
      @Nullable HostMatrix bias,
      boolean forward,
      HostMatrix in,
      HostMatrix out,
      @Nullable BranchPass adapters) {
    ElementRuns runs = new ElementRuns();
    switch (out.elementType()) {
      case F32 -> {
        base(weight, bias, forward, in, out, runs);
        if (adapters != null) {
          adapters.addTo(in, out);
        }
      }
      case F64 -> {
        base(weight, bias, forward, in, out, runs);
        if (adapters != null) {
          addNarrowed(in, out, adapters, runs);
        }
      }
      case F16, BF16 -> lowPrecision(weight, bias, forward, in, out, adapters, runs);
    }
  }

  /**
   * {@code out = in·Wᵀ + b}, or {@code out = in·W + b} if not {@code forward}; out is F32 or F64.
   */
  private void base(
      HostMatrix weight,
      @Nullable HostMatrix bias,
      boolean forward,
      HostMatrix in,
      HostMatrix out,
      ElementRuns runs) {
    if (out.elementType() == ElementType.F64) {
      double[] row = new double[out.cols()];
      if (bias != null) {
        runs.loadDoubles(bias, 0, 0, out.cols(), row, 0);
      }
      for (int t = 0; t < out.rows(); t++) {
        runs.storeDoubles(out, t, 0, out.cols(), row, 0);
      }
    } else {
      float[] row = scratch.take(out.cols());
      if (bias != null) {
        runs.load(bias, 0, 0, out.cols(), row, 0);
      } else {
        Arrays.fill(row, 0, out.cols(), 0);
      }
      for (int t = 0; t < out.rows(); t++) {
        runs.store(out, t, 0, out.cols(), row, 0);
      }
      scratch.give(row);
    }
    if (forward != transposedWeight) {
      product.addTimesTransposed(in, weight, out);
    } else {
      product.addTimes(in, weight, out);
    }
  }

  /** Runs the adapters in float32 between 64-bit activations and adds what they give. */
  private void addNarrowed(HostMatrix in, HostMatrix out, BranchPass adapters, ElementRuns runs) {
    float[] inMemory = scratch.take(in.rows(), in.cols());
    float[] outMemory = scratch.take(out.rows(), out.cols());
    HostMatrix part = cleared(outMemory, out);
    adapters.addTo(narrowed(in, inMemory, runs), part);
    for (int t = 0; t < out.rows(); t++) {
      runs.add(out, t, 0, out.cols(), outMemory, t * out.cols(), 1);
    }
    scratch.give(outMemory);
    scratch.give(inMemory);
  }

  /**
   * Sums base and adapters for an output of 16 bits: the base is rounded to the output's format
   * before the adapters are added, as a base layer of that format does; so are, backward, the
   * adapters.
   */
  private void lowPrecision(
      HostMatrix weight,
      @Nullable HostMatrix bias,
      boolean forward,
      HostMatrix in,
      HostMatrix out,
      @Nullable BranchPass adapters,
      ElementRuns runs) {
    float[] sums = scratch.take(out.rows(), out.cols());
    HostMatrix sum = Matrix.of(sums, out.rows(), out.cols());
    base(weight, bias, forward, in, sum, runs);
    store(sums, out, runs);
    if (adapters != null) {
      load(out, sums, runs);
      if (forward) {
        adapters.addTo(in, sum);
      } else {
        float[] parts = scratch.take(out.rows(), out.cols());
        adapters.addTo(in, cleared(parts, out));
        store(parts, out, runs);
        load(out, parts, runs);
        for (int i = 0; i < out.rows() * out.cols(); i++) {
          sums[i] += parts[i];
        }
        scratch.give(parts);
      }
      store(sums, out, runs);
    }
    scratch.give(sums);
  }

  /** Summed in float64, rounded once. */
  @Override
  public void addTokenSum(Matrix upstream, Matrix target) {
    HostMatrix g = HostMemory.host(upstream);
    HostMatrix gradient = HostMemory.host(target);
    int features = g.cols();
    ElementRuns runs = new ElementRuns();
    double[] token = new double[features];
    double[] sum = new double[features];
    runs.loadDoubles(gradient, 0, 0, features, sum, 0);
    for (int t = 0; t < g.rows(); t++) {
      runs.loadDoubles(g, t, 0, features, token, 0);
      for (int p = 0; p < features; p++) {
        sum[p] += token[p];
      }
    }
    float[] rounded = new float[features];
    for (int p = 0; p < features; p++) {
      rounded[p] = (float) sum[p];
    }
    runs.store(gradient, 0, 0, features, rounded, 0);
  }

  /** Rounds {@code values}, one row of {@code out} after the other, into it. */
  private static void store(float[] values, HostMatrix out, ElementRuns runs) {
    for (int t = 0; t < out.rows(); t++) {
      runs.store(out, t, 0, out.cols(), values, t * out.cols());
    }
  }

  private static void load(HostMatrix in, float[] values, ElementRuns runs) {
    for (int t = 0; t < in.rows(); t++) {
      runs.load(in, t, 0, in.cols(), values, t * in.cols());
    }
  }

  private static HostMatrix narrowed(HostMatrix in, float[] memory, ElementRuns runs) {
    load(in, memory, runs);
    return Matrix.of(memory, in.rows(), in.cols());
  }

  /** Zeros of the shape of {@code like}. */
  private static HostMatrix cleared(float[] memory, HostMatrix like) {
    Arrays.fill(memory, 0, like.rows() * like.cols(), 0);
    return Matrix.of(memory, like.rows(), like.cols());
  }

  /** Adds to a float32 output what the adapters make of an input of at most 32 bits. */
  private interface BranchPass {
    void addTo(HostMatrix in, HostMatrix out);
  }
}
