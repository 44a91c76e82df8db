package io.fourierft.layer;

import io.fourierft.AdapterPath;
import io.fourierft.AdapterRouting;
import io.fourierft.CostModel;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The adapters' part of a layer's pass: adds ΔW x, or ΔWᵀ g, to an output, by the spectral operator
 * or by a dense ΔW, as the options and the cost model say. Thread-safe.
 */
final class AdapterBranch {
  private final FourierEngine engine;
  private final FourierLinearOptions options;
  private final CostModel costModel;
  private final @Nullable DenseBranch dense;
  private final Predicate<FourierAdapter> keeps;

  /**
   * Made for one layer.
   *
   * @param dense the way by ΔW; null if there is none, as on a device
   */
  AdapterBranch(FourierEngine engine, FourierLinearOptions options, @Nullable DenseBranch dense) {
    this.engine = engine;
    CostModel chosen = options.costModel();
    this.costModel = chosen == null ? engine.costModel() : chosen;
    this.options = options;
    this.dense = dense;
    this.keeps = dense == null ? AdapterBranch::isNeverKept : dense::keeps;
  }

  /**
   * Adds the adapters' part of a forward pass.
   *
   * @param x {@code [tokens, in]} of at most 32 bits an element
   * @param y {@code [tokens, out]}, F32 in host memory
   * @param kept where the transform of x goes, for a backward pass; such a pass trains the
   *     coefficients, so that no ΔW is cached for it
   */
  void add(AdapterRouting routing, Matrix x, Matrix y, @Nullable TokenSpectrum kept) {
    AdapterPath path = path(routing, x.rows(), kept == null);
    if (kept != null) {
      engine.transform(x, kept);
    }
    if (dense != null && path == AdapterPath.DENSE) {
      dense.add(routing, HostMemory.host(x), HostMemory.host(y), false, kept == null);
    } else if (kept != null) {
      engine.apply(routing, kept, y);
    } else {
      engine.apply(routing, x, y);
    }
  }

  /**
   * Adds {@code ΔWᵀ g} to {@code gx}, which is F32 in host memory, and the gradients of
   * coefficients to those that are trained.
   *
   * @param x the kept transform of the layer's input
   * @param transformed that of g
   * @param trained null if none are
   */
  void addBackward(
      AdapterRouting routing,
      Matrix g,
      TokenSpectrum x,
      TokenSpectrum transformed,
      Matrix gx,
      @Nullable TrainedAdapters trained) {
    DenseBranch chosen = path(routing, g.rows(), false) == AdapterPath.DENSE ? dense : null;
    if (chosen == null && trained != null && trained.areAllOf(routing)) {
      engine.backward(routing, x, transformed, gx, trained.gradients());
      return;
    }
    if (chosen != null) {
      chosen.add(routing, HostMemory.host(g), HostMemory.host(gx), true, false);
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

  private static boolean isNeverKept(FourierAdapter adapter) {
    return false;
  }

  /** The path that a pass with this routing takes. */
  AdapterPath path(AdapterRouting routing, int tokens, boolean mayCache) {
    if (dense == null) {
      return AdapterPath.SPECTRAL;
    }
    if (options.path() != AdapterPath.AUTO) {
      return options.path();
    }
    if ((long) routing.rows() * routing.cols() > Integer.MAX_VALUE - 8) {
      return AdapterPath.SPECTRAL;
    }
    // A ΔW that fits the cache is built once for all later passes, so it counts as built.
    return costModel.choose(routing, tokens, mayCache ? keeps : AdapterBranch::isNeverKept);
  }
}
