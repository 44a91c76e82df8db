/* What every kernel source needs of the device: nvcc's own, or the emulated one of tests/native. */
#ifndef FOURIERFT_DEVICE_H
#define FOURIERFT_DEVICE_H

#ifdef FOURIERFT_EMULATED_DEVICE
#include "emulated_device.h"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

#include "fourierft_kernels.h"

/* Bins of the half spectrum of a length. */
__device__ __forceinline__ int64_t half_bins(int64_t length) { return length / 2 + 1; }

__device__ __forceinline__ int64_t ceil_div(int64_t value, int64_t by) {
  return (value + by - 1) / by;
}

/* The index of the mirrored frequency, -index modulo length. */
__device__ __forceinline__ int64_t mirrored(int64_t index, int64_t length) {
  return index == 0 ? 0 : length - index;
}

#endif
