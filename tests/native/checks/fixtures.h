/* Adapters, operators and transforms in device memory, for the checks of kernels and callbacks. */
#ifndef FIXTURES_H
#define FIXTURES_H

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>

#include "cufft_api.h"
#include "fourierft_kernels.h"
#include "session.h"

extern "C" {
cufftResult cufftCreate(cufftHandle *);
cufftResult cufftDestroy(cufftHandle);
cufftResult cufftSetStream(cufftHandle, void *);
cufftResult cufftMakePlanMany64(cufftHandle, int, long long *, long long *, long long, long long,
                                long long *, long long, long long, cufftType, long long, size_t *);
cufftResult cufftExecC2C(cufftHandle, cufftComplex *, cufftComplex *, int);
cufftResult cufftExecR2C(cufftHandle, cufftReal *, cufftComplex *);
cufftResult cufftExecC2R(cufftHandle, cufftComplex *, cufftReal *);
}

using Values = std::vector<float>;
using Complexes = Array<fourierft_complex>;

constexpr double TAU = 2 * std::numbers::pi;

inline int64_t half(int64_t length) { return length / 2 + 1; }

/* An adapter with its spectrum on the host and in device memory. */
struct Adapter {
  int64_t rows;
  int64_t cols;
  std::vector<int32_t> u;
  std::vector<int32_t> v;
  Values c;
  float scale;
  std::vector<int32_t> slot;
  int64_t slots = 0;
  Array<int32_t> device_u;
  Array<int32_t> device_v;
  Array<float> device_c;
  Array<int32_t> device_slot;

  /* Every `step`th place of the matrix, so that pairs of mirrored places occur. */
  Adapter(int64_t m, int64_t n, int64_t step, unsigned int seed)
      : Adapter(m, n, places(m, n, step), seed) {}

  fourierft_adapter entry() const {
    return {device_u.pointer(), device_v.pointer(),
            device_c.pointer(), device_slot.pointer(),
            static_cast<int64_t>(c.size()), scale, 0};
  }

  /* The definition of the delta. */
  std::vector<double> delta() const {
    std::vector<double> sum(rows * cols);
    for (int64_t p = 0; p < rows; p++) {
      for (int64_t q = 0; q < cols; q++) {
        for (size_t k = 0; k < c.size(); k++) {
          const double angle = static_cast<double>(u[k] * p % rows) / rows +
                               static_cast<double>(v[k] * q % cols) / cols;
          sum[p * cols + q] += static_cast<double>(scale) * c[k] * std::cos(TAU * angle);
        }
      }
    }
    return sum;
  }

 private:
  static std::vector<int64_t> places(int64_t m, int64_t n, int64_t step) {
    std::vector<int64_t> flat;
    for (int64_t i = 0; i < m * n; i += step) flat.push_back(i);
    return flat;
  }

  static std::vector<int32_t> map(const std::vector<int64_t> &flat, auto function) {
    std::vector<int32_t> result;
    for (const int64_t i : flat) result.push_back(static_cast<int32_t>(function(i)));
    return result;
  }

  static Values random(size_t count, unsigned int seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    Values values(count);
    for (float &value : values) value = normal(generator);
    return values;
  }

  static std::vector<int32_t> slots_for(const std::vector<int32_t> &v, int64_t n) {
    std::vector<int32_t> slot(2 * half(n), -1);
    int32_t next = 0;
    for (const int32_t column : v) {
      const int64_t w = column <= n / 2 ? column : n - column;
      if (slot[w] >= 0) continue;
      slot[half(n) + next] = static_cast<int32_t>(w);
      slot[w] = next++;
    }
    return slot;
  }

  Adapter(int64_t m, int64_t n, const std::vector<int64_t> &flat, unsigned int seed)
      : rows(m),
        cols(n),
        u(map(flat, [n](int64_t i) { return i / n; })),
        v(map(flat, [n](int64_t i) { return i % n; })),
        c(random(flat.size(), seed)),
        scale(static_cast<float>(30.0 / (m * n))),
        slot(slots_for(v, n)),
        device_u(u),
        device_v(v),
        device_c(c),
        device_slot(slot) {
    for (int64_t w = 0; w < half(n); w++) slots = std::max<int64_t>(slots, slot[w] + 1);
  }
};

/* The bins of fourierft_operator, as its documentation says. */
struct Operator {
  std::vector<int32_t> start;
  std::vector<int32_t> source;
  std::vector<int32_t> frequency;

  Operator(const std::vector<int32_t> &out, int64_t out_length, const std::vector<int32_t> &in,
           int64_t in_length) {
    start.push_back(0);
    for (int64_t bin = 0; bin < half(out_length); bin++) {
      for (size_t k = 0; k < out.size(); k++) {
        const bool low = in[k] <= in_length / 2;
        const auto w = static_cast<int32_t>(low ? in[k] : in_length - in[k]);
        if (out[k] == bin) add(2 * w + (low ? 1 : 0), k);
        if ((out_length - out[k]) % out_length == bin) add(2 * w + (low ? 0 : 1), k);
      }
      start.push_back(static_cast<int32_t>(source.size()));
    }
  }

 private:
  void add(int32_t from, size_t k) {
    source.push_back(from);
    frequency.push_back(static_cast<int32_t>(k));
  }
};

/* A dense plan of one or two dimensions on the session's stream, with a work area of its own. */
class Fft {
 public:
  Fft(Session &session, const std::vector<long long> &sizes, cufftType type, long long batch,
      long long in_stride = 0) {
    EXPECT(cufftCreate(&plan), CUFFT_SUCCESS);
    make(session, sizes, type, batch, in_stride);
  }

  Fft(const Fft &) = delete;
  Fft &operator=(const Fft &) = delete;
  ~Fft() { cufftDestroy(plan); }

  cufftHandle plan = 0;

 private:
  void make(Session &session, std::vector<long long> sizes, cufftType type, long long batch,
            long long in_stride) {
    long long input[3];
    long long output[3];
    long long in_elements = 1;
    long long out_elements = 1;
    for (size_t i = 0; i < sizes.size(); i++) {
      const bool last = i + 1 == sizes.size();
      input[i] = last && type == CUFFT_C2R ? half(sizes[i]) : sizes[i];
      output[i] = last && type == CUFFT_R2C ? half(sizes[i]) : sizes[i];
      in_elements *= input[i];
      out_elements *= output[i];
    }
    size_t work = 0;
    EXPECT(cufftMakePlanMany64(plan, static_cast<int>(sizes.size()), sizes.data(), input,
                               in_stride == 0 ? 1 : in_stride, in_stride == 0 ? in_elements : 1,
                               output, in_stride == 0 ? 1 : in_stride,
                               in_stride == 0 ? out_elements : 1, type, batch, &work),
           CUFFT_SUCCESS);
    EXPECT(cufftSetStream(plan, session.stream), CUFFT_SUCCESS);
  }
};

inline cufftComplex *complex_at(const Complexes &array) {
  return reinterpret_cast<cufftComplex *>(array.address());
}

template <typename Left, typename Right>
double relative_error(const Left &actual, const Right &expected) {
  double error = 0;
  double norm = 0;
  for (size_t i = 0; i < expected.size(); i++) {
    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    norm += static_cast<double>(expected[i]) * expected[i];
  }
  return actual.size() == expected.size() ? std::sqrt(error / norm) : INFINITY;
}

/* Even and odd lengths, powers of two and primes, smaller and larger than a tile. */
inline const std::vector<std::pair<int64_t, int64_t>> SHAPES = {
    {1, 1}, {1, 6}, {5, 1}, {8, 6}, {7, 13}, {33, 40}, {64, 31}};

inline Values random_values(size_t count, unsigned int seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Values values(count);
  for (float &value : values) value = uniform(generator);
  return values;
}

#endif
