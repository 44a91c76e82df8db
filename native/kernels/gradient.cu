/* Gradients of the coefficients, summed in an order that never changes. */
#include "device.h"

namespace {

/*
 * The bin `index` of sum over i of z[i] e^{+2 pi i index i / length}, read from the R2C of the real
 * numbers z, whose sign is the other one.
 */
__device__ __forceinline__ fourierft_complex positive_bin(
    const fourierft_complex *__restrict__ half, int64_t bin, float sign) {
  const fourierft_complex value = half[bin];
  return {value.re, sign * value.im};
}

}  // namespace

FOURIERFT_KERNEL fourierft_spectrum_gradient(
    const fourierft_gradient *__restrict__ gradients, int64_t adapter_count, int64_t unit_count,
    int64_t rows, int64_t cols, const fourierft_complex *__restrict__ x,
    const fourierft_complex *__restrict__ g, int64_t tokens_per_chunk,
    float *__restrict__ partials) {
  const int64_t x_bins = half_bins(cols);
  const int64_t g_bins = half_bins(rows);
  for (int64_t unit = blockIdx.x; unit < unit_count; unit += gridDim.x) {
    const fourierft_gradient &adapter = owner_of(gradients, adapter_count, unit);
    const int64_t blocks = ceil_div(adapter.frequencies, FOURIERFT_BLOCK);
    const int64_t chunk = (unit - adapter.first_unit) / blocks;
    const int64_t block = unit - adapter.first_unit - chunk * blocks;
    const int64_t k = block * FOURIERFT_BLOCK + threadIdx.x;
    if (k >= adapter.frequencies) continue;

    const int64_t u = adapter.row[k];
    const int64_t v = adapter.column[k];
    const bool low_u = u <= rows / 2;
    const bool low_v = v <= cols / 2;
    const fourierft_complex *x_bin = x + (low_v ? v : cols - v);
    const fourierft_complex *g_bin = g + (low_u ? u : rows - u);
    const float x_sign = low_v ? -1.0f : 1.0f;
    const float g_sign = low_u ? -1.0f : 1.0f;
    const int64_t first = chunk * tokens_per_chunk;
    const int64_t end =
        first + tokens_per_chunk < adapter.tokens ? first + tokens_per_chunk : adapter.tokens;
    float sum = 0.0f;
    for (int64_t i = first; i < end; i++) {
      const int64_t token = adapter.token == nullptr ? i : adapter.token[i];
      const fourierft_complex left = positive_bin(x_bin, token * x_bins, x_sign);
      const fourierft_complex right = positive_bin(g_bin, token * g_bins, g_sign);
      sum += left.re * right.re - left.im * right.im;
    }
    partials[adapter.first_partial + chunk * adapter.partial_stride + k] = sum;
  }
}

FOURIERFT_KERNEL fourierft_reduce_spectrum_gradient(
    const fourierft_gradient *__restrict__ gradients, int64_t adapter_count,
    int64_t max_frequencies, int64_t tokens_per_chunk, const float *__restrict__ partials) {
  __shared__ double shared[FOURIERFT_BLOCK];
  const int64_t blocks = ceil_div(max_frequencies, FOURIERFT_TILE);
  const int64_t lane = threadIdx.x / FOURIERFT_TILE;
  for (int64_t unit = blockIdx.x; unit < adapter_count * blocks; unit += gridDim.x) {
    const int64_t a = unit / blocks;
    const fourierft_gradient &adapter = gradients[a];
    const int64_t k = (unit - a * blocks) * FOURIERFT_TILE + threadIdx.x % FOURIERFT_TILE;
    const bool active = k < adapter.frequencies && adapter.tokens != 0;
    const int64_t chunks = active ? ceil_div(adapter.tokens, tokens_per_chunk) : 0;
    const float *from = partials + adapter.first_partial + k;
    double sum = 0.0;
    for (int64_t chunk = lane; chunk < chunks; chunk += FOURIERFT_BLOCK / FOURIERFT_TILE) {
      sum += from[chunk * adapter.partial_stride];
    }
    shared[threadIdx.x] = sum;
    __syncthreads();
    if (active && lane == 0) {
      for (int i = threadIdx.x + FOURIERFT_TILE; i < FOURIERFT_BLOCK; i += FOURIERFT_TILE) {
        sum += shared[i];
      }
      adapter.gradient[k] += static_cast<float>(adapter.scale * sum);
    }
    __syncthreads();
  }
}

/* The real part does not depend on the sign of the exponent, so the R2C's bin serves as it is. */
FOURIERFT_KERNEL fourierft_delta_gradient(
    const fourierft_gradient *__restrict__ gradients, int64_t adapter_count,
    int64_t max_frequencies, int64_t rows, int64_t cols,
    const fourierft_complex *__restrict__ half) {
  const int64_t bins = half_bins(cols);
  const int64_t blocks = ceil_div(max_frequencies, FOURIERFT_BLOCK);
  for (int64_t unit = blockIdx.x; unit < adapter_count * blocks; unit += gridDim.x) {
    const int64_t a = unit / blocks;
    const fourierft_gradient &adapter = gradients[a];
    const int64_t k = (unit - a * blocks) * FOURIERFT_BLOCK + threadIdx.x;
    if (k >= adapter.frequencies) continue;
    const int64_t v = adapter.column[k];
    const bool low = v <= cols / 2;
    const int64_t u = low ? adapter.row[k] : mirrored(adapter.row[k], rows);
    const int64_t w = low ? v : cols - v;
    adapter.gradient[k] += adapter.scale * half[(a * rows + u) * bins + w].re;
  }
}
