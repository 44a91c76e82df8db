package io.fourierft.peft;

import io.fourierft.FourierException;
import org.jspecify.annotations.Nullable;

/** An adapter that is not what PEFT writes, or that does not fit its base model. */
public final class PeftException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Names the file, the key, the value found and the remedy. */
  public PeftException(String message) {
    super(message);
  }

  /** The same, keeping the failure underneath. */
  public PeftException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
