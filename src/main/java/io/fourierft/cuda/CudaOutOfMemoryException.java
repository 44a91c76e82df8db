package io.fourierft.cuda;

/** The device, or the pinned memory of the host, had no room left. The engine stays usable. */
public final class CudaOutOfMemoryException extends CudaException {
  private static final long serialVersionUID = 1L;

  /** CUDA_ERROR_OUT_OF_MEMORY. */
  public static final int CODE = 2;

  /** Describes one failed allocation; the parameters are those of {@link CudaException}. */
  public CudaOutOfMemoryException(
      String library, String function, int code, String codeName, String doing) {
    super(library, function, code, codeName, doing);
  }
}
