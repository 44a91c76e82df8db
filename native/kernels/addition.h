/* Adding a delta to a weight with one rounding, and measuring what that did. */
#ifndef FOURIERFT_ADDITION_H
#define FOURIERFT_ADDITION_H

#include "element.h"

/* Takes one sum into the measurements; error is what the stored value misses of the exact one. */
__device__ __forceinline__ void measure(double weight, float delta, double stored, double error,
                                        fourierft_addition &found) {
  found.delta_squares += static_cast<double>(delta) * delta;
  found.weight_squares += weight * weight;
  if (isfinite(stored)) {
    error = fabs(error);
    found.error_sum += error;
    if (error > found.error_max) found.error_max = error;
  } else {
    found.non_finite++;
  }
}

/* What is stored for weight + delta in a format that a float holds. */
template <bool MEASURE>
__device__ __forceinline__ float added(int32_t type, float weight, float delta,
                                       fourierft_addition &found) {
  const float sum = rounded_to(type, __fadd_rn(weight, delta));
  if (MEASURE) {
    const double exact = weight + static_cast<double>(delta);
    measure(weight, delta, sum, sum - exact, found);
  }
  return sum;
}

/* The same in F64. */
template <bool MEASURE>
__device__ __forceinline__ double added(int32_t, double weight, float delta,
                                        fourierft_addition &found) {
  const double sum = __dadd_rn(weight, static_cast<double>(delta));
  if (MEASURE) {
    /* Knuth's two-sum: what the addition lost, exactly. */
    const double part = __dsub_rn(sum, weight);
    const double error = __dadd_rn(__dsub_rn(weight, __dsub_rn(sum, part)),
                                   __dsub_rn(static_cast<double>(delta), part));
    measure(weight, delta, sum, error, found);
  }
  return sum;
}

/* weight + delta into data[index]; the sum is rounded once. */
template <bool MEASURE>
__device__ __forceinline__ void add_one(void *__restrict__ data, int32_t type, int64_t index,
                                        float delta, fourierft_addition &found) {
  if (type == FOURIERFT_F64) {
    double *place = static_cast<double *>(data) + index;
    const double sum = added<MEASURE>(type, *place, delta, found);
    *place = sum;
  } else {
    const float sum = added<MEASURE>(type, load_float(data, type, index), delta, found);
    store_float(data, type, index, sum);
  }
}

#endif
