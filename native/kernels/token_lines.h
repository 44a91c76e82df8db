/* Tokens in shared memory: loading them, their spectra, and what operators make of those. */
#ifndef FOURIERFT_TOKEN_LINES_H
#define FOURIERFT_TOKEN_LINES_H

#include "addition.h"
#include "element_run.h"
#include "line_transform.h"

/* Activations, or what is added to them: one token a row. */
struct TokenMatrix {
  void *data;
  int64_t stride;
  int32_t type;
};

/* The tokens that a block works on, each a line of its own. */
struct TokenGroup {
  const int32_t *token; /* their numbers, or NULL: they follow the first */
  int32_t first;
  int32_t count;
  int32_t choice; /* the operator of all of them, or -1: all operators */

  __device__ __forceinline__ int32_t number(int line) const {
    return token == nullptr ? first + line : token[line];
  }
};

/* The number of a group: from the table, or as many tokens as there are in their order. */
__device__ __forceinline__ TokenGroup group_of(const fourierft_token_group *__restrict__ groups,
                                               const int32_t *__restrict__ token, int32_t tokens,
                                               int32_t per_group, int32_t number) {
  if (groups != nullptr) {
    const fourierft_token_group &group = groups[number];
    return {token + group.first, 0, group.count, group.choice};
  }
  const int32_t first = number * per_group;
  return {nullptr, first, tokens - first < per_group ? tokens - first : per_group, -1};
}

/* Part `i` of a line that holds real numbers: pairs of them, or one as the real part of each. */
__device__ __forceinline__ float &real_of(fourierft_complex *lines, bool halved, int at, int i) {
  if (!halved) return lines[padded(at + i)].re;
  fourierft_complex &both = lines[padded(at + i / 2)];
  return i % 2 == 0 ? both.re : both.im;
}

template <int32_t TYPE, int COUNT>
__device__ __forceinline__ void load_runs(const fourierft_line *plan, const TokenGroup &group,
                                          const TokenMatrix &matrix,
                                          fourierft_complex *lines) {
  const bool halved = plan->halved != 0;
  for (int line = 0; line < group.count; line++) {
    const ElementRun<TYPE, COUNT> row(matrix.data, matrix.stride * group.number(line));
    const int at = line * plan->points;
    for (int i = COUNT * threadIdx.x; i < plan->features; i += COUNT * blockDim.x) {
      float values[COUNT];
      row.at(i).load(values);
      FOURIERFT_UNROLL
      for (int k = 0; k < COUNT; k++) {
        real_of(lines, halved, at, i + k) = values[k];
        if (!halved) lines[padded(at + i + k)].im = 0.0f;
      }
    }
  }
}

template <int32_t TYPE, int COUNT>
__device__ __forceinline__ void add_runs(const fourierft_line *plan, const TokenGroup &group,
                                         const TokenMatrix &matrix,
                                         fourierft_complex *lines) {
  const bool halved = plan->halved != 0;
  for (int line = 0; line < group.count; line++) {
    const ElementRun<TYPE, COUNT> row(matrix.data, matrix.stride * group.number(line));
    const int at = line * plan->points;
    for (int i = COUNT * threadIdx.x; i < plan->features; i += COUNT * blockDim.x) {
      typename ElementRun<TYPE, COUNT>::Value values[COUNT];
      fourierft_addition unused;
      row.at(i).load(values);
      FOURIERFT_UNROLL
      for (int k = 0; k < COUNT; k++) {
        values[k] = added<false>(TYPE, values[k], real_of(lines, halved, at, i + k), unused);
      }
      row.at(i).store(values);
    }
  }
}

/* Runs use<TYPE, COUNT>() for a matrix, four elements at a time where that is possible. */
#define FOURIERFT_FOR_FORMAT(use, matrix, features)                                            \
  switch ((matrix).type) {                                                                     \
    case FOURIERFT_F64:                                                                        \
      FOURIERFT_FOR_RUNS(use, FOURIERFT_F64, matrix, features);                                \
      break;                                                                                   \
    case FOURIERFT_F16:                                                                        \
      FOURIERFT_FOR_RUNS(use, FOURIERFT_F16, matrix, features);                                \
      break;                                                                                   \
    case FOURIERFT_BF16:                                                                       \
      FOURIERFT_FOR_RUNS(use, FOURIERFT_BF16, matrix, features);                               \
      break;                                                                                   \
    default:                                                                                   \
      FOURIERFT_FOR_RUNS(use, FOURIERFT_F32, matrix, features);                                \
  }
#define FOURIERFT_FOR_RUNS(use, TYPE, matrix, features)                                        \
  if ((features) % 4 == 0 && ElementRun<TYPE, 4>::is_aligned((matrix).data, (matrix).stride)) { \
    use<TYPE, 4>(plan, group, matrix, lines);                                                  \
  } else {                                                                                     \
    use<TYPE, 1>(plan, group, matrix, lines);                                                  \
  }

/* Bins 0 .. features/2 of the lines out of the transform of their numbers, in the same places. */
__device__ __forceinline__ void split_spectra(const fourierft_line *__restrict__ plan, int count,
                                              fourierft_complex *lines) {
  if (plan->halved == 0) return;
  const fourierft_pair *pairs = pairs_of(plan);
  for (int i = threadIdx.x; i < plan->pairs; i += blockDim.x) {
    const fourierft_pair pair = pairs[i];
    for (int line = 0; line < count; line++) {
      fourierft_complex &low = lines[padded(line * plan->points + pair.position)];
      fourierft_complex &high = lines[padded(line * plan->points + pair.mirror)];
      const fourierft_complex a = low;
      if (pair.position == 0) {
        low = {a.re + a.im, a.re - a.im};
        continue;
      }
      const fourierft_complex b = conjugate(high);
      const fourierft_complex even = {0.5f * (a.re + b.re), 0.5f * (a.im + b.im)};
      const fourierft_complex half = {0.5f * (a.re - b.re), 0.5f * (a.im - b.im)};
      const fourierft_complex odd = fourierft_complex{pair.re, pair.im} * quarter_turn<false>(half);
      low = even + odd;
      high = conjugate(even - odd);
    }
  }
}

/* Loads a group's tokens and leaves their spectra; ends with a barrier. */
__device__ __forceinline__ void load_spectra(const fourierft_line *__restrict__ plan,
                                             const TokenGroup &group,
                                             const TokenMatrix &matrix,
                                             fourierft_complex *lines) {
  FOURIERFT_FOR_FORMAT(load_runs, matrix, plan->features);
  __syncthreads();
  transform_forward(plan, group.count, lines);
  split_spectra(plan, group.count, lines);
  __syncthreads();
}

/* Transforms lines back and adds them to a group's tokens; ends with a barrier. */
__device__ __forceinline__ void add_spectra(const fourierft_line *__restrict__ plan,
                                            const TokenGroup &group,
                                            const TokenMatrix &matrix,
                                            fourierft_complex *lines) {
  transform_inverse(plan, group.count, lines);
  FOURIERFT_FOR_FORMAT(add_runs, matrix, plan->features);
  __syncthreads();
}

/* What a source of an operator's entry, or a place of a gradient, stands for. */
__device__ __forceinline__ fourierft_complex read_source(const fourierft_complex *lines, int at,
                                                         int32_t source) {
  const fourierft_complex value = lines[padded(at + (source >> 2))];
  switch (source & 3) {
    case FOURIERFT_CONJUGATE:
      return conjugate(value);
    case FOURIERFT_REAL:
      return {value.re, 0.0f};
    case FOURIERFT_IMAGINARY:
      return {value.im, 0.0f};
    default:
      return value;
  }
}

/* Adds what an operator gives one bin of the first TOKENS tokens, of which there are `count`. */
template <int TOKENS>
__device__ __forceinline__ void add_entries(const fourierft_line_operator &op, int row, int count,
                                            const fourierft_complex *input, int points,
                                            fourierft_complex (&sum)[TOKENS]) {
  fourierft_complex part[TOKENS] = {};
  const float scale = 0.5f * op.scale;
  const int32_t end = op.start[row + 1];
  for (int32_t entry = op.start[row]; entry < end; entry++) {
    const int32_t source = op.source[entry];
    const float coefficient = scale * op.coefficient[op.frequency[entry]];
    FOURIERFT_UNROLL
    for (int i = 0; i < TOKENS; i++) {
      if (i >= count) break;
      const fourierft_complex value = read_source(input, i * points, source);
      part[i].re += coefficient * value.re;
      part[i].im += coefficient * value.im;
    }
  }
  FOURIERFT_UNROLL
  for (int i = 0; i < TOKENS; i++) sum[i] = sum[i] + part[i];
}

/* Puts two bins that mirror each other where the inverse transform wants them. */
__device__ __forceinline__ void put_pair(const fourierft_pair &pair, bool halved,
                                         fourierft_complex low, fourierft_complex high,
                                         fourierft_complex *lines, int at) {
  fourierft_complex &first = lines[padded(at + pair.position)];
  fourierft_complex &second = lines[padded(at + pair.mirror)];
  if (pair.position == 0) {
    first = halved ? fourierft_complex{low.re + high.re, low.re - high.re}
                   : fourierft_complex{low.re, 0.0f};
  } else if (halved) {
    const fourierft_complex mirror = conjugate(pair.mirror == pair.position ? low : high);
    const fourierft_complex even = low + mirror;
    const fourierft_complex odd = times_conjugate(low - mirror, {pair.re, pair.im});
    first = even + quarter_turn<true>(odd);
    second = conjugate(even) + quarter_turn<true>(conjugate(odd));
  } else {
    first = low;
    second = conjugate(low);
  }
}

/* The spectra of a group's outputs, ready for the inverse transform; needs a barrier afterwards. */
template <int TOKENS>
__device__ __forceinline__ void gather_spectra(const fourierft_line_operator *__restrict__ operators,
                                               int32_t operator_count, const TokenGroup &group,
                                               const fourierft_line *__restrict__ input_plan,
                                               const fourierft_complex *input,
                                               const fourierft_line *__restrict__ output_plan,
                                               fourierft_complex *output) {
  const int32_t begin = group.choice < 0 ? 0 : group.choice;
  const int32_t end = group.choice < 0 ? operator_count : group.choice + 1;
  const fourierft_pair *pairs = pairs_of(output_plan);
  for (int i = threadIdx.x; i < output_plan->pairs; i += blockDim.x) {
    fourierft_complex low[TOKENS] = {};
    fourierft_complex high[TOKENS] = {};
    for (int32_t a = begin; a < end; a++) {
      add_entries(operators[a], 2 * i, group.count, input, input_plan->points, low);
      add_entries(operators[a], 2 * i + 1, group.count, input, input_plan->points, high);
    }
    FOURIERFT_UNROLL
    for (int line = 0; line < TOKENS; line++) {
      if (line >= group.count) break;
      put_pair(pairs[i], output_plan->halved != 0, low[line], high[line], output,
               line * output_plan->points);
    }
  }
}

#endif
