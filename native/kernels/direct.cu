/* The delta as a plain sum of cosines, for spectra of few coefficients. */
#include "device.h"

namespace {

/* Coefficients whose angles a block keeps at a time: one angle of each kind for each thread. */
constexpr int BATCH = FOURIERFT_BLOCK / FOURIERFT_TILE;

/* cos and sin of 2 pi frequency * index / length; the product is reduced exactly first. */
__device__ __forceinline__ void turn(int64_t frequency, int64_t index, int64_t length, float *sine,
                                     float *cosine) {
  int64_t step = frequency * index % length;
  if (2 * step > length) step -= length;
  sincospif(2.0f * static_cast<float>(step) / static_cast<float>(length), sine, cosine);
}

}  // namespace

FOURIERFT_KERNEL fourierft_direct_delta(
    const fourierft_adapter *__restrict__ adapters, int64_t adapter_count, int64_t rows,
    int64_t cols, float *__restrict__ delta) {
  __shared__ float row_cosine[BATCH][FOURIERFT_TILE];
  __shared__ float row_sine[BATCH][FOURIERFT_TILE];
  __shared__ float col_cosine[BATCH][FOURIERFT_TILE];
  __shared__ float col_sine[BATCH][FOURIERFT_TILE];
  constexpr int PER_THREAD = FOURIERFT_TILE / BATCH;
  const int64_t row_tiles = ceil_div(rows, FOURIERFT_TILE);
  const int64_t col_tiles = ceil_div(cols, FOURIERFT_TILE);
  const int lane = threadIdx.x % FOURIERFT_TILE;
  const int line = threadIdx.x / FOURIERFT_TILE;

  for (int64_t unit = blockIdx.x; unit < adapter_count * row_tiles * col_tiles;
       unit += gridDim.x) {
    const int64_t strip = unit / col_tiles;
    const int64_t a = strip / row_tiles;
    const int64_t first_row = (strip - a * row_tiles) * FOURIERFT_TILE;
    const int64_t first_col = (unit - strip * col_tiles) * FOURIERFT_TILE;
    const fourierft_adapter &adapter = adapters[a];
    /* Kahan's sum over the batches: a plain one would lose a digit over thousands of cosines. */
    float sum[PER_THREAD] = {};
    float lost[PER_THREAD] = {};

    for (int64_t first = 0; first < adapter.frequencies; first += BATCH) {
      const int64_t k = first + line;
      float sine = 0.0f;
      float cosine = 0.0f;
      float value = 0.0f;
      if (k < adapter.frequencies) {
        turn(adapter.row[k], first_row + lane, rows, &sine, &cosine);
        value = __fmul_rn(adapter.scale, adapter.coefficient[k]);
      }
      row_cosine[line][lane] = value * cosine;
      row_sine[line][lane] = value * sine;
      if (k < adapter.frequencies) turn(adapter.column[k], first_col + lane, cols, &sine, &cosine);
      col_cosine[line][lane] = cosine;
      col_sine[line][lane] = sine;
      __syncthreads();
      for (int i = 0; i < PER_THREAD; i++) {
        const int row = line + i * BATCH;
        float part = 0.0f;
        for (int j = 0; j < BATCH; j++) {
          part += row_cosine[j][row] * col_cosine[j][lane] - row_sine[j][row] * col_sine[j][lane];
        }
        const float corrected = __fsub_rn(part, lost[i]);
        const float total = __fadd_rn(sum[i], corrected);
        lost[i] = __fsub_rn(__fsub_rn(total, sum[i]), corrected);
        sum[i] = total;
      }
      __syncthreads();
    }
    for (int i = 0; i < PER_THREAD; i++) {
      const int64_t p = first_row + line + i * BATCH;
      const int64_t q = first_col + lane;
      if (p < rows && q < cols) delta[(a * rows + p) * cols + q] = sum[i];
    }
  }
}
