package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fourierft.cuda.CublasException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/** cuBLAS through java.lang.foreign. Thread-safe, as far as the handles given to it allow. */
public final class PanamaCublas implements Cublas {
  private static final int OP_N = 0;
  private static final int OP_T = 1;

  /** CUBLAS_COMPUTE_32F. */
  private static final int COMPUTE_32F = 68;

  /** CUBLAS_GEMM_DEFAULT. */
  private static final int DEFAULT_ALGORITHM = -1;

  private final CublasFunctions functions;
  private final MemorySegment zero = Arena.ofAuto().allocateFrom(JAVA_FLOAT, 0);
  private final MemorySegment one = Arena.ofAuto().allocateFrom(JAVA_FLOAT, 1);

  /**
   * Binds every function.
   *
   * @throws io.fourierft.FourierException if the library lacks one
   */
  public PanamaCublas(FoundLibrary library) {
    this.functions = new CublasFunctions(library.symbols(), library.path());
  }

  @Override
  public String library() {
    return functions.library();
  }

  @Override
  public int getVersion() {
    return 10000 * property(0) + 100 * property(1) + property(2);
  }

  /** MAJOR_VERSION, MINOR_VERSION or PATCH_LEVEL. */
  private int property(int type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      int code;
      try {
        code = (int) functions.cublasGetProperty.invokeExact(type, value);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "cublasGetProperty", () -> "reading the version");
      return value.get(JAVA_INT, 0);
    }
  }

  @Override
  public long create() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_LONG);
      int code;
      try {
        code = (int) functions.cublasCreate_v2.invokeExact(handle);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "cublasCreate_v2", () -> "creating a handle");
      return handle.get(JAVA_LONG, 0);
    }
  }

  @Override
  public void destroy(long handle) {
    int code;
    try {
      code = (int) functions.cublasDestroy_v2.invokeExact(handle);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cublasDestroy_v2", () -> "freeing a handle");
  }

  @Override
  public void setStream(long handle, long stream) {
    int code;
    try {
      code = (int) functions.cublasSetStream_v2.invokeExact(handle, stream);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cublasSetStream_v2", () -> "giving a handle its stream");
  }

  @Override
  public void setWorkspace(long handle, long pointer, long bytes) {
    int code;
    try {
      code = (int) functions.cublasSetWorkspace_v2.invokeExact(handle, pointer, bytes);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(
        code,
        "cublasSetWorkspace_v2",
        () -> "giving a handle a workspace of %d bytes".formatted(bytes));
  }

  @Override
  public void setMathMode(long handle, int mode) {
    int code;
    try {
      code = (int) functions.cublasSetMathMode.invokeExact(handle, mode);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cublasSetMathMode", () -> "asking for float32 sums");
  }

  @Override
  public void gemmEx(long handle, GemmLayout product) {
    GemmLayout.Operand a = product.a();
    GemmLayout.Operand b = product.b();
    GemmLayout.Operand c = product.c();
    int transposeA = product.transposesA() ? OP_T : OP_N;
    MemorySegment beta = product.adds() ? one : zero;
    int code;
    try {
      code =
          (int)
              functions.cublasGemmEx.invokeExact(
                  handle,
                  transposeA,
                  OP_N,
                  product.m(),
                  product.n(),
                  product.k(),
                  one,
                  a.pointer(),
                  a.type(),
                  a.ld(),
                  b.pointer(),
                  b.type(),
                  b.ld(),
                  beta,
                  c.pointer(),
                  c.type(),
                  c.ld(),
                  COMPUTE_32F,
                  DEFAULT_ALGORITHM);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(
        code,
        "cublasGemmEx",
        () ->
            "multiplying %d x %d by %d x %d"
                .formatted(product.m(), product.k(), product.k(), product.n()));
  }

  private void check(int code, String function, Supplier<String> doing) {
    if (code != 0) {
      throw new CublasException(library(), function, code, codeName(code), doing.get());
    }
  }

  /** The name of a cublasStatus_t (cublas_api.h). */
  public static String codeName(int code) {
    return switch (code) {
      case 1 -> "CUBLAS_STATUS_NOT_INITIALIZED";
      case 3 -> "CUBLAS_STATUS_ALLOC_FAILED";
      case 7 -> "CUBLAS_STATUS_INVALID_VALUE";
      case 8 -> "CUBLAS_STATUS_ARCH_MISMATCH";
      case 11 -> "CUBLAS_STATUS_MAPPING_ERROR";
      case 13 -> "CUBLAS_STATUS_EXECUTION_FAILED";
      case 14 -> "CUBLAS_STATUS_INTERNAL_ERROR";
      case 15 -> "CUBLAS_STATUS_NOT_SUPPORTED";
      case 16 -> "CUBLAS_STATUS_LICENSE_ERROR";
      default -> "an unknown cublasStatus_t";
    };
  }
}
