/*
 * What the emulated cuFFT adds to its results so that no two plans agree to the bit, as those of
 * the real one need not: another batch, layout or placement, or a callback, may mean another kernel
 * with another order of sums. EMULATED_CUFFT_PERTURBATION is its size, relative to the root mean
 * square of a transform's results; 0, the default, adds nothing. One plan gives the same bits for
 * the same input every time, at every place of its batch.
 */
#ifndef PERTURBATION_H
#define PERTURBATION_H

#include <complex>
#include <cstdint>
#include <vector>

namespace emulator {

/* As the environment says. */
double perturbation();

/* What one plan has and others have not. */
class Fingerprint {
 public:
  Fingerprint &add(int64_t value);

  /* Adds to each part of each result a number that the plan, the place and the digits decide. */
  void perturb(std::vector<std::complex<double>> &results, double relative) const;

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15;
};

}  // namespace emulator

#endif
