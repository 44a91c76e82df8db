package io.fourierft.layer;

import io.fourierft.FourierException;

/** Something cannot be done because adapters are merged, or a merge was refused. */
public final class MergeException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Says which adapter, and what to do first. */
  public MergeException(String message) {
    super(message);
  }
}
