package io.fourierft.training;

import io.fourierft.FourierException;

/** The factor on the learning rate of each step. Stateless, so there is nothing to save. */
@FunctionalInterface
public interface LearningRateSchedule {
  /** The factor of step {@code step}; the first step is 0. */
  double factor(long step);

  /** The same learning rate always. */
  static LearningRateSchedule constant() {
    return step -> 1;
  }

  /**
   * Rises from 0 to 1 during {@code warmupSteps}, then falls to 0 in a straight line, as
   * transformers' {@code get_linear_schedule_with_warmup}.
   *
   * @param totalSteps when 0 is reached, warm-up included
   */
  static LearningRateSchedule linear(long warmupSteps, long totalSteps) {
    requireSteps(warmupSteps, totalSteps);
    return step ->
        step < warmupSteps
            ? (double) step / Math.max(1, warmupSteps)
            : Math.max(0, (double) (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
  }

  /**
   * Rises from 0 to 1 during {@code warmupSteps}, then falls to 0 in half a cosine wave, as
   * transformers' {@code get_cosine_schedule_with_warmup}.
   *
   * @param totalSteps when 0 is reached, warm-up included
   */
  static LearningRateSchedule cosine(long warmupSteps, long totalSteps) {
    return cosine(warmupSteps, totalSteps, 0.5);
  }

  /**
   * The same with another number of waves.
   *
   * @param cycles waves between warm-up and end; 0.5 falls once from 1 to 0
   */
  static LearningRateSchedule cosine(long warmupSteps, long totalSteps, double cycles) {
    requireSteps(warmupSteps, totalSteps);
    return step -> {
      if (step < warmupSteps) {
        return (double) step / Math.max(1, warmupSteps);
      }
      double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress)));
    };
  }

  private static void requireSteps(long warmupSteps, long totalSteps) {
    if (warmupSteps < 0 || totalSteps < warmupSteps) {
      throw new FourierException(
          "a schedule of %d steps cannot have a warm-up of %d".formatted(totalSteps, warmupSteps));
    }
  }
}
