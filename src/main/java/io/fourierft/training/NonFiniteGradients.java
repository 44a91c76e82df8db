package io.fourierft.training;

/** What becomes of a step whose gradients hold a NaN or an infinity. It is never made. */
public enum NonFiniteGradients {
  /**
   * The step is refused with a {@link NonFiniteGradientException}, and training goes on only if the
   * caller goes on.
   */
  REFUSE,

  /**
   * The step is skipped without a word, counted in {@link Trainer#skippedSteps}, and the schedule
   * goes on: what a torch loop with a {@code GradScaler} and a scheduler does.
   */
  SKIP
}
