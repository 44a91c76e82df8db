package io.fourierft;

import org.jspecify.annotations.Nullable;

/** The root of the exceptions that this library throws on its own account. */
public class FourierException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Names the thing, the value and the remedy in {@code message}. */
  public FourierException(String message) {
    super(message);
  }

  /** The same, keeping the failure underneath. */
  public FourierException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
