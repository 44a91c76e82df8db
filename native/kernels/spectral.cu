/* The operator that needs no delta: between the R2C of the input and the C2R of the output. */
#include "element.h"

namespace {

/*
 * Adds to sum[i] what an operator gives bin `bin` of token i, for TOKENS tokens in a row. Each entry
 * is read once for all of them.
 */
template <int TOKENS>
__device__ __forceinline__ void add_bin(const fourierft_operator &op, int64_t bin,
                                        const fourierft_complex *__restrict__ input,
                                        int64_t in_bins, fourierft_complex *sum) {
  float re[TOKENS] = {};
  float im[TOKENS] = {};
  const float scale = 0.5f * op.scale;
  const int32_t end = op.bin_start[bin + 1];
  for (int32_t entry = op.bin_start[bin]; entry < end; entry++) {
    const int32_t source = op.source[entry];
    const float coefficient = scale * op.coefficient[op.frequency[entry]];
    const float imaginary = (source & 1) != 0 ? -coefficient : coefficient;
    const fourierft_complex *from = input + (source >> 1);
    for (int i = 0; i < TOKENS; i++) {
      const fourierft_complex value = from[i * in_bins];
      re[i] += coefficient * value.re;
      im[i] += imaginary * value.im;
    }
  }
  for (int i = 0; i < TOKENS; i++) {
    sum[i].re += re[i];
    sum[i].im += im[i];
  }
}

/* Whether FOURIERFT_TOKEN_TILE tokens in a row have one choice. */
__device__ __forceinline__ bool one_choice(const int32_t *__restrict__ choice) {
  bool same = true;
  for (int i = 1; i < FOURIERFT_TOKEN_TILE; i++) same = same && choice[i] == choice[0];
  return same;
}

/* One output bin of TOKENS tokens that have the same adapters. */
template <int TOKENS>
__device__ __forceinline__ void gather_bin(const fourierft_operator *__restrict__ operators,
                                           int64_t operator_count,
                                           const int32_t *__restrict__ choice, int64_t bin,
                                           const fourierft_complex *__restrict__ input,
                                           int64_t in_bins,
                                           fourierft_complex *__restrict__ output,
                                           int64_t out_bins) {
  fourierft_complex sum[TOKENS] = {};
  if (choice == nullptr) {
    for (int64_t a = 0; a < operator_count; a++) {
      add_bin<TOKENS>(operators[a], bin, input, in_bins, sum);
    }
  } else if (*choice >= 0) {
    add_bin<TOKENS>(operators[*choice], bin, input, in_bins, sum);
  }
  for (int i = 0; i < TOKENS; i++) output[i * out_bins + bin] = sum[i];
}

}  // namespace

FOURIERFT_KERNEL fourierft_pack(
    const void *__restrict__ x, int32_t type, int64_t x_stride, int64_t tokens, int64_t features,
    float *__restrict__ packed, int64_t packed_stride) {
  const int64_t segments = ceil_div(features, FOURIERFT_SEGMENT);
  for (int64_t unit = blockIdx.x; unit < tokens * segments; unit += gridDim.x) {
    const int64_t token = unit / segments;
    const int64_t first = (unit - token * segments) * FOURIERFT_SEGMENT;
    const int64_t end =
        first + FOURIERFT_SEGMENT < features ? first + FOURIERFT_SEGMENT : features;
    for (int64_t i = first + threadIdx.x; i < end; i += FOURIERFT_BLOCK) {
      packed[token * packed_stride + i] = load_float(x, type, token * x_stride + i);
    }
  }
}

FOURIERFT_KERNEL fourierft_gather_multiply(
    const fourierft_operator *__restrict__ operators, int64_t operator_count,
    const int32_t *__restrict__ choice, int64_t tokens, const fourierft_complex *__restrict__ input,
    int64_t in_bins, fourierft_complex *__restrict__ output, int64_t out_bins) {
  constexpr int TILE = FOURIERFT_TOKEN_TILE;
  const int64_t segments = ceil_div(out_bins, FOURIERFT_BLOCK);
  for (int64_t unit = blockIdx.x; unit < ceil_div(tokens, TILE) * segments; unit += gridDim.x) {
    const int64_t tile = unit / segments;
    const int64_t bin = (unit - tile * segments) * FOURIERFT_BLOCK + threadIdx.x;
    if (bin >= out_bins) continue;
    const int64_t first = tile * TILE;
    const int64_t end = first + TILE < tokens ? first + TILE : tokens;
    if (end - first == TILE && (choice == nullptr || one_choice(choice + first))) {
      gather_bin<TILE>(operators, operator_count, choice == nullptr ? nullptr : choice + first, bin,
                       input + first * in_bins, in_bins, output + first * out_bins, out_bins);
    } else {
      for (int64_t t = first; t < end; t++) {
        gather_bin<1>(operators, operator_count, choice == nullptr ? nullptr : choice + t, bin,
                      input + t * in_bins, in_bins, output + t * out_bins, out_bins);
      }
    }
  }
}

FOURIERFT_KERNEL fourierft_accumulate(
    const float *__restrict__ value, int64_t value_stride,
    const int32_t *__restrict__ choice, int64_t tokens, int64_t features, void *__restrict__ y,
    int32_t type, int64_t y_stride) {
  const int64_t segments = ceil_div(features, FOURIERFT_SEGMENT);
  for (int64_t unit = blockIdx.x; unit < tokens * segments; unit += gridDim.x) {
    const int64_t token = unit / segments;
    if (choice != nullptr && choice[token] < 0) continue;
    const int64_t first = (unit - token * segments) * FOURIERFT_SEGMENT;
    const int64_t end =
        first + FOURIERFT_SEGMENT < features ? first + FOURIERFT_SEGMENT : features;
    for (int64_t i = first + threadIdx.x; i < end; i += FOURIERFT_BLOCK) {
      const float addend = value[token * value_stride + i];
      const int64_t place = token * y_stride + i;
      store_float(y, type, place, __fadd_rn(load_float(y, type, place), addend));
    }
  }
}
