package io.fourierft.cuda;

import io.fourierft.FourierException;

/**
 * Parameters of one AdamW step (Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
 * ICLR 2019, algorithm 2), applied as {@code torch.optim.AdamW} does.
 *
 * @param learningRate step size, at least 0
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment, above 0
 * @param weightDecay share of the learning rate by which a coefficient shrinks, at least 0
 * @param maxNorm where the norm of all gradients together is above this, they are scaled down to it
 *     first, as by {@code torch.nn.utils.clip_grad_norm_}; infinite for no clipping
 */
public record AdamWStep(
    float learningRate, float beta1, float beta2, float epsilon, float weightDecay, float maxNorm) {
  /**
   * Checks the ranges.
   *
   * @throws FourierException naming the parameter that is out of range
   */
  public AdamWStep {
    require(learningRate >= 0 && Float.isFinite(learningRate), "learningRate", learningRate);
    require(beta1 >= 0 && beta1 < 1, "beta1", beta1);
    require(beta2 >= 0 && beta2 < 1, "beta2", beta2);
    require(epsilon > 0 && Float.isFinite(epsilon), "epsilon", epsilon);
    require(weightDecay >= 0 && Float.isFinite(weightDecay), "weightDecay", weightDecay);
    require(maxNorm > 0, "maxNorm", maxNorm);
  }

  /** torch's defaults: betas 0.9 and 0.999, epsilon 1e-8, weight decay 0.01; no clipping. */
  public static AdamWStep of(float learningRate) {
    return new AdamWStep(learningRate, 0.9f, 0.999f, 1e-8f, 0.01f, Float.POSITIVE_INFINITY);
  }

  private static void require(boolean holds, String name, float value) {
    if (!holds) {
      throw new FourierException("AdamW's " + name + " is " + value + ", which is out of range");
    }
  }
}
