/* The discrete Fourier transform of any length, in float64, unscaled. */
#ifndef DFT_H
#define DFT_H

#include <complex>
#include <cstdint>
#include <vector>

namespace emulator {

/* Immutable after construction, so that threads may share one. */
class Dft {
 public:
  explicit Dft(int64_t length);

  /* data[k] = sum over j of data[j] * e^{sign * 2 pi i j k / length}; sign is 1 or -1. */
  void transform(std::vector<std::complex<double>> &data, int sign) const;

 private:
  /* Radix 2, for powers of two. */
  static void power_of_two(std::vector<std::complex<double>> &data,
                           const std::vector<std::complex<double>> &roots, int sign);

  /* Bluestein's algorithm: a convolution with a chirp, of a length that is a power of two. */
  void chirp(std::vector<std::complex<double>> &data, int sign) const;

  int64_t length_;
  int64_t padded_;
  std::vector<std::complex<double>> roots_;
  std::vector<std::complex<double>> chirp_;
  std::vector<std::complex<double>> filter_;
};

}  // namespace emulator

#endif
