package io.fourierft;

/** An engine was asked for by name and cannot be had; the message lists every obstacle found. */
public final class EngineUnavailableException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Carries the reasons of the probe. */
  public EngineUnavailableException(String message) {
    super(message);
  }
}
