package io.fourierft.cuda;

import io.fourierft.FourierException;

/** A function of the CUDA driver failed. */
public class CudaException extends FourierException {
  private static final long serialVersionUID = 1L;

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
   * @param code the number it returned
   * @param codeName the name of that number, as {@code CUDA_ERROR_LAUNCH_FAILED}
   * @param doing what the call was for, with its sizes
   */
  public CudaException(String library, String function, int code, String codeName, String doing) {
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

  /** The CUresult. */
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

  /**
   * Whether the context is beyond use: CUDA returns such an error from every later call too, and
   * only a new process gets rid of it (CUDA driver API, "CUresult").
   */
  public boolean isSticky() {
    return switch (code) {
      case 4, 46, 214, 219, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721 -> true;
      default -> false;
    };
  }
}
