/*
 * The conversions of CUDA's cuda_bf16.h that the kernels use, for NVRTC, which may not have it. By
 * integers, since compute capability 7.5 has no instruction for them; every NaN becomes 0x7fff.
 */
#ifndef FOURIERFT_NVRTC_BF16_H
#define FOURIERFT_NVRTC_BF16_H

struct __align__(2) __nv_bfloat16 {
  unsigned short bits;
};

__device__ __forceinline__ float __bfloat162float(__nv_bfloat16 value) {
  return __uint_as_float(static_cast<unsigned int>(value.bits) << 16);
}

__device__ __forceinline__ __nv_bfloat16 __float2bfloat16_rn(float value) {
  const unsigned int bits = __float_as_uint(value);
  if (value != value) return {0x7fff};
  return {static_cast<unsigned short>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

#endif
