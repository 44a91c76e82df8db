package io.fourierft.cuda;

import io.fourierft.FourierException;

/** A function of one of CUDA's libraries failed; says which, with what, and what it was for. */
public abstract sealed class NativeCallException extends FourierException
    permits CudaException, CufftException, CublasException {
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
   * @param codeName the name of that number
   * @param doing what the call was for, with its sizes
   */
  NativeCallException(String library, String function, int code, String codeName, String doing) {
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

  /** The number that the function returned: a CUresult, a cufftResult or a cublasStatus_t. */
  public int code() {
    return code;
  }

  /** The name of {@link #code()}. */
  public String codeName() {
    return codeName;
  }

  /** Whether there was no room, on the device or for pinned memory, for what was wanted. */
  public abstract boolean isOutOfMemory();

  /** What the call was for. */
  public String doing() {
    return doing;
  }
}
