package io.fourierft.training;

import io.fourierft.FourierException;

/**
 * The hyperparameters of {@link AdamW}, named and preset as those of {@code torch.optim.AdamW}.
 *
 * @param learningRate the step size before a schedule's factor, at least 0
 * @param beta1 decay of the mean of gradients, in [0, 1)
 * @param beta2 decay of the mean of squared gradients, in [0, 1)
 * @param epsilon added to the denominator, at least 0
 * @param weightDecay decoupled from the gradient: each step takes {@code learningRate·weightDecay}
 *     of every coefficient
 */
public record AdamWOptions(
    double learningRate, double beta1, double beta2, double epsilon, double weightDecay) {
  /**
   * Checks the ranges.
   *
   * @throws FourierException if one is out of range
   */
  public AdamWOptions {
    requireIn("learningRate", learningRate, Double.MAX_VALUE);
    requireIn("beta1", beta1, Math.nextDown(1.0));
    requireIn("beta2", beta2, Math.nextDown(1.0));
    requireIn("epsilon", epsilon, Double.MAX_VALUE);
    requireIn("weightDecay", weightDecay, Double.MAX_VALUE);
  }

  /** torch's: 0.001, 0.9, 0.999, 1e-8, 0.01. */
  public static AdamWOptions defaults() {
    return new AdamWOptions(1e-3, 0.9, 0.999, 1e-8, 1e-2);
  }

  /** The same with another learning rate. */
  public AdamWOptions withLearningRate(double newLearningRate) {
    return new AdamWOptions(newLearningRate, beta1, beta2, epsilon, weightDecay);
  }

  /** The same with other decays of the two means. */
  public AdamWOptions withBetas(double newBeta1, double newBeta2) {
    return new AdamWOptions(learningRate, newBeta1, newBeta2, epsilon, weightDecay);
  }

  /** The same with another epsilon. */
  public AdamWOptions withEpsilon(double newEpsilon) {
    return new AdamWOptions(learningRate, beta1, beta2, newEpsilon, weightDecay);
  }

  /** The same with another weight decay. */
  public AdamWOptions withWeightDecay(double newWeightDecay) {
    return new AdamWOptions(learningRate, beta1, beta2, epsilon, newWeightDecay);
  }

  private static void requireIn(String name, double value, double largest) {
    if (!(value >= 0 && value <= largest)) {
      throw new FourierException(
          "AdamW: %s is %s, but must be 0 to %s".formatted(name, value, largest));
    }
  }
}
