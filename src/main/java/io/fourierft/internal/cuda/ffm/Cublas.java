package io.fourierft.internal.cuda.ffm;

/**
 * The functions of cuBLAS that the engine uses. A handle belongs to the context that was current
 * when it was made and must not be used on two threads at once. A failed call throws {@link
 * io.fourierft.cuda.CublasException}.
 */
public interface Cublas {
  /**
   * CUBLAS_DEFAULT_MATH with CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION: no TF32, and sums
   * that stay float32 also where cuBLAS splits them.
   */
  int EXACT_SUMS = 16;

  /** The library, as it was loaded. */
  String library();

  /** 10000·major + 100·minor + patch, as 130101 of cuBLAS 13.1.1; needs no handle. */
  int getVersion();

  /** A handle for the current context; takes memory of the device. */
  long create();

  /** Frees a handle. */
  void destroy(long handle);

  /** The stream that products run on; takes the workspace away. */
  void setStream(long handle, long stream);

  /** Memory that products may use while they run. */
  void setWorkspace(long handle, long pointer, long bytes);

  /** How products may be rounded, as {@link #EXACT_SUMS}. */
  void setMathMode(long handle, int mode);

  /** Enqueues a product. */
  void gemmEx(long handle, GemmLayout product);
}
