package io.fourierft.cuda;

/** A function of cuFFT failed. */
public final class CufftException extends NativeCallException {
  private static final long serialVersionUID = 1L;

  /** CUFFT_ALLOC_FAILED: cuFFT found no memory on the device or the host. */
  public static final int ALLOCATION_FAILED = 2;

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
    super(library, function, code, codeName, doing);
  }

  @Override
  public boolean isOutOfMemory() {
    return code() == ALLOCATION_FAILED;
  }
}
