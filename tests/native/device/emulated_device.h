/* CUDA C++ as far as the kernels use it, for the host compiler. */
#ifndef EMULATED_DEVICE_H
#define EMULATED_DEVICE_H

#include <cmath>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __forceinline__ inline
#define FOURIERFT_UNROLL
#define FOURIERFT_NO_UNROLL
#define FOURIERFT_BOUNDS(threads)
/* One block runs at a time on an OS thread, so what its threads share may live once a thread. */
#define __shared__ static thread_local

namespace emulator {

struct Index {
  unsigned int x;
  unsigned int y;
  unsigned int z;
};

/* Where in the grid the running device thread is. */
struct Position {
  Index thread;
  Index block;
  Index block_size;
  Index grid_size;
};

extern constinit thread_local Position position;

/* Waits until every thread of the block has come here. */
void synchronize_block();

/* The running block's dynamic shared memory, aligned to 16 bytes. */
void *shared_memory();

}  // namespace emulator

#define threadIdx (emulator::position.thread)
#define blockIdx (emulator::position.block)
#define blockDim (emulator::position.block_size)
#define gridDim (emulator::position.grid_size)

inline void __syncthreads() { emulator::synchronize_block(); }

template <typename Element>
Element *dynamic_shared() {
  return static_cast<Element *>(emulator::shared_memory());
}

template <typename Element>
Element *global(Element *pointer) {
  return pointer;
}

template <typename Value>
Value read_only(const Value *pointer) {
  return *pointer;
}

using std::fabs;
using std::isfinite;
using std::sqrt;

/* Arithmetic that must not be contracted; the host compiler gets -ffp-contract=off besides. */
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }

inline void sincospif(float turns, float *sine, float *cosine) {
  const double angle = 3.14159265358979323846 * std::fmod(static_cast<double>(turns), 2.0);
  *sine = static_cast<float>(std::sin(angle));
  *cosine = static_cast<float>(std::cos(angle));
}

inline float atomicAdd(float *address, float value) {
  auto *bits = reinterpret_cast<uint32_t *>(address);
  uint32_t before = __atomic_load_n(bits, __ATOMIC_RELAXED);
  for (;;) {
    float old;
    std::memcpy(&old, &before, sizeof old);
    const float sum = old + value;
    uint32_t after;
    std::memcpy(&after, &sum, sizeof after);
    if (__atomic_compare_exchange_n(bits, &before, after, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
      return old;
    }
  }
}

inline unsigned long long atomicAdd(unsigned long long *address, unsigned long long value) {
  return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}

inline uint64_t __umul64hi(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b >> 64);
}

inline uint32_t __umulhi(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(static_cast<uint64_t>(a) * b >> 32);
}

struct alignas(8) float2 {
  float x;
  float y;
};

struct alignas(16) float4 {
  float x;
  float y;
  float z;
  float w;
};

struct __half {
  uint16_t bits;
};

struct __nv_bfloat16 {
  uint16_t bits;
};

inline float __bfloat162float(__nv_bfloat16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

inline __nv_bfloat16 __float2bfloat16_rn(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (value != value) return {0x7fff};
  return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

inline float __half2float(__half value) {
  const uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000) << 16;
  const uint32_t exponent = value.bits >> 10 & 0x1f;
  const uint32_t fraction = value.bits & 0x3ff;
  uint32_t bits;
  if (exponent == 0x1f) {
    bits = sign | 0x7f800000 | fraction << 13;
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    const float tiny = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -tiny : tiny;
  }
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

inline __half __float2half_rn(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  if (value != value) return {0x7fff};
  const float magnitude = std::fabs(value);
  if (magnitude >= 65520.0f) return {static_cast<uint16_t>(sign | 0x7c00)};
  if (magnitude < 6.103515625e-05f) {
    /* Below the normal range the spacing is 2^-24; nearbyint rounds ties to even. */
    return {static_cast<uint16_t>(sign | static_cast<uint16_t>(
                                             std::nearbyint(std::ldexp(magnitude, 24))))};
  }
  const uint32_t magnitude_bits = bits & 0x7fffffff;
  const uint32_t rounded = magnitude_bits + 0xfff + (magnitude_bits >> 13 & 1);
  return {static_cast<uint16_t>(sign | ((rounded >> 13) - (112u << 10)))};
}

#endif
