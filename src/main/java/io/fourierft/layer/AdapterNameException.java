package io.fourierft.layer;

import io.fourierft.FourierException;

/** A name that no adapter of the layer has, that another already has, or that none may have. */
public final class AdapterNameException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Says which name, and which ones there are. */
  public AdapterNameException(String message) {
    super(message);
  }
}
