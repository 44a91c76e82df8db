/* Sums over the threads of a block, in an order that never changes. */
#ifndef FOURIERFT_BLOCK_REDUCTION_H
#define FOURIERFT_BLOCK_REDUCTION_H

#include "device.h"

__device__ __forceinline__ void merge(double &into, double other) { into += other; }

__device__ __forceinline__ void merge(fourierft_addition &into, const fourierft_addition &other) {
  into.delta_squares += other.delta_squares;
  into.weight_squares += other.weight_squares;
  into.error_sum += other.error_sum;
  into.error_max = into.error_max > other.error_max ? into.error_max : other.error_max;
  into.non_finite += other.non_finite;
}

/*
 * Merges the values of all threads of the block, a power of two, pairwise; thread 0 returns the
 * total, the others something. All must call it, once for each array of so many shared values.
 */
template <typename Value>
__device__ __forceinline__ Value merge_block(Value *shared, Value value,
                                             unsigned int threads = FOURIERFT_BLOCK) {
  const unsigned int thread = threadIdx.x;
  shared[thread] = value;
  __syncthreads();
  for (unsigned int width = threads / 2; width > 0; width /= 2) {
    if (thread < width) merge(shared[thread], shared[thread + width]);
    __syncthreads();
  }
  return shared[thread];
}

#endif
