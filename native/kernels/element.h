/* Reading and writing one element of a matrix whose format is known only at run time. */
#ifndef FOURIERFT_ELEMENT_H
#define FOURIERFT_ELEMENT_H

#include "device.h"

/* The element as a float; an F64 is rounded. */
__device__ __forceinline__ float load_float(const void *__restrict__ data, int32_t type,
                                            int64_t index) {
  switch (type) {
    case FOURIERFT_F64:
      return static_cast<float>(static_cast<const double *>(data)[index]);
    case FOURIERFT_F16:
      return __half2float(static_cast<const __half *>(data)[index]);
    case FOURIERFT_BF16:
      return __bfloat162float(static_cast<const __nv_bfloat16 *>(data)[index]);
    default:
      return static_cast<const float *>(data)[index];
  }
}

/* Writes the element, rounded to nearest, ties to even. */
__device__ __forceinline__ void store_float(void *__restrict__ data, int32_t type, int64_t index,
                                            float value) {
  switch (type) {
    case FOURIERFT_F64:
      static_cast<double *>(data)[index] = static_cast<double>(value);
      break;
    case FOURIERFT_F16:
      static_cast<__half *>(data)[index] = __float2half_rn(value);
      break;
    case FOURIERFT_BF16:
      static_cast<__nv_bfloat16 *>(data)[index] = __float2bfloat16_rn(value);
      break;
    default:
      static_cast<float *>(data)[index] = value;
  }
}

/* The value after a rounding to a format and back; F32 and F64 keep it. */
__device__ __forceinline__ float rounded_to(int32_t type, float value) {
  switch (type) {
    case FOURIERFT_F16:
      return __half2float(__float2half_rn(value));
    case FOURIERFT_BF16:
      return __bfloat162float(__float2bfloat16_rn(value));
    default:
      return value;
  }
}

#endif
