/* The part of cufft.h (CUDA 13.0) that the emulated library has. */
#ifndef CUFFT_API_H
#define CUFFT_API_H

#include <cstddef>
#include <cstdint>

typedef int cufftHandle;
typedef float cufftReal;
struct cufftComplex {
  float x;
  float y;
};

enum cufftResult {
  CUFFT_SUCCESS = 0,
  CUFFT_INVALID_PLAN = 1,
  CUFFT_ALLOC_FAILED = 2,
  CUFFT_INVALID_TYPE = 3,
  CUFFT_INVALID_VALUE = 4,
  CUFFT_INTERNAL_ERROR = 5,
  CUFFT_EXEC_FAILED = 6,
  CUFFT_SETUP_FAILED = 7,
  CUFFT_INVALID_SIZE = 8,
  CUFFT_UNALIGNED_DATA = 9,
  CUFFT_INVALID_DEVICE = 11,
  CUFFT_NO_WORKSPACE = 13,
  CUFFT_NOT_IMPLEMENTED = 14,
  CUFFT_NOT_SUPPORTED = 16,
  CUFFT_NVJITLINK_FAILURE = 19
};

enum cufftType { CUFFT_R2C = 0x2a, CUFFT_C2R = 0x2c, CUFFT_C2C = 0x29 };

enum cufftXtCallbackType { CUFFT_CB_LD_COMPLEX = 0, CUFFT_CB_ST_REAL = 6 };

enum { CUFFT_FORWARD = -1, CUFFT_INVERSE = 1 };

#define EMULATED_API extern "C" __attribute__((visibility("default")))

#endif
