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

/*
 * Tokens as numbers of their lines: a complex number has two neighbouring elements of a halved line,
 * else one as its real part. Use has
 *
 *   template <int32_t TYPE, int COUNT> pairs(a, ElementRun<TYPE, 2> first, int step)
 *   template <int COUNT> elements(a, matrix, int64_t first, int step, bool halved)
 *
 * the first for halved lines that may be moved two elements at a time.
 */
template <typename Use>
class TokenEdge {
 public:
  __device__ __forceinline__ TokenEdge(const fourierft_line *plan, const TokenGroup &group,
                                       const TokenMatrix &matrix)
      : group_(group),
        matrix_(matrix),
        halved_(read_only(&plan->halved) != 0),
        in_pairs_(halved_ && matrix.type != FOURIERFT_F64 && matrix.stride % 2 == 0 &&
                  reinterpret_cast<uintptr_t>(matrix.data) %
                          (matrix.type == FOURIERFT_F32 ? 8 : 4) == 0) {}

  template <int COUNT>
  __device__ __forceinline__ void move(fourierft_complex (&a)[COUNT], int line, int first,
                                       int step) const {
    const int64_t token = matrix_.stride * group_.number(line);
    if (!in_pairs_) {
      const int parts = halved_ ? 2 : 1;
      return Use::elements(a, matrix_, token + parts * first, parts * step, halved_);
    }
    switch (matrix_.type) {
      case FOURIERFT_F16:
        return pairs<FOURIERFT_F16>(a, token + 2 * first, 2 * step);
      case FOURIERFT_BF16:
        return pairs<FOURIERFT_BF16>(a, token + 2 * first, 2 * step);
      default:
        return pairs<FOURIERFT_F32>(a, token + 2 * first, 2 * step);
    }
  }

 private:
  template <int32_t TYPE, int COUNT>
  __device__ __forceinline__ void pairs(fourierft_complex (&a)[COUNT], int64_t first,
                                        int step) const {
    Use::pairs(a, ElementRun<TYPE, 2>(matrix_.data, first), step);
  }

  const TokenGroup &group_;
  const TokenMatrix &matrix_;
  const bool halved_;
  const bool in_pairs_;
};

/* Loads tokens. */
struct LoadToken {
  template <int32_t TYPE, int COUNT>
  static __device__ __forceinline__ void pairs(fourierft_complex (&a)[COUNT],
                                               const ElementRun<TYPE, 2> &first, int step) {
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      float both[2];
      first.at(k * step).load(both);
      a[k] = {both[0], both[1]};
    }
  }

  template <int COUNT>
  static __device__ __forceinline__ void elements(fourierft_complex (&a)[COUNT],
                                                  const TokenMatrix &matrix, int64_t first, int step,
                                                  bool halved) {
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      const int64_t at = first + k * step;
      a[k].re = load_float(global(matrix.data), matrix.type, at);
      a[k].im = halved ? load_float(global(matrix.data), matrix.type, at + 1) : 0.0f;
    }
  }
};

/* Adds to tokens. */
struct AddToToken {
  /* All are read before one is written, so that no load waits for a store. */
  template <int32_t TYPE, int COUNT>
  static __device__ __forceinline__ void pairs(fourierft_complex (&a)[COUNT],
                                               const ElementRun<TYPE, 2> &first, int step) {
    float sum[COUNT][2];
    fourierft_addition unused;
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) first.at(k * step).load(sum[k]);
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      sum[k][0] = added<false>(TYPE, sum[k][0], a[k].re, unused);
      sum[k][1] = added<false>(TYPE, sum[k][1], a[k].im, unused);
      first.at(k * step).store(sum[k]);
    }
  }

  template <int COUNT>
  static __device__ __forceinline__ void elements(fourierft_complex (&a)[COUNT],
                                                  const TokenMatrix &matrix, int64_t first, int step,
                                                  bool halved) {
    fourierft_addition unused;
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      const int64_t at = first + k * step;
      add_one<false>(global(matrix.data), matrix.type, at, a[k].re, unused);
      if (halved) add_one<false>(global(matrix.data), matrix.type, at + 1, a[k].im, unused);
    }
  }
};

/* Bins 0 .. features/2 of the lines out of the transform of their numbers, in the same places. */
__device__ __forceinline__ void split_spectra(const fourierft_line *__restrict__ plan, int count,
                                              fourierft_complex *lines) {
  if (read_only(&plan->halved) == 0) return;
  const fourierft_pair *pairs = pairs_of(plan);
  const int pair_count = read_only(&plan->pairs);
  const int points = read_only(&plan->points);
  for (int i = threadIdx.x; i < pair_count; i += blockDim.x) {
    const fourierft_pair pair = read_only(pairs + i);
    for (int line = 0; line < count; line++) {
      fourierft_complex &low = lines[padded(line * points + pair.position)];
      fourierft_complex &high = lines[padded(line * points + pair.mirror)];
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
  const TokenEdge<LoadToken> edge(plan, group, matrix);
  transform_forward<FOURIERFT_TOKEN_RADIX>(plan, group.count, lines, edge);
  split_spectra(plan, group.count, lines);
  __syncthreads();
}

/* Transforms lines back and adds them to a group's tokens; ends with a barrier. */
__device__ __forceinline__ void add_spectra(const fourierft_line *__restrict__ plan,
                                            const TokenGroup &group,
                                            const TokenMatrix &matrix,
                                            fourierft_complex *lines) {
  const TokenEdge<AddToToken> edge(plan, group, matrix);
  transform_inverse<FOURIERFT_TOKEN_RADIX>(plan, group.count, lines, edge);
}

/* What a position of a line and a kind stand for. */
__device__ __forceinline__ fourierft_complex read_source(const fourierft_complex *lines, int at,
                                                         int32_t position, int32_t kind) {
  const fourierft_complex value = lines[padded(at + position)];
  switch (kind) {
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

/* Adds what an operator gives a pair of bins of the first TOKENS tokens, of which there are `count`. */
template <int TOKENS>
__device__ __forceinline__ void add_entries(const fourierft_line_operator &op, int pair, int count,
                                            const fourierft_complex *input, int points,
                                            fourierft_complex (&low)[TOKENS],
                                            fourierft_complex (&high)[TOKENS]) {
  const float scale = 0.5f * op.scale;
  const int32_t end = read_only(op.start + pair + 1);
  for (int32_t i = read_only(op.start + pair); i < end; i++) {
    const fourierft_line_entry entry = read_only(op.entries + i);
    const float coefficient = scale * read_only(op.coefficient + entry.frequency);
    const bool is_second = (entry.source & 4) != 0;
    FOURIERFT_UNROLL
    for (int t = 0; t < TOKENS; t++) {
      if (t >= count) break;
      const fourierft_complex value =
          read_source(input, t * points, entry.source >> 3, entry.source & 3);
      fourierft_complex sum = is_second ? high[t] : low[t];
      sum.re += coefficient * value.re;
      sum.im += coefficient * value.im;
      (is_second ? high[t] : low[t]) = sum;
    }
  }
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
  const int count = read_only(&output_plan->pairs);
  const int points = read_only(&output_plan->points);
  const bool halved = read_only(&output_plan->halved) != 0;
  const int input_points = read_only(&input_plan->points);
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    const fourierft_pair pair = read_only(pairs + i);
    fourierft_complex low[TOKENS] = {};
    fourierft_complex high[TOKENS] = {};
    for (int32_t a = begin; a < end; a++) {
      add_entries(read_only(operators + a), i, group.count, input, input_points, low, high);
    }
    FOURIERFT_UNROLL
    for (int line = 0; line < TOKENS; line++) {
      if (line >= group.count) break;
      put_pair(pair, halved, low[line], high[line], output, line * points);
    }
  }
}

#endif
