/* What the callbacks share; all of it inline, since each is linked by itself. */
#ifndef FOURIERFT_SPARSE_SPECTRUM_H
#define FOURIERFT_SPARSE_SPECTRUM_H

#include "device.h"
#include "fourierft_callbacks.h"

#define FOURIERFT_LOAD_COMPLEX(name) \
  __device__ float2 name(void *, unsigned long long offset, void *info, void *)
#define FOURIERFT_STORE_REAL(name) \
  __device__ void name(void *, unsigned long long offset, float value, void *info, void *)

/* An element's offset, taken apart. */
struct fourierft_element {
  int64_t adapter;
  int64_t middle;
  int64_t inner;
};

/* value / by; *rest is what is left. The quotient that the magic number gives may be 1 too small. */
__device__ __forceinline__ uint64_t divide(uint64_t value, const fourierft_divisor &by,
                                           uint64_t *rest) {
  uint64_t quotient = __umul64hi(value, by.magic);
  uint64_t left = value - quotient * by.divisor;
  if (left >= by.divisor) {
    quotient++;
    left -= by.divisor;
  }
  *rest = left;
  return quotient;
}

__device__ __forceinline__ fourierft_element take_apart(uint64_t offset,
                                                        const fourierft_divisor &inner,
                                                        const fourierft_divisor &middle) {
  uint64_t i = 0;
  uint64_t m = 0;
  const uint64_t line = divide(offset, inner, &i);
  const uint64_t a = divide(line, middle, &m);
  return {static_cast<int64_t>(a), static_cast<int64_t>(m), static_cast<int64_t>(i)};
}

/*
 * Element (u, w) of an adapter's folded spectrum. The entries of column w are few and stand
 * together; no more than two of them are at one place.
 */
__device__ __forceinline__ float2 folded(const fourierft_operator &op, int64_t u, int64_t w,
                                         int64_t rows) {
  float sum = 0.0f;
  const int32_t end = op.bin_start[w + 1];
  for (int32_t entry = op.bin_start[w]; entry < end; entry++) {
    const int32_t source = op.source[entry];
    const int64_t bin = source >> 1;
    const int64_t row = (source & 1) != 0 ? bin : mirrored(bin, rows);
    if (row == u) {
      sum = __fadd_rn(sum, 0.5f * __fmul_rn(op.scale, op.coefficient[op.frequency[entry]]));
    }
  }
  return {sum, 0.0f};
}

#endif
