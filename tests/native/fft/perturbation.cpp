#include "perturbation.h"

#include <cmath>
#include <cstdlib>

namespace emulator {
namespace {

/* Of so many results at most the digits are looked at. */
constexpr size_t SAMPLES = 16;

/* Spreads every bit over all (the finaliser of splitmix64). */
uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/* Evenly between -sqrt(3) and sqrt(3), so that the mean square is 1. */
double even(uint64_t bits) {
  return std::sqrt(3.0) * (std::ldexp(static_cast<double>(bits >> 11), -52) - 1);
}

/* A number's digits without its size, so that scaling by a power of two scales what is added too. */
int64_t digits(double value) {
  int exponent = 0;
  return static_cast<int64_t>(std::ldexp(std::frexp(value, &exponent), 53));
}

}  // namespace

double perturbation() {
  static const double relative = [] {
    const char *text = std::getenv("EMULATED_CUFFT_PERTURBATION");
    return text == nullptr ? 0.0 : std::atof(text);
  }();
  return relative;
}

Fingerprint &Fingerprint::add(int64_t value) {
  state_ = mixed(state_ + static_cast<uint64_t>(value) + 0x9e3779b97f4a7c15);
  return *this;
}

void Fingerprint::perturb(std::vector<std::complex<double>> &results, double relative) const {
  double squares = 0;
  for (const std::complex<double> &each : results) squares += std::norm(each);
  const double size = relative * std::sqrt(squares / static_cast<double>(results.size()));
  if (!std::isfinite(size) || size == 0) return;
  /* Rounding depends on the data: else that of many lines would add up in what is made of them. */
  Fingerprint line = *this;
  const size_t step = results.size() / SAMPLES + 1;
  for (size_t i = 0; i < results.size(); i += step) {
    line.add(digits(results[i].real())).add(digits(results[i].imag()));
  }
  for (size_t i = 0; i < results.size(); i++) {
    const uint64_t bits = mixed(line.state_ + i);
    results[i] += std::complex<double>(size * even(bits), size * even(mixed(bits)));
  }
}

}  // namespace emulator
