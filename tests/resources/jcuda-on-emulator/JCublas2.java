package jcuda.jcublas;

import static jcuda.runtime.JCuda.array;
import static jcuda.runtime.JCuda.at;
import static jcuda.runtime.JCuda.floats;
import static jcuda.runtime.JCuda.set;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaStream_t;

/**
 * In place of JCublas's class of this name: the few products that the example asks for, in Java.
 */
public final class JCublas2 {
  private static cudaStream_t stream;

  private JCublas2() {}

  public static void setExceptionsEnabled(boolean enabled) {}

  public static int cublasCreate(cublasHandle handle) {
    return 0;
  }

  public static int cublasDestroy(cublasHandle handle) {
    return 0;
  }

  public static int cublasSetStream(cublasHandle handle, cudaStream_t given) {
    stream = given;
    return 0;
  }

  public static int cublasSgemm(
      cublasHandle handle,
      int transA,
      int transB,
      int m,
      int n,
      int k,
      Pointer alpha,
      Pointer a,
      int lda,
      Pointer b,
      int ldb,
      Pointer beta,
      Pointer c,
      int ldc) {
    JCuda.cudaStreamSynchronize(stream);
    if (transA != cublasOperation.CUBLAS_OP_T || transB != cublasOperation.CUBLAS_OP_N) {
      throw new IllegalArgumentException("the example asks for Aᵀ B");
    }
    MemorySegment left = floats(a, lda * m);
    MemorySegment right = floats(b, ldb * n);
    MemorySegment out = floats(c, ldc * n);
    for (int col = 0; col < n; col++) {
      for (int row = 0; row < m; row++) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
          sum += at(left, (long) row * lda + i) * at(right, (long) col * ldb + i);
        }
        long place = (long) col * ldc + row;
        float before = array(beta)[0] == 0 ? 0 : array(beta)[0] * at(out, place);
        set(out, place, (float) (array(alpha)[0] * sum) + before);
      }
    }
    return 0;
  }

  public static int cublasSaxpy(
      cublasHandle handle, int n, Pointer alpha, Pointer x, int incx, Pointer y, int incy) {
    JCuda.cudaStreamSynchronize(stream);
    MemorySegment from = floats(x, n);
    MemorySegment to = floats(y, n);
    for (int i = 0; i < n; i++) {
      set(to, i, at(to, i) + array(alpha)[0] * at(from, i));
    }
    return 0;
  }

  public static int cublasSdot(
      cublasHandle handle, int n, Pointer x, int incx, Pointer y, int incy, Pointer result) {
    JCuda.cudaStreamSynchronize(stream);
    MemorySegment left = floats(x, n);
    MemorySegment right = floats(y, n);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) at(left, i) * at(right, i);
    }
    array(result)[0] = (float) sum;
    return 0;
  }
}
