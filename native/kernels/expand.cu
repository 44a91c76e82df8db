/* From the pruned column pass to the row pass: compact columns back into rows of half spectra. */
#include "device.h"

FOURIERFT_KERNEL fourierft_expand_columns(
    const fourierft_adapter *__restrict__ adapters, int64_t adapter_count, int64_t rows,
    int64_t cols, int64_t slots, const fourierft_complex *__restrict__ columns,
    fourierft_complex *__restrict__ half) {
  /* One more than the edge, so that a column of the tile lies in different banks. */
  __shared__ fourierft_complex tile[FOURIERFT_TILE][FOURIERFT_TILE + 1];
  const int64_t bins = half_bins(cols);
  const int64_t row_tiles = ceil_div(rows, FOURIERFT_TILE);
  const int64_t bin_tiles = ceil_div(bins, FOURIERFT_TILE);
  const int lane = threadIdx.x % FOURIERFT_TILE;
  const int line = threadIdx.x / FOURIERFT_TILE;
  const int lines = FOURIERFT_BLOCK / FOURIERFT_TILE;

  for (int64_t unit = blockIdx.x; unit < adapter_count * row_tiles * bin_tiles;
       unit += gridDim.x) {
    const int64_t strip = unit / bin_tiles;
    const int64_t a = strip / row_tiles;
    const int64_t first_row = (strip - a * row_tiles) * FOURIERFT_TILE;
    const int64_t first_bin = (unit - strip * bin_tiles) * FOURIERFT_TILE;

    for (int i = line; i < FOURIERFT_TILE; i += lines) {
      const int64_t w = first_bin + i;
      const int64_t p = first_row + lane;
      fourierft_complex value = {0.0f, 0.0f};
      if (w < bins && p < rows) {
        const int64_t slot = adapters[a].column_slot[w];
        if (slot >= 0) value = columns[(a * slots + slot) * rows + p];
      }
      tile[i][lane] = value;
    }
    __syncthreads();
    for (int i = line; i < FOURIERFT_TILE; i += lines) {
      const int64_t p = first_row + i;
      const int64_t w = first_bin + lane;
      if (w < bins && p < rows) half[(a * rows + p) * bins + w] = tile[lane][i];
    }
    __syncthreads();
  }
}
