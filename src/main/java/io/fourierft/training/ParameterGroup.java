package io.fourierft.training;

import io.fourierft.FourierException;
import java.util.List;

/**
 * Parameters that share a learning rate and a weight decay: one of torch's {@code param_groups}.
 *
 * @param name unlike that of every other group of one training
 * @param parameters at least one
 * @param learningRate the step size before a schedule's factor, at least 0
 * @param weightDecay decoupled from the gradient: each step takes {@code learningRate·weightDecay}
 *     of every number; at least 0
 */
public record ParameterGroup(
    String name,
    List<? extends TrainableParameter> parameters,
    double learningRate,
    double weightDecay) {
  /**
   * Checks the ranges.
   *
   * @throws FourierException if one is out of range, or there is no parameter
   */
  public ParameterGroup {
    if (name.isBlank()) {
      throw new FourierException("a group of parameters needs a name that is not blank");
    }
    parameters = List.copyOf(parameters);
    if (parameters.isEmpty()) {
      throw new FourierException("group '" + name + "' has no parameters to train");
    }
    requireRate(name, "learning rate", learningRate);
    requireRate(name, "weight decay", weightDecay);
  }

  /** A group with torch's weight decay, 0.01. */
  public static ParameterGroup of(
      String name, List<? extends TrainableParameter> parameters, double learningRate) {
    return new ParameterGroup(name, parameters, learningRate, 0.01);
  }

  /** The same with another learning rate. */
  public ParameterGroup withLearningRate(double newLearningRate) {
    return new ParameterGroup(name, parameters, newLearningRate, weightDecay);
  }

  /** The same with another weight decay. */
  public ParameterGroup withWeightDecay(double newWeightDecay) {
    return new ParameterGroup(name, parameters, learningRate, newWeightDecay);
  }

  private static void requireRate(String group, String what, double value) {
    if (!(value >= 0 && value <= Double.MAX_VALUE)) {
      throw new FourierException(
          "the %s of group '%s' is %s, but must be at least 0 and finite"
              .formatted(what, group, value));
    }
  }
}
