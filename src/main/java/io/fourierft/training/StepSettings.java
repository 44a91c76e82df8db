package io.fourierft.training;

import java.util.List;

/**
 * What one step has that the options do not say.
 *
 * @param groups one for each group
 * @param share of each gathered batch in the gradient
 * @param acknowledged refusals that the caller was told of; a device makes no step beyond these
 */
record StepSettings(List<Rates> groups, float share, long acknowledged) {
  /**
   * The rates of a group in one step.
   *
   * @param learningRate with the schedule's factor
   * @param weightDecay of the group
   */
  record Rates(double learningRate, double weightDecay) {}
}
