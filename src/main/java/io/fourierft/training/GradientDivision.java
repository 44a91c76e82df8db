package io.fourierft.training;

/**
 * What the sum of the gathered batches' gradients is divided by. The two differ only in a step from
 * batches that are left over at the end of an epoch.
 */
public enum GradientDivision {
  /**
   * By the batches that make a whole step, as in the loop that divides each loss by {@code
   * gradient_accumulation_steps} before it goes backward: torch's documentation, accelerate, and
   * transformers before 4.46. A sample weighs the same in a left-over step as in a whole one.
   */
  BATCHES_PER_STEP,

  /** By the batches that were gathered: the mean also of a left-over step. */
  GATHERED_BATCHES
}
