/* The end of the dense paths: what the transform left, scaled, into deltas and weights. */
#include "addition.h"
#include "block_reduction.h"

namespace {

struct Source {
  const float *__restrict__ data;
  int64_t step;
  int64_t stride;
  int64_t distance;

  __device__ __forceinline__ float at(int64_t adapter, int64_t row, int64_t col) const {
    return data[adapter * distance + row * stride + col * step];
  }
};

/* Adds one tile of a delta to the weight. */
template <bool MEASURE>
__device__ __forceinline__ void add_tile(
    const fourierft_target &target, int64_t adapter, int64_t rows, int64_t cols, int64_t first_row,
    int64_t first_col, const Source &source, float sign,
    float (*tile)[FOURIERFT_TILE + 1], fourierft_addition &found) {
  const int lane = threadIdx.x % FOURIERFT_TILE;
  const int line = threadIdx.x / FOURIERFT_TILE;
  const int lines = FOURIERFT_BLOCK / FOURIERFT_TILE;

  for (int i = line; i < FOURIERFT_TILE; i += lines) {
    const int64_t p = first_row + i;
    const int64_t q = first_col + lane;
    if (p >= rows || q >= cols) continue;
    const float scaled = __fmul_rn(target.scale, source.at(adapter, p, q));
    const float delta = sign * rounded_to(target.delta_type, scaled);
    if (target.transposed) {
      tile[i][lane] = delta;
    } else {
      add_one<MEASURE>(target.data, target.type, p * target.stride + q, delta, found);
    }
  }
  if (!target.transposed) return;
  __syncthreads();
  for (int i = line; i < FOURIERFT_TILE; i += lines) {
    const int64_t q = first_col + i;
    const int64_t p = first_row + lane;
    if (p < rows && q < cols) {
      add_one<MEASURE>(target.data, target.type, q * target.stride + p, tile[lane][i], found);
    }
  }
  __syncthreads();
}

}  // namespace

FOURIERFT_KERNEL fourierft_store_delta(
    const fourierft_target *__restrict__ targets, int64_t adapter_count, int64_t rows, int64_t cols,
    const float *__restrict__ source, int64_t source_step, int64_t source_stride,
    int64_t source_distance) {
  const Source from = {source, source_step, source_stride, source_distance};
  const int64_t segments = ceil_div(cols, FOURIERFT_SEGMENT);
  for (int64_t unit = blockIdx.x; unit < adapter_count * rows * segments; unit += gridDim.x) {
    const int64_t line = unit / segments;
    const int64_t a = line / rows;
    const int64_t p = line - a * rows;
    const int64_t first = (unit - line * segments) * FOURIERFT_SEGMENT;
    const int64_t end = first + FOURIERFT_SEGMENT < cols ? first + FOURIERFT_SEGMENT : cols;
    const fourierft_target target = targets[a];
    for (int64_t q = first + threadIdx.x; q < end; q += FOURIERFT_BLOCK) {
      const float scaled = __fmul_rn(target.scale, from.at(a, p, q));
      store_float(target.data, target.type, p * target.stride + q,
                  rounded_to(target.delta_type, scaled));
    }
  }
}

FOURIERFT_KERNEL fourierft_add_delta(
    const fourierft_target *__restrict__ targets, int64_t adapter_count, int64_t rows, int64_t cols,
    const float *__restrict__ source, int64_t source_step, int64_t source_stride,
    int64_t source_distance, float sign, fourierft_addition *__restrict__ partials) {
  __shared__ float tile[FOURIERFT_TILE][FOURIERFT_TILE + 1];
  __shared__ fourierft_addition shared[FOURIERFT_BLOCK];
  const Source from = {source, source_step, source_stride, source_distance};
  const int64_t row_tiles = ceil_div(rows, FOURIERFT_TILE);
  const int64_t col_tiles = ceil_div(cols, FOURIERFT_TILE);
  fourierft_addition found = {0.0, 0.0, 0.0, 0.0, 0};

  for (int64_t unit = blockIdx.x; unit < adapter_count * row_tiles * col_tiles;
       unit += gridDim.x) {
    const int64_t strip = unit / col_tiles;
    const int64_t a = strip / row_tiles;
    const int64_t first_row = (strip - a * row_tiles) * FOURIERFT_TILE;
    const int64_t first_col = (unit - strip * col_tiles) * FOURIERFT_TILE;
    if (partials != nullptr) {
      add_tile<true>(targets[a], a, rows, cols, first_row, first_col, from, sign, tile, found);
    } else {
      add_tile<false>(targets[a], a, rows, cols, first_row, first_col, from, sign, tile, found);
    }
  }
  if (partials != nullptr) {
    found = merge_block(shared, found);
    if (threadIdx.x == 0) partials[blockIdx.x] = found;
  }
}

FOURIERFT_KERNEL fourierft_reduce_addition(
    const fourierft_addition *__restrict__ partials, int64_t partial_count,
    fourierft_addition *__restrict__ result) {
  __shared__ fourierft_addition shared[FOURIERFT_BLOCK];
  if (blockIdx.x != 0) return;
  fourierft_addition found = {0.0, 0.0, 0.0, 0.0, 0};
  for (int64_t i = threadIdx.x; i < partial_count; i += FOURIERFT_BLOCK) merge(found, partials[i]);
  found = merge_block(shared, found);
  if (threadIdx.x == 0) *result = found;
}
