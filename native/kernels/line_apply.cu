/* The operator on tokens in shared memory, from their load to the addition to the output. */
#include "token_lines.h"

FOURIERFT_KERNEL FOURIERFT_BOUNDS(FOURIERFT_TOKEN_BOUND) fourierft_line_apply(
    const fourierft_line *__restrict__ input_line, const fourierft_line *__restrict__ output_line,
    const fourierft_line_operator *__restrict__ operators, int32_t operator_count,
    const fourierft_token_group *__restrict__ groups, int32_t group_count,
    const int32_t *__restrict__ token, int32_t tokens, int32_t per_group,
    const void *__restrict__ x, int64_t x_stride, int32_t x_type, void *__restrict__ y,
    int64_t y_stride, int32_t y_type) {
  const TokenMatrix from = {const_cast<void *>(x), x_stride, x_type};
  const TokenMatrix to = {y, y_stride, y_type};
  auto *input = dynamic_shared<fourierft_complex>();
  auto *output = input + FOURIERFT_LINE_BYTES(per_group * input_line->points) / 8;
  for (int32_t number = blockIdx.x; number < group_count; number += gridDim.x) {
    const TokenGroup group = group_of(groups, token, tokens, per_group, number);
    load_spectra(input_line, group, from, input);
    if (group.count == 1) {
      gather_spectra<1>(operators, operator_count, group, input_line, input, output_line, output);
    } else {
      gather_spectra<FOURIERFT_LINE_TOKENS>(operators, operator_count, group, input_line, input,
                                            output_line, output);
    }
    __syncthreads();
    add_spectra(output_line, group, to, output);
  }
}
