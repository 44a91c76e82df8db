/* What is asked of the fatbin and of weights before they are trusted. */
#include "block_reduction.h"
#include "element.h"

namespace {

__device__ __forceinline__ bool finite_at(const void *__restrict__ data, int32_t type,
                                          int64_t index) {
  if (type == FOURIERFT_F64) return isfinite(static_cast<const double *>(data)[index]);
  return isfinite(load_float(data, type, index));
}

}  // namespace

FOURIERFT_KERNEL fourierft_abi_version(int32_t *__restrict__ version) {
  if (blockIdx.x == 0 && threadIdx.x == 0) *version = FOURIERFT_KERNEL_ABI;
}

FOURIERFT_KERNEL fourierft_count_non_finite(
    const void *__restrict__ values, int32_t type, int64_t rows, int64_t cols, int64_t stride,
    uint64_t *__restrict__ count) {
  __shared__ unsigned long long shared[FOURIERFT_BLOCK];
  const int64_t segments = ceil_div(cols, FOURIERFT_SEGMENT);
  unsigned long long found = 0;
  for (int64_t unit = blockIdx.x; unit < rows * segments; unit += gridDim.x) {
    const int64_t row = unit / segments;
    const int64_t first = (unit - row * segments) * FOURIERFT_SEGMENT;
    const int64_t end = first + FOURIERFT_SEGMENT < cols ? first + FOURIERFT_SEGMENT : cols;
    for (int64_t col = first + threadIdx.x; col < end; col += FOURIERFT_BLOCK) {
      if (!finite_at(values, type, row * stride + col)) found++;
    }
  }
  found = merge_block(shared, found);
  if (threadIdx.x == 0 && found != 0) {
    atomicAdd(reinterpret_cast<unsigned long long *>(count), found);
  }
}
