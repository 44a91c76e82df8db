package io.fourierft.cuda;

/** A function of cuBLAS failed. */
public final class CublasException extends NativeCallException {
  private static final long serialVersionUID = 1L;

  /** CUBLAS_STATUS_ALLOC_FAILED: cuBLAS found no memory on the device or the host. */
  public static final int ALLOCATION_FAILED = 3;

  /**
   * Describes one failed call.
   *
   * @param library the shared library, as it was loaded
   * @param function the exact symbol called
   * @param code the cublasStatus_t it returned
   * @param codeName the name of that number, as {@code CUBLAS_STATUS_EXECUTION_FAILED}
   * @param doing what the call was for, with its sizes
   */
  public CublasException(String library, String function, int code, String codeName, String doing) {
    super(library, function, code, codeName, doing);
  }

  @Override
  public boolean isOutOfMemory() {
    return code() == ALLOCATION_FAILED;
  }
}
