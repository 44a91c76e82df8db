package io.fourierft;

/** How the base weight of a layer lies in memory. */
public enum WeightLayout {
  /** {@code [out_features, in_features]}, as {@code torch.nn.Linear}: y = x Wᵀ + b. */
  LINEAR,
  /**
   * {@code [in_features, out_features]}, as the {@code Conv1D} of GPT-2 ({@code fan_in_fan_out}): y
   * = x W + b.
   */
  CONV1D
}
