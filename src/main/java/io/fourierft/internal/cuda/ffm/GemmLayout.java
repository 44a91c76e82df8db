package io.fourierft.internal.cuda.ffm;

/**
 * One product of column-major matrices with float32 sums: {@code C = op(A)·B}, or {@code C =
 * op(A)·B + C}, rounded once to the type of C.
 *
 * @param transposesA whether op(A) is Aᵀ
 * @param m rows of op(A) and C
 * @param n columns of B and C
 * @param k columns of op(A), rows of B
 * @param a as it is stored
 * @param b as it is stored
 * @param c as it is stored
 * @param adds whether C is added to; if not, what it held is not read
 */
public record GemmLayout(
    boolean transposesA, int m, int n, int k, Operand a, Operand b, Operand c, boolean adds) {
  /** CUDA_R_32F. */
  public static final int R_32F = 0;

  /** CUDA_R_16F. */
  public static final int R_16F = 2;

  /** CUDA_R_16BF. */
  public static final int R_16BF = 14;

  /**
   * A matrix in device memory.
   *
   * @param pointer device address of the first element
   * @param type a cudaDataType
   * @param ld elements from one column to the next
   */
  public record Operand(long pointer, int type, int ld) {}
}
