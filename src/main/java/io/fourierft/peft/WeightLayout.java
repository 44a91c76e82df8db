package io.fourierft.peft;

/** The two ways in which transformers' linear layers store their weight. */
public enum WeightLayout {
  /** {@code torch.nn.Linear}: {@code [out_features, in_features]}. */
  OUT_IN,
  /**
   * {@code transformers.pytorch_utils.Conv1D}, as in GPT-2: {@code [in_features, out_features]}.
   */
  IN_OUT
}
