/* A layer's whole backward pass on tokens in shared memory. */
#include "token_lines.h"

namespace {

/* Products that a thread reads before it adds one of them. */
constexpr int TOGETHER = 2;

/* Adds one token's products at an adapter's places to the sums of its group, or starts them. */
__device__ __forceinline__ void add_products(const fourierft_line_gradient &gradient,
                                             const fourierft_complex *x, const fourierft_complex *g,
                                             bool is_first, float *sums) {
  for (int first = threadIdx.x; first < gradient.frequencies; first += TOGETHER * blockDim.x) {
    fourierft_line_places places[TOGETHER];
    float before[TOGETHER];
    FOURIERFT_UNROLL
    for (int i = 0; i < TOGETHER; i++) {
      const int k = first + i * blockDim.x;
      if (k >= gradient.frequencies) break;
      places[i] = read_only(gradient.places + k);
      before[i] = is_first ? 0.0f : sums[k];
    }
    FOURIERFT_UNROLL
    for (int i = 0; i < TOGETHER; i++) {
      const int k = first + i * blockDim.x;
      if (k >= gradient.frequencies) break;
      const fourierft_complex left = read_source(x, 0, places[i].x >> 2, places[i].x & 3);
      const fourierft_complex right = read_source(g, 0, places[i].g >> 2, places[i].g & 3);
      const float product = left.re * right.re - left.im * right.im;
      sums[k] = is_first ? product : before[i] + product;
    }
  }
}

}  // namespace

FOURIERFT_KERNEL FOURIERFT_BOUNDS(FOURIERFT_TOKEN_BOUND) fourierft_line_backward(
    const fourierft_line *__restrict__ x_line, const fourierft_line *__restrict__ g_line,
    const fourierft_line_operator *__restrict__ operators,
    const fourierft_line_gradient *__restrict__ gradients, int32_t adapter_count,
    const fourierft_token_group *__restrict__ groups, int32_t group_count,
    const int32_t *__restrict__ token, int32_t tokens, int32_t per_group,
    const void *__restrict__ x, int64_t x_stride, int32_t x_type, const void *__restrict__ g,
    int64_t g_stride, int32_t g_type, void *__restrict__ gx, int64_t gx_stride, int32_t gx_type,
    float *__restrict__ partials, int64_t partial_stride) {
  const TokenMatrix to = {gx, gx_stride, gx_type};
  auto *x_spectrum = dynamic_shared<fourierft_complex>();
  auto *g_spectrum = x_spectrum + FOURIERFT_LINE_BYTES(x_line->points) / 8;
  for (int32_t number = blockIdx.x; number < group_count; number += gridDim.x) {
    const TokenGroup group = group_of(groups, token, tokens, per_group, number);
    float *sums = global(partials + number * partial_stride);
    const int32_t begin = group.choice < 0 ? 0 : group.choice;
    const int32_t end = group.choice < 0 ? adapter_count : group.choice + 1;
    for (int i = 0; i < group.count; i++) {
      const TokenGroup one = {nullptr, group.number(i), 1, group.choice};
      FOURIERFT_NO_UNROLL
      for (int which = 0; which < 2; which++) {
        const bool is_x = which == 0;
        const TokenMatrix matrix = {const_cast<void *>(is_x ? x : g), is_x ? x_stride : g_stride,
                                    is_x ? x_type : g_type};
        load_spectra(is_x ? x_line : g_line, one, matrix, is_x ? x_spectrum : g_spectrum);
      }
      for (int32_t a = begin; a < end; a++) {
        const fourierft_line_gradient gradient = read_only(gradients + a);
        add_products(gradient, x_spectrum, g_spectrum, i == 0,
                     group.choice < 0 ? sums + gradient.first : sums);
      }
      __syncthreads();
      if (gx == nullptr) continue;
      gather_spectra<1>(operators, adapter_count, one, g_line, g_spectrum, x_line, x_spectrum);
      __syncthreads();
      add_spectra(x_line, one, to, x_spectrum);
    }
  }
}
