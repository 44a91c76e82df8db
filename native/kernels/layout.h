/* Asserts the offsets that fourierft_kernels.h promises; Java's layouts are tested against these. */
#ifndef FOURIERFT_LAYOUT_H
#define FOURIERFT_LAYOUT_H

#include <stddef.h>

#include "fourierft_callbacks.h"
#include "fourierft_kernels.h"

#define FOURIERFT_AT(type, member, offset) \
  static_assert(offsetof(type, member) == (offset), #type "." #member " moved")
#define FOURIERFT_SIZE(type, size) static_assert(sizeof(type) == (size), #type " changed its size")

FOURIERFT_SIZE(fourierft_complex, 8);

FOURIERFT_AT(fourierft_adapter, row, 0);
FOURIERFT_AT(fourierft_adapter, column, 8);
FOURIERFT_AT(fourierft_adapter, coefficient, 16);
FOURIERFT_AT(fourierft_adapter, column_slot, 24);
FOURIERFT_AT(fourierft_adapter, frequencies, 32);
FOURIERFT_AT(fourierft_adapter, scale, 40);
FOURIERFT_SIZE(fourierft_adapter, 48);

FOURIERFT_AT(fourierft_target, data, 0);
FOURIERFT_AT(fourierft_target, stride, 8);
FOURIERFT_AT(fourierft_target, type, 16);
FOURIERFT_AT(fourierft_target, delta_type, 20);
FOURIERFT_AT(fourierft_target, scale, 24);
FOURIERFT_AT(fourierft_target, transposed, 28);
FOURIERFT_SIZE(fourierft_target, 32);

FOURIERFT_AT(fourierft_addition, delta_squares, 0);
FOURIERFT_AT(fourierft_addition, weight_squares, 8);
FOURIERFT_AT(fourierft_addition, error_sum, 16);
FOURIERFT_AT(fourierft_addition, error_max, 24);
FOURIERFT_AT(fourierft_addition, non_finite, 32);
FOURIERFT_SIZE(fourierft_addition, 40);

FOURIERFT_AT(fourierft_operator, bin_start, 0);
FOURIERFT_AT(fourierft_operator, source, 8);
FOURIERFT_AT(fourierft_operator, frequency, 16);
FOURIERFT_AT(fourierft_operator, coefficient, 24);
FOURIERFT_AT(fourierft_operator, scale, 32);
FOURIERFT_AT(fourierft_operator, frequencies, 36);
FOURIERFT_SIZE(fourierft_operator, 40);

FOURIERFT_AT(fourierft_divisor, divisor, 0);
FOURIERFT_AT(fourierft_divisor, magic, 8);
FOURIERFT_SIZE(fourierft_divisor, 16);

FOURIERFT_AT(fourierft_callback_info, adapters, 0);
FOURIERFT_AT(fourierft_callback_info, operators, 8);
FOURIERFT_AT(fourierft_callback_info, targets, 16);
FOURIERFT_AT(fourierft_callback_info, columns, 24);
FOURIERFT_AT(fourierft_callback_info, rows, 32);
FOURIERFT_AT(fourierft_callback_info, cols, 40);
FOURIERFT_AT(fourierft_callback_info, slots, 48);
FOURIERFT_AT(fourierft_callback_info, load_inner, 56);
FOURIERFT_AT(fourierft_callback_info, load_middle, 72);
FOURIERFT_AT(fourierft_callback_info, store_inner, 88);
FOURIERFT_SIZE(fourierft_callback_info, 104);

FOURIERFT_AT(fourierft_gradient, row, 0);
FOURIERFT_AT(fourierft_gradient, column, 8);
FOURIERFT_AT(fourierft_gradient, gradient, 16);
FOURIERFT_AT(fourierft_gradient, token, 24);
FOURIERFT_AT(fourierft_gradient, frequencies, 32);
FOURIERFT_AT(fourierft_gradient, tokens, 40);
FOURIERFT_AT(fourierft_gradient, first_partial, 48);
FOURIERFT_AT(fourierft_gradient, first_unit, 56);
FOURIERFT_AT(fourierft_gradient, scale, 64);
FOURIERFT_AT(fourierft_gradient, partial_stride, 68);
FOURIERFT_SIZE(fourierft_gradient, 72);

FOURIERFT_AT(fourierft_parameter, value, 0);
FOURIERFT_AT(fourierft_parameter, gradient, 8);
FOURIERFT_AT(fourierft_parameter, first_moment, 16);
FOURIERFT_AT(fourierft_parameter, second_moment, 24);
FOURIERFT_AT(fourierft_parameter, elements, 32);
FOURIERFT_AT(fourierft_parameter, first_unit, 40);
FOURIERFT_AT(fourierft_parameter, group, 48);
FOURIERFT_SIZE(fourierft_parameter, 56);

FOURIERFT_AT(fourierft_adamw, beta1, 0);
FOURIERFT_AT(fourierft_adamw, beta2, 8);
FOURIERFT_AT(fourierft_adamw, max_norm, 16);
FOURIERFT_AT(fourierft_adamw, acknowledged, 24);
FOURIERFT_AT(fourierft_adamw, share, 32);
FOURIERFT_AT(fourierft_adamw, first_weight, 36);
FOURIERFT_AT(fourierft_adamw, second_decay, 40);
FOURIERFT_AT(fourierft_adamw, second_weight, 44);
FOURIERFT_AT(fourierft_adamw, epsilon, 48);
FOURIERFT_AT(fourierft_adamw, refuses, 52);
FOURIERFT_SIZE(fourierft_adamw, 56);

FOURIERFT_AT(fourierft_rates, learning_rate, 0);
FOURIERFT_AT(fourierft_rates, decay, 8);
FOURIERFT_AT(fourierft_rates, step_size, 12);
FOURIERFT_SIZE(fourierft_rates, 16);

FOURIERFT_AT(fourierft_progress, steps, 0);
FOURIERFT_AT(fourierft_progress, skipped, 8);
FOURIERFT_AT(fourierft_progress, refused, 16);
FOURIERFT_AT(fourierft_progress, norm, 24);
FOURIERFT_SIZE(fourierft_progress, 32);

FOURIERFT_AT(fourierft_decision, steps, 0);
FOURIERFT_AT(fourierft_decision, skipped, 8);
FOURIERFT_AT(fourierft_decision, refused, 16);
FOURIERFT_AT(fourierft_decision, norm, 24);
FOURIERFT_AT(fourierft_decision, clip, 32);
FOURIERFT_AT(fourierft_decision, second_correction, 36);
FOURIERFT_AT(fourierft_decision, applies, 40);
FOURIERFT_SIZE(fourierft_decision, 48);

FOURIERFT_AT(fourierft_pass, radix, 0);
FOURIERFT_AT(fourierft_pass, span, 4);
FOURIERFT_AT(fourierft_pass, magic, 8);
FOURIERFT_AT(fourierft_pass, twiddles, 12);
FOURIERFT_AT(fourierft_pass, roots, 16);
FOURIERFT_SIZE(fourierft_pass, 24);

FOURIERFT_AT(fourierft_pair, re, 0);
FOURIERFT_AT(fourierft_pair, im, 4);
FOURIERFT_AT(fourierft_pair, position, 8);
FOURIERFT_AT(fourierft_pair, mirror, 12);
FOURIERFT_SIZE(fourierft_pair, 16);

FOURIERFT_AT(fourierft_line, features, 0);
FOURIERFT_AT(fourierft_line, points, 4);
FOURIERFT_AT(fourierft_line, halved, 8);
FOURIERFT_AT(fourierft_line, passes, 12);
FOURIERFT_AT(fourierft_line, pairs, 16);
FOURIERFT_AT(fourierft_line, passes_at, 20);
FOURIERFT_AT(fourierft_line, twiddles_at, 24);
FOURIERFT_AT(fourierft_line, pairs_at, 28);
FOURIERFT_AT(fourierft_line, bytes, 32);
FOURIERFT_SIZE(fourierft_line, 40);

FOURIERFT_AT(fourierft_line_entry, source, 0);
FOURIERFT_AT(fourierft_line_entry, frequency, 4);
FOURIERFT_SIZE(fourierft_line_entry, 8);

FOURIERFT_AT(fourierft_line_bins, position, 0);
FOURIERFT_AT(fourierft_line_bins, mirror, 2);
FOURIERFT_AT(fourierft_line_bins, further, 4);
FOURIERFT_AT(fourierft_line_bins, first, 8);
FOURIERFT_SIZE(fourierft_line_bins, 16);

FOURIERFT_AT(fourierft_line_delta_job, line, 0);
FOURIERFT_AT(fourierft_line_delta_job, pairs, 8);
FOURIERFT_AT(fourierft_line_delta_job, entries, 16);
FOURIERFT_AT(fourierft_line_delta_job, coefficient, 24);
FOURIERFT_AT(fourierft_line_delta_job, turns, 32);
FOURIERFT_AT(fourierft_line_delta_job, magic, 40);
FOURIERFT_AT(fourierft_line_delta_job, first_unit, 48);
FOURIERFT_AT(fourierft_line_delta_job, target, 56);
FOURIERFT_AT(fourierft_line_delta_job, rows, 88);
FOURIERFT_AT(fourierft_line_delta_job, cols, 92);
FOURIERFT_AT(fourierft_line_delta_job, scale, 96);
FOURIERFT_AT(fourierft_line_delta_job, frequencies, 100);
FOURIERFT_AT(fourierft_line_delta_job, pair_count, 104);
FOURIERFT_SIZE(fourierft_line_delta_job, 112);

FOURIERFT_AT(fourierft_line_operator, start, 0);
FOURIERFT_AT(fourierft_line_operator, entries, 8);
FOURIERFT_AT(fourierft_line_operator, coefficient, 16);
FOURIERFT_AT(fourierft_line_operator, scale, 24);
FOURIERFT_AT(fourierft_line_operator, frequencies, 28);
FOURIERFT_SIZE(fourierft_line_operator, 32);

FOURIERFT_AT(fourierft_token_group, first, 0);
FOURIERFT_AT(fourierft_token_group, count, 4);
FOURIERFT_AT(fourierft_token_group, choice, 8);
FOURIERFT_SIZE(fourierft_token_group, 12);

FOURIERFT_AT(fourierft_line_places, x, 0);
FOURIERFT_AT(fourierft_line_places, g, 4);
FOURIERFT_SIZE(fourierft_line_places, 8);

FOURIERFT_AT(fourierft_line_gradient, places, 0);
FOURIERFT_AT(fourierft_line_gradient, first, 8);
FOURIERFT_AT(fourierft_line_gradient, frequencies, 16);
FOURIERFT_SIZE(fourierft_line_gradient, 24);

#undef FOURIERFT_AT
#undef FOURIERFT_SIZE

#endif
