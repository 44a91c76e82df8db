/* Discrete Fourier transforms of a few numbers in registers, in their natural order. */
#ifndef FOURIERFT_BUTTERFLIES_H
#define FOURIERFT_BUTTERFLIES_H

#include "line.h"

/* Sums and differences of an odd number of values, which mirror each other around the first. */
template <int RADIX, bool INVERSE>
__device__ __forceinline__ void odd_butterfly(fourierft_complex (&a)[RADIX],
                                              const float (&cosine)[RADIX / 2 + 1],
                                              const float (&sine)[RADIX / 2 + 1]) {
  constexpr int HALF = RADIX / 2;
  fourierft_complex sum[HALF + 1];
  fourierft_complex difference[HALF + 1];
  fourierft_complex total = a[0];
  FOURIERFT_UNROLL
  for (int k = 1; k <= HALF; k++) {
    sum[k] = a[k] + a[RADIX - k];
    difference[k] = a[k] - a[RADIX - k];
    total = total + sum[k];
  }
  const fourierft_complex first = a[0];
  a[0] = total;
  FOURIERFT_UNROLL
  for (int q = 1; q <= HALF; q++) {
    fourierft_complex even = first;
    fourierft_complex odd = {0.0f, 0.0f};
    FOURIERFT_UNROLL
    for (int k = 1; k <= HALF; k++) {
      const int step = q * k % RADIX;
      const float c = cosine[step <= HALF ? step : RADIX - step];
      const float s = step <= HALF ? sine[step] : -sine[RADIX - step];
      even.re += c * sum[k].re;
      even.im += c * sum[k].im;
      odd.re += s * difference[k].re;
      odd.im += s * difference[k].im;
    }
    odd = quarter_turn<INVERSE>(odd);
    a[q] = even + odd;
    a[RADIX - q] = even - odd;
  }
}

/* a[q] = sum over k of a[k] e^{-+ 2 pi i q k / RADIX}. */
template <int RADIX, bool INVERSE>
struct Butterfly;

template <bool INVERSE>
struct Butterfly<2, INVERSE> {
  static __device__ __forceinline__ void run(fourierft_complex (&a)[2]) {
    const fourierft_complex first = a[0];
    a[0] = first + a[1];
    a[1] = first - a[1];
  }
};

template <bool INVERSE>
struct Butterfly<3, INVERSE> {
  static __device__ __forceinline__ void run(fourierft_complex (&a)[3]) {
    const float cosine[] = {1.0f, -0.5f};
    const float sine[] = {0.0f, 0.866025403784438647f};
    odd_butterfly<3, INVERSE>(a, cosine, sine);
  }
};

template <bool INVERSE>
struct Butterfly<4, INVERSE> {
  static __device__ __forceinline__ void run(fourierft_complex (&a)[4]) {
    const fourierft_complex even = a[0] + a[2];
    const fourierft_complex even_difference = a[0] - a[2];
    const fourierft_complex odd = a[1] + a[3];
    const fourierft_complex odd_difference = quarter_turn<INVERSE>(a[1] - a[3]);
    a[0] = even + odd;
    a[1] = even_difference + odd_difference;
    a[2] = even - odd;
    a[3] = even_difference - odd_difference;
  }
};

template <bool INVERSE>
struct Butterfly<5, INVERSE> {
  static __device__ __forceinline__ void run(fourierft_complex (&a)[5]) {
    const float cosine[] = {1.0f, 0.309016994374947424f, -0.809016994374947424f};
    const float sine[] = {0.0f, 0.951056516295153572f, 0.587785252292473129f};
    odd_butterfly<5, INVERSE>(a, cosine, sine);
  }
};

template <bool INVERSE>
struct Butterfly<7, INVERSE> {
  static __device__ __forceinline__ void run(fourierft_complex (&a)[7]) {
    const float cosine[] = {1.0f, 0.623489801858733531f, -0.222520933956314404f,
                            -0.900968867902419126f};
    const float sine[] = {0.0f, 0.781831482468029809f, 0.974927912181823607f,
                          0.433883739117558120f};
    odd_butterfly<7, INVERSE>(a, cosine, sine);
  }
};

/* Turns by an eighth, by the sign of the direction. */
template <bool INVERSE>
__device__ __forceinline__ fourierft_complex eighth_turn(fourierft_complex a) {
  constexpr float HALF_ROOT = 0.707106781186547524f;
  const fourierft_complex turned = quarter_turn<INVERSE>(a);
  return {HALF_ROOT * (a.re + turned.re), HALF_ROOT * (a.im + turned.im)};
}

template <bool INVERSE>
struct Butterfly<8, INVERSE> {
  static __device__ __forceinline__ void run(fourierft_complex (&a)[8]) {
    fourierft_complex even[] = {a[0], a[2], a[4], a[6]};
    fourierft_complex odd[] = {a[1], a[3], a[5], a[7]};
    Butterfly<4, INVERSE>::run(even);
    Butterfly<4, INVERSE>::run(odd);
    odd[1] = eighth_turn<INVERSE>(odd[1]);
    odd[2] = quarter_turn<INVERSE>(odd[2]);
    odd[3] = quarter_turn<INVERSE>(eighth_turn<INVERSE>(odd[3]));
    FOURIERFT_UNROLL
    for (int q = 0; q < 4; q++) {
      a[q] = even[q] + odd[q];
      a[q + 4] = even[q] - odd[q];
    }
  }
};

template <bool INVERSE>
struct Butterfly<16, INVERSE> {
  static __device__ __forceinline__ void run(fourierft_complex (&a)[16]) {
    constexpr float COSINE = 0.923879532511286756f;
    constexpr float SINE = 0.382683432365089772f;
    const fourierft_complex one = {COSINE, INVERSE ? SINE : -SINE};
    const fourierft_complex three = {SINE, INVERSE ? COSINE : -COSINE};
    /* Four columns of four, turned, then four rows of four. */
    FOURIERFT_UNROLL
    for (int k = 0; k < 4; k++) {
      fourierft_complex column[] = {a[k], a[k + 4], a[k + 8], a[k + 12]};
      Butterfly<4, INVERSE>::run(column);
      FOURIERFT_UNROLL
      for (int q = 0; q < 4; q++) a[k + 4 * q] = column[q];
    }
    a[5] = a[5] * one;
    a[6] = eighth_turn<INVERSE>(a[6]);
    a[7] = a[7] * three;
    a[9] = eighth_turn<INVERSE>(a[9]);
    a[10] = quarter_turn<INVERSE>(a[10]);
    a[11] = quarter_turn<INVERSE>(eighth_turn<INVERSE>(a[11]));
    a[13] = a[13] * three;
    a[14] = quarter_turn<INVERSE>(eighth_turn<INVERSE>(a[14]));
    a[15] = fourierft_complex{-a[15].re, -a[15].im} * one;
    fourierft_complex result[16];
    FOURIERFT_UNROLL
    for (int q = 0; q < 4; q++) {
      fourierft_complex row[] = {a[4 * q], a[4 * q + 1], a[4 * q + 2], a[4 * q + 3]};
      Butterfly<4, INVERSE>::run(row);
      FOURIERFT_UNROLL
      for (int s = 0; s < 4; s++) result[q + 4 * s] = row[s];
    }
    FOURIERFT_UNROLL
    for (int q = 0; q < 16; q++) a[q] = result[q];
  }
};

#endif
