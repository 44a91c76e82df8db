package io.fourierft.training;

import io.fourierft.FourierException;
import java.util.function.Consumer;

/**
 * How a {@link Trainer} steps: AdamW's hyperparameters beside those of the groups, named and preset
 * as those of {@code torch.optim.AdamW}, and the loop around it.
 *
 * @param beta1 decay of the mean of gradients, in [0, 1)
 * @param beta2 decay of the mean of squared gradients, in [0, 1)
 * @param epsilon added to the denominator, greater than 0 as a float32
 * @param schedule the factor on the learning rate of all groups
 * @param batchesPerStep batches whose gradients are gathered for one step, at least 1
 * @param division what their sum is divided by
 * @param maxGradientNorm the norm of all gradients together to clip at, as {@code
 *     torch.nn.utils.clip_grad_norm_}; infinite for no clipping
 * @param nonFinite what becomes of a step whose gradients are not finite
 */
public record TrainerOptions(
    double beta1,
    double beta2,
    double epsilon,
    LearningRateSchedule schedule,
    int batchesPerStep,
    GradientDivision division,
    double maxGradientNorm,
    NonFiniteGradients nonFinite) {
  /**
   * Checks the ranges.
   *
   * @throws FourierException if one is out of range
   */
  public TrainerOptions {
    requireDecay("beta1", beta1);
    requireDecay("beta2", beta2);
    if (!((float) epsilon > 0 && epsilon <= Float.MAX_VALUE)) {
      throw new FourierException(
          "AdamW: epsilon is "
              + epsilon
              + ", but must be greater than 0: a gradient of 0 would be divided by 0");
    }
    if (batchesPerStep < 1) {
      throw new FourierException("batchesPerStep is " + batchesPerStep + "; it must be at least 1");
    }
    if (!(maxGradientNorm > 0)) {
      throw new FourierException(
          "maxGradientNorm is " + maxGradientNorm + "; use infinity for no clipping");
    }
  }

  /**
   * torch's betas and epsilon (0.9, 0.999, 1e-8), a constant learning rate, a step for each batch,
   * no clipping; gradients that are not finite are refused.
   */
  public static TrainerOptions defaults() {
    return new TrainerOptions(
        0.9,
        0.999,
        1e-8,
        LearningRateSchedule.constant(),
        1,
        GradientDivision.BATCHES_PER_STEP,
        Double.POSITIVE_INFINITY,
        NonFiniteGradients.REFUSE);
  }

  /** The same with other decays of the two means. */
  public TrainerOptions withBetas(double newBeta1, double newBeta2) {
    return with(
        next -> {
          next.beta1 = newBeta1;
          next.beta2 = newBeta2;
        });
  }

  /** The same with another epsilon. */
  public TrainerOptions withEpsilon(double newEpsilon) {
    return with(next -> next.epsilon = newEpsilon);
  }

  /** The same with another schedule. */
  public TrainerOptions withSchedule(LearningRateSchedule newSchedule) {
    return with(next -> next.schedule = newSchedule);
  }

  /** The same with another number of batches for a step. */
  public TrainerOptions withBatchesPerStep(int newBatchesPerStep) {
    return with(next -> next.batchesPerStep = newBatchesPerStep);
  }

  /** The same with another division of the gathered gradients. */
  public TrainerOptions withDivision(GradientDivision newDivision) {
    return with(next -> next.division = newDivision);
  }

  /** The same with another norm to clip at. */
  public TrainerOptions withMaxGradientNorm(double newMaxGradientNorm) {
    return with(next -> next.maxGradientNorm = newMaxGradientNorm);
  }

  /** The same with another answer to gradients that are not finite. */
  public TrainerOptions withNonFinite(NonFiniteGradients newNonFinite) {
    return with(next -> next.nonFinite = newNonFinite);
  }

  private TrainerOptions with(Consumer<Draft> change) {
    Draft next = new Draft(this);
    change.accept(next);
    return next.options();
  }

  /** What each gathered batch contributes to the gradient of a step. */
  float share(int gathered) {
    return 1f / (division == GradientDivision.GATHERED_BATCHES ? gathered : batchesPerStep);
  }

  private static void requireDecay(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new FourierException(
          "AdamW: %s is %s, but must be at least 0 and less than 1".formatted(name, value));
    }
  }

  /** Options in the making, all of them those of others but for what is changed. */
  private static final class Draft {
    private double beta1;
    private double beta2;
    private double epsilon;
    private LearningRateSchedule schedule;
    private int batchesPerStep;
    private GradientDivision division;
    private double maxGradientNorm;
    private NonFiniteGradients nonFinite;

    Draft(TrainerOptions like) {
      beta1 = like.beta1;
      beta2 = like.beta2;
      epsilon = like.epsilon;
      schedule = like.schedule;
      batchesPerStep = like.batchesPerStep;
      division = like.division;
      maxGradientNorm = like.maxGradientNorm;
      nonFinite = like.nonFinite;
    }

    TrainerOptions options() {
      return new TrainerOptions(
          beta1, beta2, epsilon, schedule, batchesPerStep, division, maxGradientNorm, nonFinite);
    }
  }
}
