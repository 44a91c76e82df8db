package io.fourierft.bulk;

import io.fourierft.FourierException;

/** An adapter of a job failed, and the job was not told to go on without it. */
public final class BulkException extends FourierException {
  private static final long serialVersionUID = 1L;

  private final String adapter;

  BulkException(String adapter, String message, Exception cause) {
    super(message, cause);
    this.adapter = adapter;
  }

  /** The name of the adapter. */
  public String adapter() {
    return adapter;
  }
}
