/* AdamW on spectra, and the norm that clipping needs. */
#include "block_reduction.h"

FOURIERFT_KERNEL fourierft_gradient_squares(
    const fourierft_parameter *__restrict__ parameters, int64_t parameter_count,
    int64_t max_elements, double *__restrict__ partials) {
  __shared__ double shared[FOURIERFT_BLOCK];
  const int64_t segments = ceil_div(max_elements, FOURIERFT_SEGMENT);
  double sum = 0.0;
  for (int64_t unit = blockIdx.x; unit < parameter_count * segments; unit += gridDim.x) {
    const int64_t parameter = unit / segments;
    const float *__restrict__ gradient = parameters[parameter].gradient;
    const int64_t elements = parameters[parameter].elements;
    const int64_t first = (unit - parameter * segments) * FOURIERFT_SEGMENT;
    const int64_t end =
        first + FOURIERFT_SEGMENT < elements ? first + FOURIERFT_SEGMENT : elements;
    for (int64_t i = first + threadIdx.x; i < end; i += FOURIERFT_BLOCK) {
      sum += static_cast<double>(gradient[i]) * gradient[i];
    }
  }
  sum = merge_block(shared, sum);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

FOURIERFT_KERNEL fourierft_reduce_norm(
    const double *__restrict__ partials, int64_t partial_count, double *__restrict__ norm) {
  __shared__ double shared[FOURIERFT_BLOCK];
  if (blockIdx.x != 0) return;
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < partial_count; i += FOURIERFT_BLOCK) sum += partials[i];
  sum = merge_block(shared, sum);
  if (threadIdx.x == 0) *norm = sqrt(sum);
}

FOURIERFT_KERNEL fourierft_adamw_step(
    const fourierft_parameter *__restrict__ parameters, int64_t parameter_count,
    int64_t max_elements, const fourierft_adamw *__restrict__ settings,
    const double *__restrict__ norm) {
  const fourierft_adamw with = *settings;
  float clip = 1.0f;
  if (norm != nullptr) {
    /* A norm that is not a number must spoil the step, as in torch, and not be compared away. */
    const float ratio = with.max_norm / (static_cast<float>(*norm) + 1e-6f);
    clip = ratio > 1.0f ? 1.0f : ratio;
  }
  const int64_t blocks = ceil_div(max_elements, FOURIERFT_BLOCK);
  for (int64_t unit = blockIdx.x; unit < parameter_count * blocks; unit += gridDim.x) {
    const int64_t index = unit / blocks;
    const fourierft_parameter parameter = parameters[index];
    const int64_t i = (unit - index * blocks) * FOURIERFT_BLOCK + threadIdx.x;
    if (i >= parameter.elements) continue;
    const float gradient = clip * parameter.gradient[i];
    const float first = parameter.first_moment[i];
    const float first_moment = first + with.one_minus_beta1 * (gradient - first);
    const float second_moment =
        with.beta2 * parameter.second_moment[i] + with.one_minus_beta2 * gradient * gradient;
    parameter.first_moment[i] = first_moment;
    parameter.second_moment[i] = second_moment;
    const float root = sqrtf(second_moment) / with.bias2_root + with.epsilon;
    parameter.value[i] = with.decay * parameter.value[i] - with.step_size * (first_moment / root);
  }
}
