/*
 * What memory each kernel touches, by its parameters: one function for each kernel, of the same
 * name, beside the kernel's documentation in fourierft_kernels.h.
 */
#ifndef KERNEL_BUFFERS_H
#define KERNEL_BUFFERS_H

#include "fourierft_kernels.h"
#include "kernels.h"

namespace emulator {

/* Collects the answers of a BufferCheck; after the first no it asks nothing more. */
class Touched {
 public:
  Touched(const LaunchShape &launched, const BufferCheck &check) : shape(launched), check_(check) {}

  /* `count` elements; none is never touched, whatever the address. */
  template <typename Element>
  Touched &array(const char *name, const Element *address, int64_t count) {
    return bytes(name, address, count * static_cast<int64_t>(sizeof(Element)), alignof(Element));
  }

  /* A matrix of a format given at run time. */
  Touched &matrix(const char *name, const void *address, int32_t type, int64_t rows, int64_t cols,
                  int64_t stride);

  /* Indices into something else, each in [low, high). */
  Touched &indices(const char *name, const int32_t *values, int64_t count, int64_t low,
                   int64_t high);

  /* Entries whose sources and frequencies lie below these. */
  Touched &entries(const char *name, const fourierft_line_entry *entries, int64_t count,
                   int64_t sources, int64_t frequencies);

  /* A plan of fourierft_lines.h with its tables, and powers of two up to most among its radices. */
  Touched &line(const char *name, const fourierft_line *line, int most);

  /* Asks about an impossible buffer of that name unless `holds`. */
  Touched &require(const char *name, bool holds);

  Touched &bytes(const char *name, const void *address, int64_t count, int64_t alignment) {
    if (valid && count != 0) valid = check_({name, address, count, alignment});
    return *this;
  }

  const LaunchShape shape;
  bool valid = true;

 private:
  const BufferCheck &check_;
};

namespace touch {

void fourierft_abi_version(Touched &, int32_t *version);
void fourierft_scatter_full(Touched &, const fourierft_adapter *, int64_t, int64_t, int64_t rows,
                            int64_t cols, fourierft_complex *spectra);
void fourierft_scatter_half(Touched &, const fourierft_adapter *, int64_t, int64_t, int64_t rows,
                            int64_t cols, fourierft_complex *spectra);
void fourierft_scatter_columns(Touched &, const fourierft_adapter *, int64_t, int64_t, int64_t rows,
                               int64_t cols, int64_t slots, fourierft_complex *columns);
void fourierft_expand_columns(Touched &, const fourierft_adapter *, int64_t, int64_t rows,
                              int64_t cols, int64_t slots, const fourierft_complex *columns,
                              fourierft_complex *half);
void fourierft_direct_delta(Touched &, const fourierft_adapter *, int64_t, int64_t rows,
                            int64_t cols, float *delta);
void fourierft_store_delta(Touched &, const fourierft_target *, int64_t, int64_t rows, int64_t cols,
                           const float *source, int64_t step, int64_t stride, int64_t distance);
void fourierft_add_delta(Touched &, const fourierft_target *, int64_t, int64_t rows, int64_t cols,
                         const float *source, int64_t step, int64_t stride, int64_t distance, float,
                         fourierft_addition *partials);
void fourierft_reduce_addition(Touched &, const fourierft_addition *, int64_t,
                               fourierft_addition *result);
void fourierft_pack(Touched &, const void *x, int32_t type, int64_t x_stride, int64_t tokens,
                    int64_t features, float *packed, int64_t packed_stride);
void fourierft_gather_multiply(Touched &, const fourierft_operator *, int64_t, const int32_t *,
                               int64_t tokens, const fourierft_complex *input, int64_t in_bins,
                               fourierft_complex *output, int64_t out_bins);
void fourierft_accumulate(Touched &, const float *value, int64_t value_stride,
                          const int32_t *choice, int64_t tokens, int64_t features, void *y,
                          int32_t type, int64_t y_stride);
void fourierft_spectrum_gradient(Touched &, const fourierft_gradient *, int64_t, int64_t,
                                 int64_t rows, int64_t cols, const fourierft_complex *x,
                                 const fourierft_complex *g, int64_t, float *partials);
void fourierft_reduce_spectrum_gradient(Touched &, const fourierft_gradient *, int64_t, int64_t,
                                        int64_t, const float *partials);
void fourierft_delta_gradient(Touched &, const fourierft_gradient *, int64_t, int64_t, int64_t rows,
                              int64_t cols, const fourierft_complex *half);
void fourierft_gradient_squares(Touched &, const fourierft_parameter *, int64_t, int64_t,
                                const fourierft_adamw *settings, double *partials);
void fourierft_decide_step(Touched &, const double *partials, int64_t,
                           const fourierft_adamw *settings, const fourierft_progress *,
                           fourierft_rates *, int64_t, fourierft_decision *);
void fourierft_adamw_step(Touched &, const fourierft_parameter *, int64_t, int64_t,
                          const fourierft_adamw *settings, const fourierft_rates *,
                          const fourierft_decision *, fourierft_progress *);
void fourierft_line_delta(Touched &, const fourierft_line_delta_job *, int64_t, int64_t);
void fourierft_line_add(Touched &, const fourierft_line_delta_job *, int64_t, int64_t, float);
void fourierft_line_add_measured(Touched &, const fourierft_line_delta_job *, int64_t, int64_t,
                                 float, fourierft_addition *);
void fourierft_line_apply(Touched &, const fourierft_line *input, const fourierft_line *output,
                          const fourierft_line_operator *, int32_t, const fourierft_token_group *,
                          int32_t groups, const int32_t *token, int32_t tokens, int32_t per_group,
                          const void *x, int64_t x_stride, int32_t x_type, void *y, int64_t y_stride,
                          int32_t y_type);
void fourierft_line_backward(Touched &, const fourierft_line *x_line, const fourierft_line *g_line,
                             const fourierft_line_operator *, const fourierft_line_gradient *,
                             int32_t, const fourierft_token_group *, int32_t groups,
                             const int32_t *token, int32_t tokens, int32_t per_group,
                             const void *x, int64_t x_stride, int32_t x_type,
                             const void *g, int64_t g_stride, int32_t g_type, void *gx,
                             int64_t gx_stride, int32_t gx_type, float *partials,
                             int64_t partial_stride);

}  // namespace touch
}  // namespace emulator

#endif
