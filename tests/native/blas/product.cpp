#include "product.h"

#include <complex>
#include <cstring>
#include <vector>

#include "emulated_device.h"
#include "perturbation.h"

namespace emulator {
namespace {

template <typename Stored>
Stored load(const void *data, int64_t index) {
  Stored value;
  memcpy(&value, static_cast<const Stored *>(data) + index, sizeof value);
  return value;
}

template <typename Stored>
void store(const void *data, int64_t index, Stored value) {
  memcpy(static_cast<Stored *>(const_cast<void *>(data)) + index, &value, sizeof value);
}

}  // namespace

int64_t element_bytes(int type) {
  switch (type) {
    case CUDA_R_32F:
      return 4;
    case CUDA_R_16F:
    case CUDA_R_16BF:
      return 2;
    case CUDA_R_64F:
      return 8;
    default:
      return 0;
  }
}

int64_t BlasMatrix::bytes() const {
  return empty() ? 0 : ((cols - 1) * ld + rows) * element_bytes(type);
}

float BlasMatrix::at(int64_t row, int64_t col) const {
  const int64_t index = col * ld + row;
  switch (type) {
    case CUDA_R_16F:
      return __half2float(load<__half>(data, index));
    case CUDA_R_16BF:
      return __bfloat162float(load<__nv_bfloat16>(data, index));
    default:
      return load<float>(data, index);
  }
}

void BlasMatrix::set(int64_t row, int64_t col, float value) const {
  const int64_t index = col * ld + row;
  switch (type) {
    case CUDA_R_16F:
      return store(data, index, __float2half_rn(value));
    case CUDA_R_16BF:
      return store(data, index, __float2bfloat16_rn(value));
    default:
      return store(data, index, value);
  }
}

bool Product::supported() const {
  const bool narrow = a.type == CUDA_R_16F || a.type == CUDA_R_16BF;
  return a.type == b.type && (narrow || a.type == CUDA_R_32F) &&
         (c.type == CUDA_R_32F || (narrow && c.type == a.type));
}

void Product::run() const {
  if (c.empty()) return;
  Fingerprint fingerprint;
  fingerprint.add(c.rows).add(c.cols).add(depth).add(transpose_a).add(a.type).add(c.type);
  std::vector<std::complex<double>> column(c.rows);
  /* Operands once in order, so that the sums run along memory. */
  std::vector<float> left(c.rows * depth);
  for (int64_t i = 0; i < c.rows; i++) {
    for (int64_t l = 0; l < depth; l++) left[i * depth + l] = transpose_a ? a.at(l, i) : a.at(i, l);
  }
  std::vector<float> right(depth);
  for (int64_t j = 0; j < c.cols; j++) {
    for (int64_t l = 0; l < depth; l++) right[l] = transpose_b ? b.at(j, l) : b.at(l, j);
    for (int64_t i = 0; i < c.rows; i++) {
      float sum = 0;
      for (int64_t l = 0; l < depth; l++) sum += left[i * depth + l] * right[l];
      column[i] = sum;
    }
    /* A single product has no order of sums that could differ. */
    if (depth > 1 && perturbation() != 0) fingerprint.perturb(column, perturbation());
    for (int64_t i = 0; i < c.rows; i++) {
      const float result = alpha * static_cast<float>(column[i].real());
      /* With beta 0, C is not read: it may hold anything. */
      c.set(i, j, beta == 0 ? result : result + beta * c.at(i, j));
    }
  }
}

}  // namespace emulator
