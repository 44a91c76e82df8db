package io.fourierft.training;

/**
 * What of a stored training may differ from the one that takes it up, because the caller says so to
 * {@link Trainer#restore}; the trainer's own value holds. Nothing else may: parameters, groups,
 * betas, epsilon, accumulation, clipping and the answer to gradients that are not finite are what
 * the stored numbers came from.
 */
public enum MayDiffer {
  /** The learning rates of the groups. */
  LEARNING_RATE,

  /** The weight decays of the groups. */
  WEIGHT_DECAY,

  /** The schedule, and with it the steps at which it ends. */
  SCHEDULE,

  /** The steps at which the schedule ends, and nothing else of it. */
  TOTAL_STEPS
}
