package io.fourierft.training;

import io.fourierft.FourierException;
import java.util.function.LongToDoubleFunction;

/**
 * The factor on the learning rate of each step. Immutable, and a function of the step's number
 * alone, so that there is nothing to save but which one it is.
 */
public final class LearningRateSchedule {
  /** Of a schedule that has no end. */
  static final long ENDLESS = -1;

  private final String kind;
  private final long totalSteps;
  private final LongToDoubleFunction factors;

  private LearningRateSchedule(String kind, long totalSteps, LongToDoubleFunction factors) {
    this.kind = kind;
    this.totalSteps = totalSteps;
    this.factors = factors;
  }

  /** The factor of step {@code step}; the first step is 0. */
  public double factor(long step) {
    return factors.applyAsDouble(step);
  }

  /** The same learning rate always. */
  public static LearningRateSchedule constant() {
    return new LearningRateSchedule("constant", ENDLESS, step -> 1);
  }

  /**
   * Rises from 0 to 1 during {@code warmupSteps}, then falls to 0 in a straight line, as
   * transformers' {@code get_linear_schedule_with_warmup}.
   *
   * @param totalSteps when 0 is reached, warm-up included
   */
  public static LearningRateSchedule linear(long warmupSteps, long totalSteps) {
    requireSteps(warmupSteps, totalSteps);
    return new LearningRateSchedule(
        "linear, warmup_steps=" + warmupSteps,
        totalSteps,
        step ->
            step < warmupSteps
                ? (double) step / Math.max(1, warmupSteps)
                : Math.max(
                    0, (double) (totalSteps - step) / Math.max(1, totalSteps - warmupSteps)));
  }

  /**
   * Rises from 0 to 1 during {@code warmupSteps}, then falls to 0 in half a cosine wave, as
   * transformers' {@code get_cosine_schedule_with_warmup}.
   *
   * @param totalSteps when 0 is reached, warm-up included
   */
  public static LearningRateSchedule cosine(long warmupSteps, long totalSteps) {
    return cosine(warmupSteps, totalSteps, 0.5);
  }

  /**
   * The same with another number of waves.
   *
   * @param cycles waves between warm-up and end; 0.5 falls once from 1 to 0
   */
  public static LearningRateSchedule cosine(long warmupSteps, long totalSteps, double cycles) {
    requireSteps(warmupSteps, totalSteps);
    return new LearningRateSchedule(
        "cosine, warmup_steps=" + warmupSteps + ", cycles=" + cycles,
        totalSteps,
        step -> {
          if (step < warmupSteps) {
            return (double) step / Math.max(1, warmupSteps);
          }
          double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
          return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress)));
        });
  }

  /**
   * A schedule of the caller's own.
   *
   * @param name what a stored training knows it by: another function must have another name
   * @param factors a function of the step alone, at least 0 and finite
   */
  public static LearningRateSchedule custom(String name, LongToDoubleFunction factors) {
    return new LearningRateSchedule("custom, name=" + name, ENDLESS, factors);
  }

  /** What it is, its end left out. */
  String kind() {
    return kind;
  }

  /** The step at which it ends; {@link #ENDLESS} if it does not. */
  long totalSteps() {
    return totalSteps;
  }

  @Override
  public String toString() {
    return totalSteps == ENDLESS ? kind : kind + ", total_steps=" + totalSteps;
  }

  private static void requireSteps(long warmupSteps, long totalSteps) {
    if (warmupSteps < 0 || totalSteps < warmupSteps) {
      throw new FourierException(
          "a schedule of %d steps cannot have a warm-up of %d".formatted(totalSteps, warmupSteps));
    }
  }
}
