/* The part of cublas_api.h (CUDA 13.0) that the emulated library has. */
#ifndef CUBLAS_API_H
#define CUBLAS_API_H

#include <cstddef>
#include <cstdint>

struct cublasContext;
typedef cublasContext *cublasHandle_t;

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_MAPPING_ERROR = 11,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
  CUBLAS_STATUS_INTERNAL_ERROR = 14,
  CUBLAS_STATUS_NOT_SUPPORTED = 15
};

enum { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1, CUBLAS_OP_C = 2 };

/* cublasMath_t; the last is a flag beside one of the others. */
enum {
  CUBLAS_DEFAULT_MATH = 0,
  CUBLAS_TF32_TENSOR_OP_MATH = 3,
  CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION = 16
};

/* cudaDataType */
enum { CUDA_R_32F = 0, CUDA_R_64F = 1, CUDA_R_16F = 2, CUDA_R_16BF = 14 };

/* cublasComputeType_t */
enum { CUBLAS_COMPUTE_32F = 68 };

enum { CUBLAS_GEMM_DEFAULT = -1 };

#define EMULATED_API extern "C" __attribute__((visibility("default")))

#endif
