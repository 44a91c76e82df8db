#include "kernel_buffers.h"

#include <algorithm>

namespace emulator {
namespace {

int64_t half(int64_t length) { return length / 2 + 1; }

int64_t ceil_div(int64_t value, int64_t by) { return (value + by - 1) / by; }

/* From the first element of a strided matrix to the end of its last. */
int64_t extent(int64_t rows, int64_t cols, int64_t stride) {
  return rows == 0 ? 0 : (rows - 1) * stride + cols;
}

int64_t size_of(int32_t type) {
  switch (type) {
    case FOURIERFT_F64:
      return 8;
    case FOURIERFT_F32:
      return 4;
    case FOURIERFT_F16:
    case FOURIERFT_BF16:
      return 2;
    default:
      return 0;
  }
}

void spectra(Touched &touched, const fourierft_adapter *adapters, int64_t count,
             int64_t max_frequencies, int64_t rows, int64_t cols) {
  touched.array("adapters", adapters, count);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_adapter &adapter = adapters[a];
    touched.require("frequencies", adapter.frequencies <= max_frequencies);
    touched.indices("row", adapter.row, adapter.frequencies, 0, rows);
    touched.indices("column", adapter.column, adapter.frequencies, 0, cols);
    touched.array("coefficient", adapter.coefficient, adapter.frequencies);
  }
}

void slots_of(Touched &touched, const fourierft_adapter *adapters, int64_t count, int64_t cols,
              int64_t slots) {
  for (int64_t a = 0; a < count && touched.valid; a++) {
    touched.indices("column_slot", adapters[a].column_slot, half(cols), -1, slots);
  }
}

void delta_source(Touched &touched, const fourierft_target *targets, int64_t count, int64_t rows,
                  int64_t cols, const float *source, int64_t step, int64_t stride,
                  int64_t distance) {
  touched.array("targets", targets, count);
  if (count != 0) {
    touched.array("source", source, (count - 1) * distance + (rows - 1) * stride +
                                        (cols - 1) * step + 1);
  }
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_target &target = targets[a];
    const bool turned = target.transposed != 0;
    touched.require("delta_type", size_of(target.delta_type) != 0);
    touched.matrix("target", target.data, target.type, turned ? cols : rows, turned ? rows : cols,
                   target.stride);
  }
}

void parameters_of(Touched &touched, const fourierft_parameter *parameters, int64_t count,
                   int64_t unit_count, bool gradients_alone, const fourierft_rates *rates) {
  touched.array("parameters", parameters, count);
  int64_t units = 0;
  for (int64_t i = 0; i < count && touched.valid; i++) {
    const fourierft_parameter &parameter = parameters[i];
    touched.require("elements", parameter.elements > 0);
    touched.require("first_unit", parameter.first_unit == units);
    units += ceil_div(parameter.elements, FOURIERFT_SEGMENT);
    touched.array("gradient", parameter.gradient, parameter.elements);
    if (gradients_alone) continue;
    touched.require("group", parameter.group >= 0);
    touched.array("rates", rates, parameter.group + 1);
    touched.array("value", parameter.value, parameter.elements);
    touched.array("first_moment", parameter.first_moment, parameter.elements);
    touched.array("second_moment", parameter.second_moment, parameter.elements);
  }
  touched.require("unit_count", units == unit_count);
}

}  // namespace

Touched &Touched::require(const char *name, bool holds) {
  if (valid && !holds) {
    check_({name, nullptr, -1, 1});
    valid = false;
  }
  return *this;
}

Touched &Touched::indices(const char *name, const int32_t *values, int64_t count, int64_t low,
                          int64_t high) {
  array(name, values, count);
  if (!valid) return *this;
  return require(name, std::all_of(values, values + count, [=](int32_t value) {
                   return value >= low && value < high;
                 }));
}

Touched &Touched::matrix(const char *name, const void *address, int32_t type, int64_t rows,
                         int64_t cols, int64_t stride) {
  require(name, size_of(type) != 0 && (stride >= cols || rows <= 1));
  return bytes(name, address, extent(rows, cols, stride) * size_of(type),
               std::max<int64_t>(size_of(type), 1));
}

namespace touch {

void fourierft_abi_version(Touched &touched, int32_t *version) {
  touched.array("version", version, 1);
}

void fourierft_scatter_full(Touched &touched, const fourierft_adapter *adapters, int64_t count,
                            int64_t max_frequencies, int64_t rows, int64_t cols,
                            fourierft_complex *output) {
  spectra(touched, adapters, count, max_frequencies, rows, cols);
  touched.array("spectra", output, count * rows * cols);
}

void fourierft_scatter_half(Touched &touched, const fourierft_adapter *adapters, int64_t count,
                            int64_t max_frequencies, int64_t rows, int64_t cols,
                            fourierft_complex *output) {
  spectra(touched, adapters, count, max_frequencies, rows, cols);
  touched.array("spectra", output, count * rows * half(cols));
}

void fourierft_scatter_columns(Touched &touched, const fourierft_adapter *adapters, int64_t count,
                               int64_t max_frequencies, int64_t rows, int64_t cols, int64_t slots,
                               fourierft_complex *columns) {
  spectra(touched, adapters, count, max_frequencies, rows, cols);
  slots_of(touched, adapters, count, cols, slots);
  touched.array("columns", columns, count * slots * rows);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_adapter &adapter = adapters[a];
    for (int64_t k = 0; k < adapter.frequencies; k++) {
      const int64_t v = adapter.column[k];
      touched.require("column_slot", adapter.column_slot[v <= cols / 2 ? v : cols - v] >= 0);
    }
  }
}

void fourierft_expand_columns(Touched &touched, const fourierft_adapter *adapters, int64_t count,
                              int64_t rows, int64_t cols, int64_t slots,
                              const fourierft_complex *columns, fourierft_complex *output) {
  touched.array("adapters", adapters, count);
  slots_of(touched, adapters, count, cols, slots);
  touched.array("columns", columns, count * slots * rows);
  touched.array("half", output, count * rows * half(cols));
}

void fourierft_direct_delta(Touched &touched, const fourierft_adapter *adapters, int64_t count,
                            int64_t rows, int64_t cols, float *delta) {
  spectra(touched, adapters, count, INT64_MAX, rows, cols);
  touched.array("delta", delta, count * rows * cols);
}

void fourierft_store_delta(Touched &touched, const fourierft_target *targets, int64_t count,
                           int64_t rows, int64_t cols, const float *source, int64_t step,
                           int64_t stride, int64_t distance) {
  delta_source(touched, targets, count, rows, cols, source, step, stride, distance);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    touched.require("transposed", targets[a].transposed == 0);
  }
}

void fourierft_add_delta(Touched &touched, const fourierft_target *targets, int64_t count,
                         int64_t rows, int64_t cols, const float *source, int64_t step,
                         int64_t stride, int64_t distance, float sign,
                         fourierft_addition *partials) {
  touched.require("sign", sign == 1.0f || sign == -1.0f);
  delta_source(touched, targets, count, rows, cols, source, step, stride, distance);
  if (partials != nullptr) touched.array("partials", partials, touched.shape.blocks);
}

void fourierft_reduce_addition(Touched &touched, const fourierft_addition *partials, int64_t count,
                               fourierft_addition *result) {
  touched.array("partials", partials, count);
  touched.array("result", result, 1);
}

void fourierft_pack(Touched &touched, const void *x, int32_t type, int64_t x_stride, int64_t tokens,
                    int64_t features, float *packed, int64_t packed_stride) {
  touched.matrix("x", x, type, tokens, features, x_stride);
  touched.matrix("packed", packed, FOURIERFT_F32, tokens, features, packed_stride);
}

void fourierft_gather_multiply(Touched &touched, const fourierft_operator *operators, int64_t count,
                               const int32_t *choice, int64_t tokens,
                               const fourierft_complex *input, int64_t in_bins,
                               fourierft_complex *output, int64_t out_bins) {
  touched.array("operators", operators, count);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_operator &op = operators[a];
    touched.array("bin_start", op.bin_start, out_bins + 1);
    if (!touched.valid) return;
    const int64_t entries = op.bin_start[out_bins];
    touched.require("bin_start", op.bin_start[0] == 0 &&
                                     std::is_sorted(op.bin_start, op.bin_start + out_bins + 1));
    touched.indices("source", op.source, entries, 0, 2 * in_bins);
    touched.indices("frequency", op.frequency, entries, 0, op.frequencies);
    touched.array("coefficient", op.coefficient, op.frequencies);
  }
  if (choice != nullptr) touched.indices("choice", choice, tokens, -1, count);
  touched.array("input", input, tokens * in_bins);
  touched.array("output", output, tokens * out_bins);
}

void fourierft_accumulate(Touched &touched, const float *value, int64_t value_stride,
                          const int32_t *choice, int64_t tokens, int64_t features, void *y,
                          int32_t type, int64_t y_stride) {
  touched.matrix("value", value, FOURIERFT_F32, tokens, features, value_stride);
  if (choice != nullptr) touched.array("choice", choice, tokens);
  touched.require("type", type != FOURIERFT_F64);
  touched.matrix("y", y, type, tokens, features, y_stride);
}

void fourierft_spectrum_gradient(Touched &touched, const fourierft_gradient *gradients,
                                 int64_t count, int64_t unit_count, int64_t rows, int64_t cols,
                                 const fourierft_complex *x, const fourierft_complex *g,
                                 int64_t tokens_per_chunk, float *partials) {
  touched.array("gradients", gradients, count);
  touched.require("tokens_per_chunk", tokens_per_chunk >= 1);
  int64_t last_token = -1;
  int64_t units = 0;
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_gradient &adapter = gradients[a];
    const int64_t chunks = ceil_div(adapter.tokens, tokens_per_chunk);
    touched.require("first_unit", adapter.first_unit == units);
    units += chunks * ceil_div(adapter.frequencies, FOURIERFT_BLOCK);
    touched.indices("row", adapter.row, adapter.frequencies, 0, rows);
    touched.indices("column", adapter.column, adapter.frequencies, 0, cols);
    if (adapter.token == nullptr) {
      last_token = std::max(last_token, adapter.tokens - 1);
    } else {
      touched.indices("token", adapter.token, adapter.tokens, 0, INT32_MAX);
      for (int64_t i = 0; i < adapter.tokens && touched.valid; i++) {
        last_token = std::max<int64_t>(last_token, adapter.token[i]);
      }
    }
    touched.require("first_partial", adapter.first_partial >= 0);
    if (chunks != 0) {
      touched.require("partial_stride", adapter.partial_stride >= adapter.frequencies);
      touched.array("partials", partials + adapter.first_partial,
                    (chunks - 1) * adapter.partial_stride + adapter.frequencies);
    }
  }
  touched.require("unit_count", units == unit_count);
  touched.array("x", x, (last_token + 1) * half(cols));
  touched.array("g", g, (last_token + 1) * half(rows));
}

void fourierft_reduce_spectrum_gradient(Touched &touched, const fourierft_gradient *gradients,
                                        int64_t count, int64_t max_frequencies,
                                        int64_t tokens_per_chunk, const float *partials) {
  touched.array("gradients", gradients, count);
  touched.require("tokens_per_chunk", tokens_per_chunk >= 1);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_gradient &adapter = gradients[a];
    touched.require("frequencies", adapter.frequencies <= max_frequencies);
    touched.array("gradient", adapter.gradient, adapter.frequencies);
    const int64_t chunks = ceil_div(adapter.tokens, tokens_per_chunk);
    if (chunks != 0) {
      touched.require("partial_stride", adapter.partial_stride >= adapter.frequencies);
      touched.array("partials", partials + adapter.first_partial,
                    (chunks - 1) * adapter.partial_stride + adapter.frequencies);
    }
  }
}

void fourierft_delta_gradient(Touched &touched, const fourierft_gradient *gradients, int64_t count,
                              int64_t max_frequencies, int64_t rows, int64_t cols,
                              const fourierft_complex *input) {
  touched.array("gradients", gradients, count);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_gradient &adapter = gradients[a];
    touched.require("frequencies", adapter.frequencies <= max_frequencies);
    touched.indices("row", adapter.row, adapter.frequencies, 0, rows);
    touched.indices("column", adapter.column, adapter.frequencies, 0, cols);
    touched.array("gradient", adapter.gradient, adapter.frequencies);
  }
  touched.array("half", input, count * rows * half(cols));
}

void fourierft_gradient_squares(Touched &touched, const fourierft_parameter *parameters,
                                int64_t count, int64_t unit_count, const fourierft_adamw *settings,
                                double *partials) {
  parameters_of(touched, parameters, count, unit_count, true, nullptr);
  touched.array("settings", settings, 1);
  touched.array("partials", partials, unit_count);
}

void fourierft_decide_step(Touched &touched, const double *partials, int64_t unit_count,
                           const fourierft_adamw *settings, const fourierft_progress *progress,
                           fourierft_rates *rates, int64_t groups, fourierft_decision *decision) {
  touched.array("partials", partials, unit_count);
  touched.array("settings", settings, 1);
  touched.array("progress", progress, 1);
  touched.array("rates", rates, groups);
  touched.array("decision", decision, 1);
}

void fourierft_adamw_step(Touched &touched, const fourierft_parameter *parameters, int64_t count,
                          int64_t unit_count, const fourierft_adamw *settings,
                          const fourierft_rates *rates, const fourierft_decision *decision,
                          fourierft_progress *progress) {
  parameters_of(touched, parameters, count, unit_count, false, rates);
  touched.array("settings", settings, 1);
  touched.array("decision", decision, 1);
  touched.array("progress", progress, 1);
}

}  // namespace touch
}  // namespace emulator
