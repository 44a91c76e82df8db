package io.fourierft.cuda;

import io.fourierft.FourierException;

/** A function of cuFFT failed. */
public final class CufftException extends FourierException {
  private static final long serialVersionUID = 1L;

  /** CUFFT_ALLOC_FAILED: cuFFT found no memory on the device or the host. */
  public static final int ALLOCATION_FAILED = 2;

  private final String library;
  private final String function;
  private final int code;
  private final String codeName;
  private final String doing;

  /**
   * Describes one failed call.
   *
   * @param library the shared library, as it was loaded
   * @param function the exact symbol called
   * @param code the cufftResult it returned
   * @param codeName the name of that number, as {@code CUFFT_EXEC_FAILED}
   * @param doing what the call was for, with its sizes
   */
  public CufftException(String library, String function, int code, String codeName, String doing) {
    super(
        "%s failed with %s (%d) while %s [%s]".formatted(function, codeName, code, doing, library));
    this.library = library;
    this.function = function;
    this.code = code;
    this.codeName = codeName;
    this.doing = doing;
  }

  /** The shared library, as it was loaded. */
  public String library() {
    return library;
  }

  /** The exact symbol called. */
  public String function() {
    return function;
  }

  /** The cufftResult. */
  public int code() {
    return code;
  }

  /** The name of {@link #code()}. */
  public String codeName() {
    return codeName;
  }

  /** What the call was for. */
  public String doing() {
    return doing;
  }

  /** Whether the device had no room for what cuFFT wanted. */
  public boolean isOutOfMemory() {
    return code == ALLOCATION_FAILED;
  }
}
