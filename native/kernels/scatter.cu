/* Sparse spectra into the dense matrices that the inverse transforms start from. */
#include "device.h"

namespace {

/* Runs place(adapter index, k) for every coefficient of every adapter. */
template <typename Place>
__device__ __forceinline__ void for_each_coefficient(
    const fourierft_adapter *__restrict__ adapters, int64_t adapter_count, int64_t max_frequencies,
    Place place) {
  const int64_t blocks = ceil_div(max_frequencies, FOURIERFT_BLOCK);
  for (int64_t unit = blockIdx.x; unit < adapter_count * blocks; unit += gridDim.x) {
    const int64_t a = unit / blocks;
    const int64_t k = (unit - a * blocks) * FOURIERFT_BLOCK + threadIdx.x;
    if (k < adapters[a].frequencies) place(a, k);
  }
}

/*
 * Gives the coefficient at (u, v) and its mirror image to add(row, half column, value). Of a pair
 * (u, v), (-u, -v) the half spectrum holds one place, or both if v is its own mirror image.
 */
template <typename Add>
__device__ __forceinline__ void fold(int64_t u, int64_t v, int64_t rows, int64_t cols, float value,
                                     Add add) {
  const int64_t last = cols / 2;
  const int64_t mirrored_v = mirrored(v, cols);
  if (v <= last) add(u, v, 0.5f * value);
  if (mirrored_v <= last) add(mirrored(u, rows), mirrored_v, 0.5f * value);
}

}  // namespace

FOURIERFT_KERNEL fourierft_scatter_full(
    const fourierft_adapter *__restrict__ adapters, int64_t adapter_count, int64_t max_frequencies,
    int64_t rows, int64_t cols, fourierft_complex *__restrict__ spectra) {
  for_each_coefficient(adapters, adapter_count, max_frequencies, [&](int64_t a, int64_t k) {
    const fourierft_adapter &adapter = adapters[a];
    const int64_t place = adapter.row[k] * cols + adapter.column[k];
    spectra[a * rows * cols + place].re = __fmul_rn(adapter.scale, adapter.coefficient[k]);
  });
}

/*
 * At most two coefficients meet in one bin of a folded spectrum. Two additions to zero give the
 * same float in either order, so the atomic ones leave the result the same in every run.
 */
FOURIERFT_KERNEL fourierft_scatter_half(
    const fourierft_adapter *__restrict__ adapters, int64_t adapter_count, int64_t max_frequencies,
    int64_t rows, int64_t cols, fourierft_complex *__restrict__ spectra) {
  const int64_t bins = half_bins(cols);
  for_each_coefficient(adapters, adapter_count, max_frequencies, [&](int64_t a, int64_t k) {
    const fourierft_adapter &adapter = adapters[a];
    fourierft_complex *matrix = spectra + a * rows * bins;
    fold(adapter.row[k], adapter.column[k], rows, cols,
         __fmul_rn(adapter.scale, adapter.coefficient[k]),
         [&](int64_t u, int64_t w, float value) { atomicAdd(&matrix[u * bins + w].re, value); });
  });
}

FOURIERFT_KERNEL fourierft_scatter_columns(
    const fourierft_adapter *__restrict__ adapters, int64_t adapter_count, int64_t max_frequencies,
    int64_t rows, int64_t cols, int64_t slots, fourierft_complex *__restrict__ columns) {
  for_each_coefficient(adapters, adapter_count, max_frequencies, [&](int64_t a, int64_t k) {
    const fourierft_adapter &adapter = adapters[a];
    fourierft_complex *matrix = columns + a * slots * rows;
    fold(adapter.row[k], adapter.column[k], rows, cols,
         __fmul_rn(adapter.scale, adapter.coefficient[k]),
         [&](int64_t u, int64_t w, float value) {
           atomicAdd(&matrix[adapter.column_slot[w] * rows + u].re, value);
         });
  });
}
