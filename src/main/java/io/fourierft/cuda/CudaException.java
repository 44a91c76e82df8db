package io.fourierft.cuda;

/** A function of the CUDA driver failed. */
public non-sealed class CudaException extends NativeCallException {
  private static final long serialVersionUID = 1L;

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
    super(library, function, code, codeName, doing);
  }

  @Override
  public boolean isOutOfMemory() {
    return code() == CudaOutOfMemoryException.CODE;
  }

  /**
   * Whether the context is beyond use: CUDA returns such an error from every later call too, and
   * only a new process gets rid of it (CUDA driver API, "CUresult").
   */
  public boolean isSticky() {
    return switch (code()) {
      case 4, 46, 214, 219, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721 -> true;
      default -> false;
    };
  }
}
