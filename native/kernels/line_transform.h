/* The transform of lines in shared memory, as fourierft_lines.h defines it. */
#ifndef FOURIERFT_LINE_TRANSFORM_H
#define FOURIERFT_LINE_TRANSFORM_H

#include "butterflies.h"

/*
 * A butterfly of a pass: which block of numbers it belongs to, its first one, and its index in the
 * block, which is that of its twiddles.
 */
struct ButterflyPlace {
  int block;
  int base;
  int index;

  __device__ __forceinline__ ButterflyPlace(const fourierft_pass &pass, int radix, int number) {
    block =
        pass.span == 1 ? number : static_cast<int>(__umulhi(static_cast<uint32_t>(number), pass.magic));
    index = number - block * pass.span;
    base = block * pass.span * radix + index;
  }
};

/* Multiplies all but the first value by twiddles, or by their conjugates for the inverse. */
template <int RADIX, bool INVERSE>
__device__ __forceinline__ void twiddle(fourierft_complex (&a)[RADIX], const fourierft_pass &pass,
                                        const fourierft_complex *__restrict__ twiddles, int index) {
  if (pass.span == 1) return;
  const fourierft_complex *at = twiddles + pass.twiddles + index;
  FOURIERFT_UNROLL
  for (int q = 1; q < RADIX; q++) {
    const fourierft_complex turn = read_only(at + (q - 1) * pass.span);
    a[q] = INVERSE ? times_conjugate(a[q], turn) : a[q] * turn;
  }
}

/* Where number base + q * span is. */
template <int RADIX>
__device__ __forceinline__ int element_of(int base, int q, int span) {
  /* A span of radix 16 is 1, which never crosses the pad, or a multiple of it. */
  if (RADIX == 16) return padded(base) + q * padded(span);
  return padded(base + q * span);
}

/*
 * Where the numbers of lines come from before the first pass of a transform, or go to after the last
 * pass of an inverse: memory, without a stay in shared memory. An edge has
 *
 *   template <int COUNT> void move(fourierft_complex (&a)[COUNT], int line, int first, int step)
 *
 * which loads, or stores, numbers first, first + step, ... of a line. Threads that follow one
 * another have numbers that do.
 */

/*
 * One pass over `numbers` numbers, that is over all lines of the block; ends with a barrier. At the
 * edge it is the pass that spans whole lines: a forward one loads from there, an inverse one stores.
 */
template <int RADIX, bool INVERSE, typename Edge>
__device__ __forceinline__ void register_pass(fourierft_complex *lines, int numbers,
                                              const fourierft_pass &pass,
                                              const fourierft_complex *__restrict__ twiddles,
                                              Edge &edge, bool at_edge) {
  const int span = pass.span;
  for (int i = threadIdx.x; i < numbers / RADIX; i += blockDim.x) {
    const ButterflyPlace place(pass, RADIX, i);
    fourierft_complex a[RADIX];
    if (!INVERSE && at_edge) {
      edge.move(a, place.block, place.index, span);
    } else {
      FOURIERFT_UNROLL
      for (int q = 0; q < RADIX; q++) a[q] = lines[element_of<RADIX>(place.base, q, span)];
    }
    if (INVERSE) twiddle<RADIX, true>(a, pass, twiddles, place.index);
    Butterfly<RADIX, INVERSE>::run(a);
    if (!INVERSE) twiddle<RADIX, false>(a, pass, twiddles, place.index);
    if (INVERSE && at_edge) {
      edge.move(a, place.block, place.index, span);
    } else {
      FOURIERFT_UNROLL
      for (int q = 0; q < RADIX; q++) lines[element_of<RADIX>(place.base, q, span)] = a[q];
    }
  }
  __syncthreads();
}

/* Lines from an edge into shared memory, or from there to it; ends with a barrier. */
template <bool INVERSE, typename Edge>
__device__ __forceinline__ void move_lines(fourierft_complex *lines, int numbers, int points,
                                           Edge &edge) {
  for (int i = threadIdx.x; i < numbers; i += blockDim.x) {
    fourierft_complex one[1];
    if (INVERSE) one[0] = lines[padded(i)];
    edge.move(one, i / points, i % points, 0);
    if (!INVERSE) lines[padded(i)] = one[0];
  }
  __syncthreads();
}

/* The twiddles of a direct pass, on all numbers; ends with a barrier. */
template <bool INVERSE>
__device__ __forceinline__ void twiddle_all(fourierft_complex *lines, int numbers,
                                            const fourierft_pass &pass,
                                            const fourierft_complex *__restrict__ twiddles) {
  const int block = pass.span * pass.radix;
  for (int i = threadIdx.x; i < numbers; i += blockDim.x) {
    const int within = i % block;
    if (within < pass.span) continue;
    fourierft_complex &value = lines[padded(i)];
    const fourierft_complex turn = read_only(twiddles + pass.twiddles + within - pass.span);
    value = INVERSE ? times_conjugate(value, turn) : value * turn;
  }
  __syncthreads();
}

/*
 * One pass of any odd radix, by its definition. A thread has results q and -q of a butterfly; as
 * many butterflies as the block has threads for are read before one of them is written.
 */
template <bool INVERSE>
__device__ __forceinline__ void direct_pass(fourierft_complex *lines, int numbers,
                                            const fourierft_pass &pass,
                                            const fourierft_complex *__restrict__ twiddles) {
  const int radix = pass.radix;
  const int span = pass.span;
  const int half = radix / 2 + 1;
  const int together = blockDim.x / half;
  const int butterflies = numbers / radix;
  const int mine = threadIdx.x / half;
  const int q = threadIdx.x - mine * half;
  const fourierft_complex *roots = twiddles + pass.roots;

  if (INVERSE && span > 1) twiddle_all<true>(lines, numbers, pass, twiddles);
  for (int first = 0; first < butterflies; first += together) {
    const bool active = mine < together && first + mine < butterflies;
    const ButterflyPlace place(pass, radix, active ? first + mine : 0);
    fourierft_complex even = {0.0f, 0.0f};
    fourierft_complex odd = {0.0f, 0.0f};
    if (active) {
      even = lines[padded(place.base)];
      int step = 0;
      for (int k = 1; k < half; k++) {
        const fourierft_complex low = lines[padded(place.base + k * span)];
        const fourierft_complex high = lines[padded(place.base + (radix - k) * span)];
        step += q;
        if (step >= radix) step -= radix;
        const fourierft_complex root = read_only(roots + step);
        even.re += root.re * (low.re + high.re);
        even.im += root.re * (low.im + high.im);
        odd.re -= root.im * (low.re - high.re);
        odd.im -= root.im * (low.im - high.im);
      }
      odd = quarter_turn<INVERSE>(odd);
    }
    __syncthreads();
    if (active) {
      lines[padded(place.base + q * span)] = even + odd;
      if (q != 0) lines[padded(place.base + (radix - q) * span)] = even - odd;
    }
  }
  __syncthreads();
  if (!INVERSE && span > 1) twiddle_all<false>(lines, numbers, pass, twiddles);
}

template <bool INVERSE, int MOST_TWOS, typename Edge>
__device__ __forceinline__ void any_pass(fourierft_complex *lines, int numbers,
                                         const fourierft_pass &pass,
                                         const fourierft_complex *__restrict__ twiddles,
                                         Edge &edge, bool at_edge) {
  switch (pass.radix) {
    case 2:
      return register_pass<2, INVERSE>(lines, numbers, pass, twiddles, edge, at_edge);
    case 3:
      return register_pass<3, INVERSE>(lines, numbers, pass, twiddles, edge, at_edge);
    case 4:
      return register_pass<4, INVERSE>(lines, numbers, pass, twiddles, edge, at_edge);
    case 5:
      return register_pass<5, INVERSE>(lines, numbers, pass, twiddles, edge, at_edge);
    case 7:
      return register_pass<7, INVERSE>(lines, numbers, pass, twiddles, edge, at_edge);
    case 8:
      return register_pass<8, INVERSE>(lines, numbers, pass, twiddles, edge, at_edge);
    case 16:
      if constexpr (MOST_TWOS >= 16) {
        return register_pass<16, INVERSE>(lines, numbers, pass, twiddles, edge, at_edge);
      }
      return;
    default: {
      const int points = pass.radix * pass.span;
      if (!INVERSE && at_edge) move_lines<false>(lines, numbers, points, edge);
      direct_pass<INVERSE>(lines, numbers, pass, twiddles);
      if (INVERSE && at_edge) move_lines<true>(lines, numbers, points, edge);
    }
  }
}

/*
 * Transforms `count` lines, which the edge loads into the block's shared memory. MOST_TWOS is the
 * largest power of two among the radices. All threads of the block must call it, after a barrier; it
 * ends with one.
 */
template <int MOST_TWOS, typename Edge>
__device__ __forceinline__ void transform_forward(const fourierft_line *__restrict__ plan, int count,
                                                  fourierft_complex *lines, Edge &edge) {
  const int passes = read_only(&plan->passes);
  const int numbers = count * read_only(&plan->points);
  if (passes == 0) move_lines<false>(lines, numbers, 1, edge);
  FOURIERFT_NO_UNROLL
  for (int pass = 0; pass < passes; pass++) {
    any_pass<false, MOST_TWOS>(lines, numbers, read_only(passes_of(plan) + pass),
                               twiddles_of(plan), edge, pass == 0);
  }
}

/* The inverse, whose numbers the edge takes, in their natural order. */
template <int MOST_TWOS, typename Edge>
__device__ __forceinline__ void transform_inverse(const fourierft_line *__restrict__ plan, int count,
                                                  fourierft_complex *lines, Edge &edge) {
  const int passes = read_only(&plan->passes);
  const int numbers = count * read_only(&plan->points);
  if (passes == 0) move_lines<true>(lines, numbers, 1, edge);
  FOURIERFT_NO_UNROLL
  for (int pass = passes - 1; pass >= 0; pass--) {
    any_pass<true, MOST_TWOS>(lines, numbers, read_only(passes_of(plan) + pass), twiddles_of(plan),
                              edge, pass == 0);
  }
}

#endif
