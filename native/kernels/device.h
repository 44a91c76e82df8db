/* What every kernel source needs of the device: nvcc's own, or the emulated one of tests/native. */
#ifndef FOURIERFT_DEVICE_H
#define FOURIERFT_DEVICE_H

#ifdef FOURIERFT_EMULATED_DEVICE
#include "emulated_device.h"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#define FOURIERFT_UNROLL _Pragma("unroll")
#define FOURIERFT_NO_UNROLL _Pragma("unroll 1")
#define FOURIERFT_BOUNDS(threads) __launch_bounds__(threads, 1)

/* A pointer that is said to be to global memory, so that what is stored there spoils no other value. */
template <typename Element>
__device__ __forceinline__ Element *global(Element *pointer) {
  __builtin_assume(__isGlobal(pointer));
  return pointer;
}

/* What nothing writes while the kernel runs, whatever else it stores. */
template <typename Value>
__device__ __forceinline__ Value read_only(const Value *pointer) {
  constexpr size_t WIDTH = alignof(Value) < 16 ? alignof(Value) : 16;
  static_assert(WIDTH >= 4 && sizeof(Value) % WIDTH == 0, "values of whole words");
  union {
    int word[sizeof(Value) / 4];
    int2 two[(sizeof(Value) + 7) / 8];
    int4 four[(sizeof(Value) + 15) / 16];
  } bits;
  FOURIERFT_UNROLL
  for (size_t i = 0; i < sizeof(Value) / WIDTH; i++) {
    if constexpr (WIDTH == 16) {
      bits.four[i] = __ldg(reinterpret_cast<const int4 *>(pointer) + i);
    } else if constexpr (WIDTH == 8) {
      bits.two[i] = __ldg(reinterpret_cast<const int2 *>(pointer) + i);
    } else {
      bits.word[i] = __ldg(reinterpret_cast<const int *>(pointer) + i);
    }
  }
  Value value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The dynamic shared memory of the launch. */
template <typename Element>
__device__ __forceinline__ Element *dynamic_shared() {
  extern __shared__ double2 fourierft_shared[];
  return reinterpret_cast<Element *>(fourierft_shared);
}
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

/* The entry of a table that a unit of work belongs to: the last with first_unit <= unit. */
template <typename Entry>
__device__ __forceinline__ const Entry &owner_of(const Entry *__restrict__ entries, int64_t count,
                                                 int64_t unit) {
  int64_t low = 0;
  int64_t high = count;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (entries[middle].first_unit <= unit) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return entries[low];
}

#endif
