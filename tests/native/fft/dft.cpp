#include "dft.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace emulator {
namespace {

using Complex = std::complex<double>;

/* e^{2 pi i index / length}. */
Complex root(int64_t index, int64_t length) {
  const double angle = 2 * std::numbers::pi * static_cast<double>(index) / length;
  return {std::cos(angle), std::sin(angle)};
}

Complex conjugate_if(Complex value, int sign) { return sign < 0 ? std::conj(value) : value; }

/* Plain products: std::complex's own also mends infinities, which takes long and is not wanted. */
Complex times(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

}  // namespace

Dft::Dft(int64_t length) : length_(length), padded_(length) {
  const bool direct = std::has_single_bit(static_cast<uint64_t>(length));
  if (!direct) padded_ = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(2 * length)));
  for (int64_t i = 0; i < padded_ / 2; i++) roots_.push_back(root(i, padded_));
  if (direct) return;
  filter_.resize(padded_);
  for (int64_t i = 0; i < length; i++) {
    /* e^{pi i n^2 / length}, its argument reduced exactly. */
    chirp_.push_back(root(i * i % (2 * length), 2 * length));
    filter_[i] = std::conj(chirp_[i]);
    filter_[(padded_ - i) % padded_] = filter_[i];
  }
  power_of_two(filter_, roots_, -1);
}

void Dft::transform(std::vector<Complex> &data, int sign) const {
  if (chirp_.empty()) {
    power_of_two(data, roots_, sign);
  } else {
    chirp(data, sign);
  }
}

void Dft::power_of_two(std::vector<Complex> &data, const std::vector<Complex> &roots, int sign) {
  const auto length = static_cast<int64_t>(data.size());
  for (int64_t i = 1, j = 0; i < length; i++) {
    int64_t bit = length >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(data[i], data[j]);
  }
  for (int64_t width = 2; width <= length; width *= 2) {
    const int64_t step = length / width;
    for (int64_t first = 0; first < length; first += width) {
      for (int64_t i = 0; i < width / 2; i++) {
        const Complex odd =
            times(data[first + i + width / 2], conjugate_if(roots[i * step], sign));
        data[first + i + width / 2] = data[first + i] - odd;
        data[first + i] += odd;
      }
    }
  }
}

/* With j k = (j^2 + k^2 - (k - j)^2) / 2 the sum becomes a convolution. */
void Dft::chirp(std::vector<Complex> &data, int sign) const {
  std::vector<Complex> work(padded_);
  for (int64_t i = 0; i < length_; i++) {
    work[i] = times(conjugate_if(data[i], sign), chirp_[i]);
  }
  power_of_two(work, roots_, -1);
  for (int64_t i = 0; i < padded_; i++) work[i] = times(work[i], filter_[i]);
  power_of_two(work, roots_, 1);
  for (int64_t i = 0; i < length_; i++) {
    const Complex value = times(work[i], chirp_[i]) / static_cast<double>(padded_);
    data[i] = conjugate_if(value, sign);
  }
}

}  // namespace emulator
