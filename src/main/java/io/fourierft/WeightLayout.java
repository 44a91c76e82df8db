package io.fourierft;

/**
 * The two ways in which the weight of a linear layer is stored. ΔW is {@code [out, in]} in both.
 */
public enum WeightLayout {
  /** {@code torch.nn.Linear}: {@code [out_features, in_features]}. */
  OUT_IN,
  /**
   * {@code transformers.pytorch_utils.Conv1D}, as in GPT-2: {@code [in_features, out_features]}.
   */
  IN_OUT
}
