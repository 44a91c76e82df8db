package io.fourierft.layer;

import io.fourierft.AdapterPath;
import io.fourierft.AdapterRouting;
import io.fourierft.CostModel;
import io.fourierft.DenseProduct;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.internal.host.ScratchArrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The adapters' part of a layer's pass: adds ΔW x, or ΔWᵀ g, to an output, by the spectral operator
 * or by a dense ΔW, as the options and the cost model say. Thread-safe.
 */
final class AdapterBranch {
  private final FourierEngine engine;
  private final FourierLinearOptions options;
  private final CostModel costModel;
  private final DenseProduct product;
  private final ScratchArrays scratch;
  private final @Nullable DeltaCache cache;

  AdapterBranch(
      FourierEngine engine,
      FourierLinearOptions options,
      DenseProduct product,
      ScratchArrays scratch) {
    this.engine = engine;
    CostModel chosen = options.costModel();
    this.costModel = chosen == null ? engine.costModel() : chosen;
    this.options = options;
    this.product = product;
    this.scratch = scratch;
    this.cache = options.deltaCacheBytes() == 0 ? null : new DeltaCache(options.deltaCacheBytes());
  }

  /** Drops the cached ΔW of an adapter that is gone. */
  void drop(FourierAdapter adapter) {
    if (cache != null) {
      cache.drop(adapter);
    }
  }

  /** Bytes of ΔW that are cached now. */
  long cachedBytes() {
    return cache == null ? 0 : cache.heldBytes();
  }

  /**
   * Adds the adapters' part of a forward pass.
   *
   * @param x {@code [tokens, in]} of at most 32 bits an element
   * @param y F32 {@code [tokens, out]}
   * @param kept where the transform of x goes, for a backward pass; such a pass trains the
   *     coefficients, so that no ΔW is cached for it
   */
  void add(AdapterRouting routing, HostMatrix x, HostMatrix y, @Nullable TokenSpectrum kept) {
    AdapterPath path = path(routing, x.rows(), kept == null);
    if (kept != null) {
      engine.transform(x, kept);
    }
    if (path == AdapterPath.DENSE) {
      addDense(routing, x, y, false, kept == null);
    } else if (kept != null) {
      engine.apply(routing, kept, y);
    } else {
      engine.apply(routing, x, y);
    }
  }

  /**
   * Adds {@code ΔWᵀ g} to F32 {@code gx}, and the gradients of coefficients to those that are
   * trained.
   *
   * @param x the kept transform of the layer's input
   * @param transformed that of g
   * @param trained null if none are
   */
  void addBackward(
      AdapterRouting routing,
      HostMatrix g,
      TokenSpectrum x,
      TokenSpectrum transformed,
      HostMatrix gx,
      @Nullable TrainedAdapters trained) {
    boolean dense = path(routing, g.rows(), false) == AdapterPath.DENSE;
    if (!dense && trained != null && trained.areAllOf(routing)) {
      engine.backward(routing, x, transformed, gx, trained.gradients());
      return;
    }
    if (dense) {
      addDense(routing, g, gx, true, false);
    } else {
      engine.applyTransposed(routing, transformed, gx);
    }
    if (trained != null) {
      addGradients(x, transformed, trained);
    }
  }

  /** Adds the gradients of coefficients alone. */
  void addGradients(TokenSpectrum x, TokenSpectrum transformed, TrainedAdapters trained) {
    engine.spectrumGradient(trained.routing(), x, transformed, trained.gradients());
  }

  /** The path that a pass with this routing takes. */
  AdapterPath path(AdapterRouting routing, int tokens, boolean mayCache) {
    if (options.path() != AdapterPath.AUTO) {
      return options.path();
    }
    if ((long) routing.rows() * routing.cols() > Integer.MAX_VALUE - 8) {
      return AdapterPath.SPECTRAL;
    }
    // A ΔW that fits the cache is built once for all later passes, so it counts as built.
    return costModel.choose(
        routing, tokens, adapter -> mayCache && cache != null && cache.admits(adapter));
  }

  private void addDense(
      AdapterRouting routing, HostMatrix in, HostMatrix out, boolean transposed, boolean mayCache) {
    List<FourierAdapter> adapters = routing.adapters();
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      HostMatrix cached = mayCache && cache != null ? cache.get(adapter) : null;
      if (cached != null) {
        multiply(routing, i, in, cached, out, transposed);
      } else if (mayCache && cache != null && cache.admits(adapter)) {
        HostMatrix delta = engine.deltaWeight(adapter);
        cache.put(adapter, delta);
        multiply(routing, i, in, delta, out, transposed);
      } else {
        float[] memory = scratch.take(adapter.rows(), adapter.cols());
        HostMatrix delta = Matrix.of(memory, adapter.rows(), adapter.cols());
        engine.deltaWeights(List.of(adapter), List.of(delta));
        multiply(routing, i, in, delta, out, transposed);
        scratch.give(memory);
      }
    }
  }

  /** Multiplies the tokens of adapter {@code index}, a run of neighbours at a time. */
  private void multiply(
      AdapterRouting routing,
      int index,
      HostMatrix in,
      HostMatrix delta,
      HostMatrix out,
      boolean transposed) {
    int from = 0;
    while (from < in.rows()) {
      int to = from;
      if (routing.isPerToken()) {
        while (to < in.rows() && routing.choice(to) == index) {
          to++;
        }
      } else {
        to = in.rows();
      }
      if (to > from) {
        HostMatrix inRun = in.slice(from, to - from);
        HostMatrix outRun = out.slice(from, to - from);
        if (transposed) {
          product.addTimes(inRun, delta, outRun);
        } else {
          product.addTimesTransposed(inRun, delta, outRun);
        }
      }
      from = Math.max(to, from + 1);
    }
  }
}
