package io.fourierft.layer;

import static java.util.Objects.requireNonNull;

import io.fourierft.AdapterRouting;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.internal.host.ScratchArray;
import io.fourierft.internal.host.ScratchArrays;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One pass of a layer in host memory at a time; reusable. */
final class HostCall {
  private final AdapterBranch branch;
  private final DenseProduct product;
  private final boolean transposedWeight;
  private final ScratchArrays scratch;
  private final ElementRuns runs = new ElementRuns();
  private double[] row = {};
  private double[] sum = {};

  // The pass that runs.
  private boolean forward;
  private @Nullable AdapterRouting routing;
  private @Nullable TokenSpectrum kept;
  private @Nullable TokenSpectrum transformed;
  private @Nullable TrainedAdapters trained;

  /**
   * Of a layer that computes so.
   *
   * @param transposedWeight whether the weight is {@code [in, out]}
   */
  HostCall(
      AdapterBranch branch, DenseProduct product, boolean transposedWeight, ScratchArrays scratch) {
    this.branch = branch;
    this.product = product;
    this.transposedWeight = transposedWeight;
    this.scratch = scratch;
  }

  /** As {@link LayerPass#forward}. */
  void forward(
      HostMatrix weight,
      @Nullable HostMatrix bias,
      @Nullable AdapterRouting newRouting,
      HostMatrix x,
      HostMatrix y,
      @Nullable TokenSpectrum newKept) {
    forward = true;
    routing = newRouting;
    kept = newKept;
    run(weight, bias, x, y);
  }

  /** As {@link LayerPass#backward}. */
  void backward(
      HostMatrix weight,
      @Nullable AdapterRouting newRouting,
      HostMatrix g,
      TokenSpectrum x,
      TokenSpectrum newTransformed,
      HostMatrix gx,
      @Nullable TrainedAdapters newTrained) {
    forward = false;
    routing = newRouting;
    kept = x;
    transformed = newTransformed;
    trained = newTrained;
    run(weight, null, g, gx);
  }

  private void run(HostMatrix weight, @Nullable HostMatrix bias, HostMatrix in, HostMatrix out) {
    switch (out.elementType()) {
      case F32 -> {
        base(weight, bias, in, out);
        if (routing != null) {
          addAdapters(in, out);
        }
      }
      case F64 -> {
        base(weight, bias, in, out);
        if (routing != null) {
          addNarrowed(in, out);
        }
      }
      case F16, BF16 -> lowPrecision(weight, bias, in, out);
    }
    routing = null;
    kept = null;
    transformed = null;
    trained = null;
  }

  /** Adds to a float32 output what the adapters make of an input of at most 32 bits. */
  private void addAdapters(HostMatrix in, HostMatrix out) {
    AdapterRouting adapters = requireNonNull(routing);
    if (forward) {
      branch.add(adapters, in, out, kept);
    } else {
      branch.addBackward(
          adapters, in, requireNonNull(kept), requireNonNull(transformed), out, trained);
    }
  }

  /** {@code out = in·Wᵀ + b}, or {@code out = in·W + b} if not forward; out is F32 or F64. */
  private void base(HostMatrix weight, @Nullable HostMatrix bias, HostMatrix in, HostMatrix out) {
    if (out.elementType() == ElementType.F64) {
      fillWithDoubles(bias, out);
    } else {
      fill(bias, out);
    }
    if (forward != transposedWeight) {
      product.addTimesTransposed(in, weight, out);
    } else {
      product.addTimes(in, weight, out);
    }
  }

  /** Makes every token the bias, or zeros. */
  private void fill(@Nullable HostMatrix bias, HostMatrix out) {
    ScratchArray token = scratch.take(out.cols());
    if (bias != null) {
      runs.load(bias, 0, 0, out.cols(), token.floats(), 0);
    } else {
      Arrays.fill(token.floats(), 0, out.cols(), 0);
    }
    for (int t = 0; t < out.rows(); t++) {
      runs.store(out, t, 0, out.cols(), token.floats(), 0);
    }
    scratch.give(token);
  }

  private void fillWithDoubles(@Nullable HostMatrix bias, HostMatrix out) {
    reserve(out.cols());
    if (bias != null) {
      runs.loadDoubles(bias, 0, 0, out.cols(), row, 0);
    } else {
      Arrays.fill(row, 0, out.cols(), 0);
    }
    for (int t = 0; t < out.rows(); t++) {
      runs.storeDoubles(out, t, 0, out.cols(), row, 0);
    }
  }

  private void reserve(int features) {
    if (row.length < features) {
      row = new double[features];
      sum = new double[features];
    }
  }

  /** Runs the adapters in float32 between 64-bit activations and adds what they give. */
  private void addNarrowed(HostMatrix in, HostMatrix out) {
    ScratchArray inMemory = scratch.take(in.rows(), in.cols());
    ScratchArray outMemory = scratch.take(out.rows(), out.cols());
    HostMatrix part = cleared(outMemory, out);
    addAdapters(narrowed(in, inMemory), part);
    for (int t = 0; t < out.rows(); t++) {
      runs.add(out, t, 0, out.cols(), outMemory.floats(), t * out.cols(), 1);
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
      HostMatrix weight, @Nullable HostMatrix bias, HostMatrix in, HostMatrix out) {
    ScratchArray sums = scratch.take(out.rows(), out.cols());
    HostMatrix total = sums.matrix(out.rows(), out.cols());
    base(weight, bias, in, total);
    store(sums.floats(), out);
    if (routing != null) {
      load(out, sums.floats());
      if (forward) {
        addAdapters(in, total);
      } else {
        ScratchArray parts = scratch.take(out.rows(), out.cols());
        addAdapters(in, cleared(parts, out));
        store(parts.floats(), out);
        load(out, parts.floats());
        addTo(sums.floats(), parts.floats(), out.rows() * out.cols());
        scratch.give(parts);
      }
      store(sums.floats(), out);
    }
    scratch.give(sums);
  }

  private static void addTo(float[] sums, float[] parts, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += parts[i];
    }
  }

  /** As {@link LayerPass#addTokenSum}: summed in float64, rounded once. */
  void addTokenSum(HostMatrix g, HostMatrix gradient) {
    int features = g.cols();
    reserve(features);
    runs.loadDoubles(gradient, 0, 0, features, sum, 0);
    for (int t = 0; t < g.rows(); t++) {
      runs.loadDoubles(g, t, 0, features, row, 0);
      for (int p = 0; p < features; p++) {
        sum[p] += row[p];
      }
    }
    ScratchArray rounded = scratch.take(features);
    for (int p = 0; p < features; p++) {
      rounded.floats()[p] = (float) sum[p];
    }
    runs.store(gradient, 0, 0, features, rounded.floats(), 0);
    scratch.give(rounded);
  }

  /** A matrix of any type in float32. */
  HostMatrix narrowed(HostMatrix in, ScratchArray memory) {
    load(in, memory.floats());
    return memory.matrix(in.rows(), in.cols());
  }

  /** Rounds {@code values}, one row of {@code out} after the other, into it. */
  private void store(float[] values, HostMatrix out) {
    for (int t = 0; t < out.rows(); t++) {
      runs.store(out, t, 0, out.cols(), values, t * out.cols());
    }
  }

  private void load(HostMatrix in, float[] values) {
    for (int t = 0; t < in.rows(); t++) {
      runs.load(in, t, 0, in.cols(), values, t * in.cols());
    }
  }

  /** Zeros of the shape of {@code like}. */
  private static HostMatrix cleared(ScratchArray memory, HostMatrix like) {
    Arrays.fill(memory.floats(), 0, like.rows() * like.cols(), 0);
    return memory.matrix(like.rows(), like.cols());
  }
}
