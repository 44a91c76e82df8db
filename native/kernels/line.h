/* Lines in shared memory: complex numbers, where they lie, and the tables of their plan. */
#ifndef FOURIERFT_LINE_H
#define FOURIERFT_LINE_H

#include "device.h"

__device__ __forceinline__ fourierft_complex operator+(fourierft_complex a, fourierft_complex b) {
  return {a.re + b.re, a.im + b.im};
}

__device__ __forceinline__ fourierft_complex operator-(fourierft_complex a, fourierft_complex b) {
  return {a.re - b.re, a.im - b.im};
}

__device__ __forceinline__ fourierft_complex operator*(fourierft_complex a, fourierft_complex b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

__device__ __forceinline__ fourierft_complex conjugate(fourierft_complex a) {
  return {a.re, -a.im};
}

/* a times the conjugate of b. */
__device__ __forceinline__ fourierft_complex times_conjugate(fourierft_complex a,
                                                             fourierft_complex b) {
  return {a.re * b.re + a.im * b.im, a.im * b.re - a.re * b.im};
}

/* a times i, or times -i. */
template <bool PLUS>
__device__ __forceinline__ fourierft_complex quarter_turn(fourierft_complex a) {
  return PLUS ? fourierft_complex{-a.im, a.re} : fourierft_complex{a.im, -a.re};
}

/* Where number i of a block's lines is. */
__device__ __forceinline__ int padded(int i) { return i + i / FOURIERFT_LINE_PAD; }

__device__ __forceinline__ const fourierft_pass *passes_of(const fourierft_line *line) {
  return reinterpret_cast<const fourierft_pass *>(reinterpret_cast<const char *>(line) +
                                                         read_only(&line->passes_at));
}

__device__ __forceinline__ const fourierft_complex *twiddles_of(const fourierft_line *line) {
  return reinterpret_cast<const fourierft_complex *>(reinterpret_cast<const char *>(line) +
                                                            read_only(&line->twiddles_at));
}

__device__ __forceinline__ const fourierft_pair *pairs_of(const fourierft_line *line) {
  return reinterpret_cast<const fourierft_pair *>(reinterpret_cast<const char *>(line) +
                                                         read_only(&line->pairs_at));
}

#endif
