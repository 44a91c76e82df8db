/*
 * AdamW on spectra and tensors, and the norm that clipping needs. The host does the same:
 * AdamWArithmetic of io.fourierft.internal.definition has each operation, fused or not, in this
 * order, so that both give the same bits. Hence the intrinsics, which nothing contracts.
 */
#include "block_reduction.h"

FOURIERFT_KERNEL fourierft_gradient_squares(
    const fourierft_parameter *__restrict__ parameters, int64_t parameter_count,
    int64_t unit_count, const fourierft_adamw *__restrict__ settings,
    double *__restrict__ partials) {
  __shared__ double shared[FOURIERFT_BLOCK];
  const float share = settings->share;
  for (int64_t unit = blockIdx.x; unit < unit_count; unit += gridDim.x) {
    const fourierft_parameter &parameter = owner_of(parameters, parameter_count, unit);
    const float *__restrict__ gradient = parameter.gradient;
    const int64_t first = (unit - parameter.first_unit) * FOURIERFT_SEGMENT;
    const int64_t end =
        first + FOURIERFT_SEGMENT < parameter.elements ? first + FOURIERFT_SEGMENT
                                                       : parameter.elements;
    double sum = 0.0;
    for (int64_t i = first + threadIdx.x; i < end; i += FOURIERFT_BLOCK) {
      const double g = static_cast<double>(__fmul_rn(gradient[i], share));
      sum = __dadd_rn(sum, __dmul_rn(g, g));
    }
    sum = merge_block(shared, sum);
    if (threadIdx.x == 0) partials[unit] = sum;
    __syncthreads();
  }
}

/* 1 - beta^step, by repeated squaring: the last bit of a pow would be that of its library. */
__device__ __forceinline__ double bias_correction(double beta, int64_t step) {
  double power = 1.0;
  double square = beta;
  for (int64_t left = step; left > 0; left >>= 1) {
    if ((left & 1) != 0) power = __dmul_rn(power, square);
    square = __dmul_rn(square, square);
  }
  return __dsub_rn(1.0, power);
}

FOURIERFT_KERNEL fourierft_decide_step(
    const double *__restrict__ partials, int64_t unit_count,
    const fourierft_adamw *__restrict__ settings,
    const fourierft_progress *__restrict__ progress, fourierft_rates *__restrict__ rates,
    int64_t group_count, fourierft_decision *__restrict__ decision) {
  __shared__ double shared[FOURIERFT_BLOCK];
  if (blockIdx.x != 0) return;
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < unit_count; i += FOURIERFT_BLOCK) {
    sum = __dadd_rn(sum, partials[i]);
  }
  sum = merge_block(shared, sum);
  if (threadIdx.x != 0) return;
  const fourierft_adamw with = *settings;
  const fourierft_progress before = *progress;
  const double norm = __dsqrt_rn(sum);
  fourierft_decision next = {before.steps, before.skipped, before.refused, before.norm,
                             1.0f,         1.0f,           0,              0};
  if (before.refused <= with.acknowledged) {
    next.norm = norm;
    if (!isfinite(norm)) {
      next.refused += with.refuses != 0 ? 1 : 0;
      next.skipped += with.refuses != 0 ? 0 : 1;
    } else {
      next.steps++;
      next.applies = 1;
      const double ratio = __ddiv_rn(with.max_norm, __dadd_rn(norm, 1e-6));
      next.clip = static_cast<float>(ratio < 1.0 ? ratio : 1.0);
      next.second_correction =
          static_cast<float>(__dsqrt_rn(bias_correction(with.beta2, next.steps)));
      const double correction = bias_correction(with.beta1, next.steps);
      for (int64_t group = 0; group < group_count; group++) {
        rates[group].step_size =
            static_cast<float>(__ddiv_rn(-rates[group].learning_rate, correction));
      }
    }
  }
  *decision = next;
}

/* torch.lerp, which starts from the nearer end. */
__device__ __forceinline__ float interpolate(float start, float end, float weight) {
  const float way = __fsub_rn(end, start);
  return weight < 0.5f ? __fmaf_rn(weight, way, start)
                       : __fmaf_rn(__fsub_rn(weight, 1.0f), way, end);
}

FOURIERFT_KERNEL fourierft_adamw_step(
    const fourierft_parameter *__restrict__ parameters, int64_t parameter_count,
    int64_t unit_count, const fourierft_adamw *__restrict__ settings,
    const fourierft_rates *__restrict__ rates, const fourierft_decision *__restrict__ decision,
    fourierft_progress *__restrict__ progress) {
  const fourierft_adamw with = *settings;
  const fourierft_decision decided = *decision;
  for (int64_t unit = blockIdx.x; unit < unit_count; unit += gridDim.x) {
    const fourierft_parameter parameter = owner_of(parameters, parameter_count, unit);
    const fourierft_rates rate = rates[parameter.group];
    const int64_t first = (unit - parameter.first_unit) * FOURIERFT_SEGMENT;
    const int64_t end =
        first + FOURIERFT_SEGMENT < parameter.elements ? first + FOURIERFT_SEGMENT
                                                       : parameter.elements;
    for (int64_t i = first + threadIdx.x; i < end; i += FOURIERFT_BLOCK) {
      const float gathered = parameter.gradient[i];
      parameter.gradient[i] = 0.0f;
      if (decided.applies == 0) continue;
      const float g = __fmul_rn(__fmul_rn(gathered, with.share), decided.clip);
      const float mean = interpolate(parameter.first_moment[i], g, with.first_weight);
      const float square = __fmaf_rn(__fmul_rn(with.second_weight, g), g,
                                     __fmul_rn(parameter.second_moment[i], with.second_decay));
      parameter.first_moment[i] = mean;
      parameter.second_moment[i] = square;
      const float denominator =
          __fadd_rn(__fdiv_rn(__fsqrt_rn(square), decided.second_correction), with.epsilon);
      parameter.value[i] = __fadd_rn(__fmul_rn(parameter.value[i], rate.decay),
                                     __fdiv_rn(__fmul_rn(rate.step_size, mean), denominator));
    }
  }
  if (blockIdx.x == 0 && threadIdx.x == 0) {
    *progress = {decided.steps, decided.skipped, decided.refused, decided.norm};
  }
}
