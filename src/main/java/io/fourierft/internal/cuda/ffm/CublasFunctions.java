package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** One handle for each function of libcublas, named after the exact symbol. */
public final class CublasFunctions extends NativeFunctions {
  // cublasStatus_t cublasGetProperty(libraryPropertyType type, int *value)
  final MethodHandle cublasGetProperty = bind("cublasGetProperty", JAVA_INT, ADDRESS);
  // cublasStatus_t cublasCreate_v2(cublasHandle_t *handle)
  final MethodHandle cublasCreate_v2 = bind("cublasCreate_v2", ADDRESS);
  // cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
  final MethodHandle cublasDestroy_v2 = bind("cublasDestroy_v2", JAVA_LONG);
  // cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t streamId)
  final MethodHandle cublasSetStream_v2 = bind("cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
  // cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace,
  //     size_t workspaceSizeInBytes)
  final MethodHandle cublasSetWorkspace_v2 =
      bind("cublasSetWorkspace_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG);
  // cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode)
  final MethodHandle cublasSetMathMode = bind("cublasSetMathMode", JAVA_LONG, JAVA_INT);
  // cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa,
  //     cublasOperation_t transb, int m, int n, int k, const void *alpha, const void *A,
  //     cudaDataType Atype, int lda, const void *B, cudaDataType Btype, int ldb, const void *beta,
  //     void *C, cudaDataType Ctype, int ldc, cublasComputeType_t computeType,
  //     cublasGemmAlgo_t algo)
  final MethodHandle cublasGemmEx =
      bind(
          "cublasGemmEx",
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT);

  CublasFunctions(SymbolLookup symbols, String library) {
    super(symbols, library, "the cuBLAS of CUDA 11 or later");
  }
}
