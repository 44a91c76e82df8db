package io.fourierft.spark;

import io.fourierft.FourierException;

/** A job on the cluster was refused or failed; the message says what and why. */
public final class SparkJobException extends FourierException {
  private static final long serialVersionUID = 1L;

  SparkJobException(String message) {
    super(message);
  }

  SparkJobException(String message, Throwable cause) {
    super(message, cause);
  }
}
