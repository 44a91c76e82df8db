package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.MatrixRows;
import io.fourierft.internal.host.RangeExecutor;
import io.fourierft.internal.host.Shelf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The forward and backward arithmetic of a {@link FourierLinear}, without any state of it: base
 * product, bias, adapters, and the roundings between them in the order of PEFT's {@code
 * FourierFTLinear.forward}. Thread-safe.
 */
final class LayerPass {
  private final FourierEngine engine;
  private final boolean transposedWeight;
  private final AdapterOutput adapterOutput;
  private final DenseProduct product;
  private final DoubleProduct doubleProduct;
  private final Shelf<float[]> scratch = Shelf.ofArrays();
  private final @Nullable HostMatrix bias;

  LayerPass(FourierEngine engine, FourierLinearOptions options, @Nullable HostMatrix bias) {
    this.engine = engine;
    this.transposedWeight = options.layout() == WeightLayout.IN_OUT;
    this.bias = bias;
    RangeExecutor executor = new RangeExecutor(options.threads());
    this.product = engine.denseProduct(options.threads());
    this.doubleProduct = new DoubleProduct(executor);
    this.adapterOutput = new AdapterOutput(engine, options, product, scratch);
  }

  AdapterOutput adapterOutput() {
    return adapterOutput;
  }

  /** Writes {@code y = x Wᵀ + b + ΔW x}; everything has been checked. */
  void forward(
      HostMatrix weight,
      @Nullable AdapterRouting routing,
      HostMatrix x,
      HostMatrix y,
      @Nullable TokenSpectrum kept) {
    switch (y.elementType()) {
      case F32 -> {
        base(weight, x, y, true);
        if (routing != null) {
          adapterOutput.add(routing, x, y, kept);
        }
      }
      case F64 -> {
        doubleBase(weight, x, y, true);
        if (routing != null) {
          addNarrowed(x, y, (in, out) -> adapterOutput.add(routing, in, out, kept));
        }
      }
      case F16, BF16 ->
          lowPrecision(
              y,
              out -> base(weight, x, out, true),
              routing == null ? null : out -> adapterOutput.add(routing, x, out, kept),
              false);
    }
  }

  /** Writes {@code gx = g W + ΔWᵀ g}; {@code transformed} holds the transform of g. */
  void backward(
      HostMatrix weight,
      @Nullable AdapterRouting routing,
      HostMatrix g,
      TokenSpectrum transformed,
      HostMatrix gx) {
    switch (gx.elementType()) {
      case F32 -> {
        base(weight, g, gx, false);
        if (routing != null) {
          adapterOutput.addTransposed(routing, g, transformed, gx);
        }
      }
      case F64 -> {
        doubleBase(weight, g, gx, false);
        if (routing != null) {
          addNarrowed(
              g, gx, (in, out) -> adapterOutput.addTransposed(routing, in, transformed, out));
        }
      }
      case F16, BF16 ->
          lowPrecision(
              gx,
              out -> base(weight, g, out, false),
              routing == null
                  ? null
                  : out -> adapterOutput.addTransposed(routing, g, transformed, out),
              true);
    }
  }

  /** Transforms activations of any format, those of 64 bits narrowed first. */
  void transform(HostMatrix activations, TokenSpectrum into) {
    if (activations.elementType() != ElementType.F64) {
      engine.transform(activations, into);
      return;
    }
    float[] memory = scratch.take(activations.rows() * activations.cols());
    engine.transform(narrowed(activations, memory), into);
    scratch.give(memory);
  }

  /** {@code out = in·Wᵀ + b}, or {@code out = in·W} without a bias if not {@code forward}. */
  private void base(HostMatrix weight, HostMatrix in, HostMatrix out, boolean forward) {
    float[] start = scratch.take(out.cols());
    for (int p = 0; p < out.cols(); p++) {
      start[p] = forward && bias != null ? bias.get(0, p) : 0;
    }
    for (int t = 0; t < out.rows(); t++) {
      MatrixRows.write(start, 0, out, t, 0, out.cols());
    }
    scratch.give(start);
    if (forward != transposedWeight) {
      product.addTimesTransposed(in, weight, out);
    } else {
      product.addTimes(in, weight, out);
    }
  }

  private void doubleBase(HostMatrix weight, HostMatrix in, HostMatrix out, boolean forward) {
    for (int t = 0; t < out.rows(); t++) {
      for (int p = 0; p < out.cols(); p++) {
        MatrixRows.set(out, t, p, forward && bias != null ? MatrixRows.get(bias, 0, p) : 0);
      }
    }
    doubleProduct.add(in, weight, forward == transposedWeight, out);
  }

  /** Runs a float32 pass between 64-bit activations and adds what it gives. */
  private void addNarrowed(HostMatrix in, HostMatrix out, FloatPass pass) {
    float[] inMemory = scratch.take(in.rows() * in.cols());
    float[] outMemory = scratch.take(out.rows() * out.cols());
    Arrays.fill(outMemory, 0, out.rows() * out.cols(), 0);
    pass.run(narrowed(in, inMemory), Matrix.of(outMemory, out.rows(), out.cols()));
    for (int t = 0; t < out.rows(); t++) {
      for (int p = 0; p < out.cols(); p++) {
        double sum = MatrixRows.get(out, t, p) + outMemory[t * out.cols() + p];
        MatrixRows.set(out, t, p, sum);
      }
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
      HostMatrix out, OutputPass basePass, @Nullable OutputPass adapterPass, boolean apart) {
    int count = out.rows() * out.cols();
    float[] sumMemory = scratch.take(count);
    HostMatrix sum = Matrix.of(sumMemory, out.rows(), out.cols());
    basePass.run(sum);
    round(sumMemory, count, out.elementType());
    if (adapterPass != null && apart) {
      float[] partMemory = scratch.take(count);
      Arrays.fill(partMemory, 0, count, 0);
      adapterPass.run(Matrix.of(partMemory, out.rows(), out.cols()));
      round(partMemory, count, out.elementType());
      for (int i = 0; i < count; i++) {
        sumMemory[i] += partMemory[i];
      }
      scratch.give(partMemory);
    } else if (adapterPass != null) {
      adapterPass.run(sum);
    }
    for (int t = 0; t < out.rows(); t++) {
      MatrixRows.write(sumMemory, t * out.cols(), out, t, 0, out.cols());
    }
    scratch.give(sumMemory);
  }

  private static void round(float[] values, int count, ElementType type) {
    for (int i = 0; i < count; i++) {
      values[i] = type.round(values[i]);
    }
  }

  private static HostMatrix narrowed(HostMatrix in, float[] memory) {
    for (int t = 0; t < in.rows(); t++) {
      MatrixRows.read(in, t, 0, in.cols(), memory, t * in.cols());
    }
    return Matrix.of(memory, in.rows(), in.cols());
  }

  /** Fills a float32 output. */
  private interface OutputPass {
    void run(HostMatrix out);
  }

  /** Adds to a float32 output what a float32 input gives. */
  private interface FloatPass {
    void run(HostMatrix in, HostMatrix out);
  }
}
