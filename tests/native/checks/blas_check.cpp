/* The emulated cuBLAS: what it computes, and what it refuses. */
#include <cstring>
#include <vector>

#include "cublas_api.h"
#include "session.h"

extern "C" {
cublasStatus_t cublasCreate_v2(cublasHandle_t *handle);
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle);
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, void *stream);
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes);
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, int mode);
cublasStatus_t cublasGemmEx(cublasHandle_t handle, int transa, int transb, int m, int n, int k,
                            const void *alpha, const void *A, int Atype, int lda, const void *B,
                            int Btype, int ldb, const void *beta, void *C, int Ctype, int ldc,
                            int compute, int algorithm);
}

namespace {

constexpr float ONE = 1;
constexpr float ZERO = 0;

int64_t take_violations() {
  const int64_t count = emu_violations();
  emu_clear_violations();
  return count;
}

void *pointer(CUdeviceptr address) { return reinterpret_cast<void *>(address); }

/* A handle on the null stream, with a workspace. */
struct Blas {
  Blas() : workspace(1024) {
    EXPECT(cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    EXPECT(cublasSetMathMode(handle, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
           CUBLAS_STATUS_SUCCESS);
    EXPECT(cublasSetWorkspace_v2(handle, pointer(workspace.address()), 1024),
           CUBLAS_STATUS_SUCCESS);
  }
  ~Blas() { cublasDestroy_v2(handle); }
  Blas(const Blas &) = delete;
  Blas &operator=(const Blas &) = delete;

  cublasStatus_t multiply(int transa, int m, int n, int k, CUdeviceptr a, int a_type, int lda,
                          CUdeviceptr b, int ldb, float beta, CUdeviceptr c, int ldc) {
    return cublasGemmEx(handle, transa, CUBLAS_OP_N, m, n, k, &ONE, pointer(a), a_type, lda,
                        pointer(b), CUDA_R_32F, ldb, &beta, pointer(c), CUDA_R_32F, ldc,
                        CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
  }

  cublasHandle_t handle = nullptr;
  Array<char> workspace;
};

}  // namespace

CASE(columnsAndLeadingDimensionsAreThoseOfCublas) {
  Session session;
  Blas blas;
  /* A is 2 x 3 in columns of 4, B 3 x 2 in columns of 3, C 2 x 2 in columns of 2. */
  Array<float> a({1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0});
  Array<float> b({1, 1, 1, 1, 0, -1});
  Array<float> c({100, 100, 100, 100});
  EXPECT(blas.multiply(CUBLAS_OP_N, 2, 2, 3, a.address(), CUDA_R_32F, 4, b.address(), 3, ONE,
                       c.address(), 2),
         CUBLAS_STATUS_SUCCESS);
  const std::vector<float> sums = c.read();
  EXPECT(sums[0], 109.0f);
  EXPECT(sums[1], 112.0f);
  EXPECT(sums[2], 96.0f);
  EXPECT(sums[3], 96.0f);
  /* Transposed: A is 3 x 2 in columns of 4, so that op(A) has rows 1 2 0 and 3 4 0. */
  EXPECT(blas.multiply(CUBLAS_OP_T, 2, 2, 3, a.address(), CUDA_R_32F, 4, b.address(), 3, ZERO,
                       c.address(), 2),
         CUBLAS_STATUS_SUCCESS);
  const std::vector<float> transposed = c.read();
  EXPECT(transposed[0], 3.0f);
  EXPECT(transposed[1], 7.0f);
  EXPECT(transposed[2], 1.0f);
  EXPECT(transposed[3], 3.0f);
  EXPECT(take_violations(), 0);
}

CASE(argumentsAreChecked) {
  Session session;
  Blas blas;
  Array<float> a(6);
  Array<float> b(6);
  Array<float> c(4);
  const auto call = [&](int m, int k, int type, int lda, int ldc) {
    return blas.multiply(CUBLAS_OP_N, m, 2, k, a.address(), type, lda, b.address(), 3, ZERO,
                         c.address(), ldc);
  };
  EXPECT(call(2, 3, CUDA_R_32F, 1, 2), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT(call(2, 3, CUDA_R_32F, 2, 1), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT(call(-1, 3, CUDA_R_32F, 2, 2), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT(call(2, 3, CUDA_R_16F, 2, 2), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT(call(2, 3, CUDA_R_64F, 2, 2), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT(call(0, 3, CUDA_R_32F, 2, 2), CUBLAS_STATUS_SUCCESS);
  EXPECT(cublasSetStream_v2(blas.handle, reinterpret_cast<void *>(12345)),
         CUBLAS_STATUS_INVALID_VALUE);
  EXPECT(cublasSetMathMode(blas.handle, 77), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT(take_violations(), 0);
}

CASE(aProductWithoutAWorkspaceOrOutsideItsMemoryIsMisuse) {
  Session session;
  Blas blas;
  Array<float> a(6);
  Array<float> b(6);
  Array<float> c(4);
  EXPECT(cublasSetStream_v2(blas.handle, nullptr), CUBLAS_STATUS_SUCCESS);
  EXPECT(blas.multiply(CUBLAS_OP_N, 2, 2, 3, a.address(), CUDA_R_32F, 2, b.address(), 3, ZERO,
                       c.address(), 2),
         CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT(take_violations(), 1);
  const cublasHandle_t handle = blas.handle;
  EXPECT(cublasDestroy_v2(handle), CUBLAS_STATUS_SUCCESS);
  EXPECT(cublasDestroy_v2(handle), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT(take_violations(), 1);
  EXPECT(cublasCreate_v2(&blas.handle), CUBLAS_STATUS_SUCCESS);
}

int main() { return check::run(expect_clean); }
