package io.fourierft;

/** Two shapes, strides or element types that do not fit together. */
public final class ShapeException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Says which shape was found, which was needed, and of what. */
  public ShapeException(String message) {
    super(message);
  }
}
