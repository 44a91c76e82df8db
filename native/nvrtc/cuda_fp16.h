/* The conversions of CUDA's cuda_fp16.h that the kernels use, for NVRTC, which may not have it. */
#ifndef FOURIERFT_NVRTC_FP16_H
#define FOURIERFT_NVRTC_FP16_H

struct __align__(2) __half {
  unsigned short bits;
};

__device__ __forceinline__ float __half2float(__half value) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
  return result;
}

__device__ __forceinline__ __half __float2half_rn(float value) {
  __half result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
  return result;
}

#endif
