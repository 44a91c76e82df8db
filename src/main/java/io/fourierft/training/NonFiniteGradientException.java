package io.fourierft.training;

import io.fourierft.FourierException;

/** A step was refused because its gradients were not finite; the parameters are as before it. */
public final class NonFiniteGradientException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Says which step, and what to do. */
  public NonFiniteGradientException(String message) {
    super(message);
  }
}
