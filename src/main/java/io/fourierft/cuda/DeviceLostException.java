package io.fourierft.cuda;

import io.fourierft.FourierException;

/**
 * The engine's device failed earlier, in a way that CUDA cannot recover from within this process.
 * Nothing but {@link io.fourierft.FourierEngine#close} works on the engine any more.
 */
public final class DeviceLostException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** Names the device; {@code cause} is the failure that lost it. */
  public DeviceLostException(String message, Throwable cause) {
    super(message, cause);
  }
}
