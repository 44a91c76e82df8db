package io.fourierft;

/** A closed engine, or a thing that a closed engine owned, was used. */
public final class EngineClosedException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Names what was closed. */
  public EngineClosedException(String message) {
    super(message);
  }
}
