package io.fourierft.layer;

import io.fourierft.AdapterPath;
import io.fourierft.CostModel;
import io.fourierft.FourierException;
import io.fourierft.WeightLayout;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link FourierLinear} is built and computes.
 *
 * @param layout how the base weight is stored: {@link WeightLayout#OUT_IN} as torch's Linear, y = x
 *     Wᵀ + b, or {@link WeightLayout#IN_OUT} as the Conv1D of GPT-2 ({@code fan_in_fan_out}), y = x
 *     W + b
 * @param keepsOriginalWeight whether the layer holds on to the weight it was given while adapters
 *     are merged, so that {@link FourierLinear#unmerge} gives it back bit for bit; costs the memory
 *     of one weight as long as adapters are merged
 * @param path how ΔW x is computed; anything but {@link AdapterPath#AUTO} overrides the cost model.
 *     On a device {@link AdapterPath#DENSE} is refused
 * @param costModel the figures by which {@link AdapterPath#AUTO} chooses; null for those of the
 *     engine ({@link io.fourierft.FourierEngine#costModel})
 * @param deltaCacheBytes most bytes of ΔW kept for inference; 0 keeps none, and has to be 0 on a
 *     device
 * @param threads most threads that multiply with the base weight; 0 for those of the engine.
 *     Results do not depend on it
 */
public record FourierLinearOptions(
    WeightLayout layout,
    boolean keepsOriginalWeight,
    AdapterPath path,
    @Nullable CostModel costModel,
    long deltaCacheBytes,
    int threads) {
  /**
   * Checks the ranges.
   *
   * @throws FourierException if bytes or threads are negative
   */
  public FourierLinearOptions {
    if (deltaCacheBytes < 0) {
      throw new FourierException(
          "deltaCacheBytes is " + deltaCacheBytes + "; use 0 for no cache, or more");
    }
    if (threads < 0) {
      throw new FourierException("threads is " + threads + "; use 0 for all processors, or more");
    }
  }

  /** A linear layer, unmerge by subtraction as PEFT, path by the engine's figures, no cache. */
  public static FourierLinearOptions defaults() {
    return new FourierLinearOptions(WeightLayout.OUT_IN, false, AdapterPath.AUTO, null, 0, 0);
  }

  /** The same options for a weight that is stored otherwise. */
  public FourierLinearOptions withLayout(WeightLayout newLayout) {
    return new FourierLinearOptions(
        newLayout, keepsOriginalWeight, path, costModel, deltaCacheBytes, threads);
  }

  /** The same options, unmerging exactly or by subtraction. */
  public FourierLinearOptions withKeepsOriginalWeight(boolean keeps) {
    return new FourierLinearOptions(layout, keeps, path, costModel, deltaCacheBytes, threads);
  }

  /** The same options with another path. */
  public FourierLinearOptions withPath(AdapterPath newPath) {
    return new FourierLinearOptions(
        layout, keepsOriginalWeight, newPath, costModel, deltaCacheBytes, threads);
  }

  /** The same options with another cost model; null for the engine's figures. */
  public FourierLinearOptions withCostModel(@Nullable CostModel newCostModel) {
    return new FourierLinearOptions(
        layout, keepsOriginalWeight, path, newCostModel, deltaCacheBytes, threads);
  }

  /** The same options with another cache budget. */
  public FourierLinearOptions withDeltaCacheBytes(long bytes) {
    return new FourierLinearOptions(layout, keepsOriginalWeight, path, costModel, bytes, threads);
  }

  /** The same options with another number of threads. */
  public FourierLinearOptions withThreads(int newThreads) {
    return new FourierLinearOptions(
        layout, keepsOriginalWeight, path, costModel, deltaCacheBytes, newThreads);
  }
}
