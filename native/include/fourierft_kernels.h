/*
 * The one list of this project's CUDA kernels: what the Java engine launches by name, what the
 * fatbin holds, and what the emulated driver of tests/native runs.
 *
 * Launching. Every kernel takes a one-dimensional grid of at least 1 block and a one-dimensional
 * block of exactly FOURIERFT_BLOCK threads, and no dynamic shared memory; those of
 * fourierft_lines.h, which is a part of this list, say what they take. All loops stride over
 * the grid, so that any grid gives the right result; "work" below is the number of blocks that have
 * something to do, and min(work, 16 * multiprocessors) is a good grid. Work of 0 needs no launch.
 *
 * Memory. All pointers are device pointers, aligned to their element, and not NULL unless the text
 * allows it. Outputs overlap no input. Sizes are in elements, not bytes, and may
 * exceed 2^31. Matrices are row-major; a "stride" is from the start of one row to that of the next.
 *
 * Transforms. What stands between two kernels is a cuFFT call, which scales nothing: R2C has the
 * sign e^{-}, the inverse C2C and C2R have e^{+}. The half spectrum of a length L has the bins
 * 0 .. L/2, so half(L) = L/2 + 1 of them.
 *
 * Tables. The structs below are arrays in device memory. Their offsets are fixed (asserted in
 * native/kernels/layout.h) and given as comments, for those who fill them from another language.
 *
 * Change FOURIERFT_KERNEL_ABI with every change of a name, a parameter, a struct or a meaning.
 */
#ifndef FOURIERFT_KERNELS_H
#define FOURIERFT_KERNELS_H

#include <stdint.h>

/* The version that fourierft_abi_version reports. */
#define FOURIERFT_KERNEL_ABI 8

/* Threads of a block, in every launch. */
#define FOURIERFT_BLOCK 256

/* Edge of the square tiles that the transposing kernels work on. */
#define FOURIERFT_TILE 32

/* Elements of a row that one block takes at a time in the kernels that go along rows. */
#define FOURIERFT_SEGMENT 1024

/* Tokens that one block takes at a time in fourierft_gather_multiply. */
#define FOURIERFT_TOKEN_TILE 4

/* Element formats; io.fourierft.internal.cuda.struct.ElementCode has the same numbers. */
#define FOURIERFT_F64 0
#define FOURIERFT_F32 1
#define FOURIERFT_F16 2
#define FOURIERFT_BF16 3

#ifdef __CUDACC__
#define FOURIERFT_KERNEL extern "C" __global__ void
#else
#define FOURIERFT_KERNEL extern "C" void
#endif

/* One complex number, as cuFFT's cufftComplex. */
struct alignas(8) fourierft_complex {
  float re; /* 0 */
  float im; /* 4 */
};

/* One adapter whose spectrum is to be scattered. 48 bytes. */
struct fourierft_adapter {
  const int32_t *row;         /*  0: u[k], in [0, rows) */
  const int32_t *column;      /*  8: v[k], in [0, cols) */
  const float *coefficient;   /* 16: c[k] */
  const int32_t *column_slot; /* 24: 2 * half(cols) numbers: first the compact column that half column
                                     w has, or -1; then the half column that compact column i stands
                                     for, or -1 beyond the last; NULL unless the pruned path is used */
  int64_t frequencies;        /* 32: n */
  float scale;                /* 40: factor on every c[k], as scaling / (rows * cols) */
  int32_t reserved;           /* 44: 0 */
};

/* Where one adapter's delta goes. 32 bytes. */
struct fourierft_target {
  void *data;         /*  0: [rows, cols], or [cols, rows] if transposed */
  int64_t stride;     /*  8: of data, in elements */
  int32_t type;       /* 16: FOURIERFT_F64 .. FOURIERFT_BF16, the format of data */
  int32_t delta_type; /* 20: the format to which the delta is rounded first; FOURIERFT_F32: none */
  float scale;        /* 24: factor on the source; 1 where the scatter has scaled already */
  int32_t transposed; /* 28: 1 if data is [cols, rows] (Conv1D); only fourierft_add_delta */
};

/* What one block, or all together, found while adding deltas to weights. 40 bytes. */
struct fourierft_addition {
  double delta_squares;  /*  0: sum of delta^2 */
  double weight_squares; /*  8: sum of weight^2, before */
  double error_sum;      /* 16: sum of |stored - (weight + delta)|; finite ones */
  double error_max;      /* 24: the largest of them */
  int64_t non_finite;    /* 32: stored values that are NaN or infinite */
};

/*
 * One adapter as a linear operator on half spectra, in one direction: compressed rows, one for each
 * output bin. For an adapter with out_features M, in_features N, direction forward (input = R2C of
 * x, N long; output bins = half(M)) the host builds, for every k in rising order:
 *
 *   let w = v <= N/2 ? v : N - v,  conj = v <= N/2 ? 1 : 0;       (X[v] = conj of R2C's x^[v])
 *   if u <= M/2:               bin u         gets (2*w + conj,       k)
 *   if (M - u) % M <= M/2:     bin (M-u) % M gets (2*w + (1 - conj), k)
 *
 * and both where u is 0 or M/2. The direction transposed is the same with (u, M) and (v, N)
 * exchanged and the R2C of the upstream gradient as input. 40 bytes.
 */
struct fourierft_operator {
  const int32_t *bin_start;   /*  0: out_bins + 1 numbers; the entries of bin b are
                                     bin_start[b] .. bin_start[b+1] - 1 */
  const int32_t *source;      /*  8: 2 * input bin + 1 if its conjugate is taken */
  const int32_t *frequency;   /* 16: k of each entry */
  const float *coefficient;   /* 24: c[k] */
  float scale;                /* 32: scaling / (rows * cols); the half that folding needs is applied
                                     by the kernel */
  int32_t frequencies;        /* 36: n */
};

/* One adapter whose coefficients' gradient is wanted. 72 bytes. */
struct fourierft_gradient {
  const int32_t *row;         /*  0: u[k] */
  const int32_t *column;      /*  8: v[k] */
  float *gradient;            /* 16: n numbers, added to */
  const int32_t *token;       /* 24: the tokens it acts on, rising; NULL: 0 .. tokens - 1 */
  int64_t frequencies;        /* 32: n */
  int64_t tokens;             /* 40: how many it acts on; 0 leaves the gradient as it is */
  int64_t first_partial;      /* 48: where its partial sums start in the partials' buffer, in
                                     elements; n of them for each chunk of its tokens, of which it
                                     has ceil(tokens / tokens_per_chunk) */
  int64_t first_unit;         /* 56: sum over the adapters before it of
                                     ceil(tokens / tokens_per_chunk) * ceil(n / FOURIERFT_BLOCK) */
  float scale;                /* 64: scaling / (rows * cols) */
  int32_t partial_stride;     /* 68: from the partial sums of one chunk to those of the next */
};

/*
 * One tensor of the optimiser. Tensors are cut into segments of FOURIERFT_SEGMENT elements, which
 * are the units of work. 56 bytes.
 */
struct fourierft_parameter {
  float *value;           /*  0: updated */
  float *gradient;        /*  8: set to zero by the step */
  float *first_moment;    /* 16: exp_avg, updated */
  float *second_moment;   /* 24: exp_avg_sq, updated */
  int64_t elements;       /* 32 */
  int64_t first_unit;     /* 40: sum over the tensors before it of their segments */
  int32_t group;          /* 48: whose rates it has */
  int32_t reserved;       /* 52: 0 */
};

/*
 * The settings of one step, in device memory so that a captured graph can be replayed for every
 * step. 56 bytes.
 */
struct fourierft_adamw {
  double beta1;           /*  0 */
  double beta2;           /*  8 */
  double max_norm;        /* 16: gradients are scaled by min(1, max_norm / (norm + 1e-6)) */
  int64_t acknowledged;   /* 24: refused steps that the caller knows of; while there are more, no
                                 step is made or counted */
  float share;            /* 32: what a gathered gradient is multiplied by first */
  float first_weight;     /* 36: 1 - beta1, rounded from double */
  float second_decay;     /* 40: beta2 */
  float second_weight;    /* 44: 1 - beta2, rounded from double */
  float epsilon;          /* 48 */
  int32_t refuses;        /* 52: a norm that is not finite refuses the step (1) or skips it (0) */
};

/* The rates of one group of parameters in one step. 16 bytes. */
struct fourierft_rates {
  double learning_rate;   /*  0 */
  float decay;            /*  8: 1 - learning_rate * weight_decay */
  float step_size;        /* 12: written by fourierft_decide_step */
};

/* How far training has come. 32 bytes. */
struct fourierft_progress {
  int64_t steps;          /*  0: made */
  int64_t skipped;        /*  8: not made, since gradients were not finite */
  int64_t refused;        /* 16: the same where that is refused */
  double norm;            /* 24: of the last step's gradients before clipping */
};

/* What becomes of a step. 48 bytes. */
struct fourierft_decision {
  int64_t steps;             /*  0: the progress after it */
  int64_t skipped;           /*  8 */
  int64_t refused;           /* 16 */
  double norm;               /* 24 */
  float clip;                /* 32: what gradients are multiplied by */
  float second_correction;   /* 36: sqrt(1 - beta2^t) */
  int32_t applies;           /* 40: whether it is made */
  int32_t reserved;          /* 44: 0 */
};

/* Writes FOURIERFT_KERNEL_ABI. Work: 1. */
FOURIERFT_KERNEL fourierft_abi_version(int32_t *version);

/* ---- Spectra into matrices. The output was zeroed before (one memset of the whole batch). ---- */

/*
 * Reference path: spectra[a][u][v] = scale * c[k], distance rows * cols, for the 2-D inverse C2C.
 * Work: adapter_count * ceil(max n / FOURIERFT_BLOCK); max_frequencies is the largest n.
 */
FOURIERFT_KERNEL fourierft_scatter_full(
    const fourierft_adapter *adapters, int64_t adapter_count, int64_t max_frequencies,
    int64_t rows, int64_t cols, fourierft_complex *spectra);

/*
 * Folded path: half of scale * c[k] at (u, v), half at (-u, -v), columns 0 .. cols/2 only:
 * spectra[a][u][w], distance rows * half(cols), for the 2-D C2R. Two coefficients that meet in one
 * bin are added. Work as fourierft_scatter_full.
 */
FOURIERFT_KERNEL fourierft_scatter_half(
    const fourierft_adapter *adapters, int64_t adapter_count, int64_t max_frequencies,
    int64_t rows, int64_t cols, fourierft_complex *spectra);

/*
 * Pruned path: as the folded one, but only columns that are not zero, each contiguous:
 * columns[a][column_slot[w]][u], distance slots * rows, slots >= 1 + the largest slot of any
 * adapter. For adapter_count * slots 1-D inverse C2C transforms of length rows, stride 1.
 * Work as fourierft_scatter_full.
 */
FOURIERFT_KERNEL fourierft_scatter_columns(
    const fourierft_adapter *adapters, int64_t adapter_count, int64_t max_frequencies,
    int64_t rows, int64_t cols, int64_t slots, fourierft_complex *columns);

/*
 * Puts transformed compact columns back where they belong, transposed: half[a][p][w] =
 * columns[a][column_slot[w]][p], or 0 where the slot is -1; all of half, [adapter_count, rows,
 * half(cols)], is written. For adapter_count * rows 1-D C2R transforms of length cols.
 * Work: adapter_count * ceil(rows / FOURIERFT_TILE) * ceil(half(cols) / FOURIERFT_TILE).
 */
FOURIERFT_KERNEL fourierft_expand_columns(
    const fourierft_adapter *adapters, int64_t adapter_count, int64_t rows, int64_t cols,
    int64_t slots, const fourierft_complex *columns, fourierft_complex *half);

/*
 * No transform at all: delta[a][p][q] = sum over k of scale * c[k] * cos(2 pi (u p / rows +
 * v q / cols)), F32, distance rows * cols; written, not added.
 * Work: adapter_count * ceil(rows / FOURIERFT_TILE) * ceil(cols / FOURIERFT_TILE).
 */
FOURIERFT_KERNEL fourierft_direct_delta(
    const fourierft_adapter *adapters, int64_t adapter_count, int64_t rows, int64_t cols,
    float *delta);

/* ---- From the transform's output into weights. ---- */

/*
 * Writes target[a][p][q] = round(scale * source[a*source_distance + p*source_stride +
 * q*source_step]). The source is the C2R's output (step 1), or the complex output of C2C, of which
 * the real part is taken (step 2; then stride and distance count floats too).
 * Work: adapter_count * rows * ceil(cols / FOURIERFT_SEGMENT).
 */
FOURIERFT_KERNEL fourierft_store_delta(
    const fourierft_target *targets, int64_t adapter_count, int64_t rows, int64_t cols,
    const float *source, int64_t source_step, int64_t source_stride, int64_t source_distance);

/*
 * weight = round(weight + sign * delta), the sum in float32 (float64 for F64), where delta =
 * round to delta_type(scale * source), source as in fourierft_store_delta. sign is +1 or -1.
 * partials, if not NULL, gets one struct for each block of the grid; NULL measures nothing and is
 * faster. Targets may not overlap, so that one weight takes one adapter a launch.
 * Work: adapter_count * ceil(rows / FOURIERFT_TILE) * ceil(cols / FOURIERFT_TILE).
 */
FOURIERFT_KERNEL fourierft_add_delta(
    const fourierft_target *targets, int64_t adapter_count, int64_t rows, int64_t cols,
    const float *source, int64_t source_step, int64_t source_stride, int64_t source_distance,
    float sign, fourierft_addition *partials);

/* Sums partial_count partials into one, in an order that depends on their number alone. Work: 1. */
FOURIERFT_KERNEL fourierft_reduce_addition(
    const fourierft_addition *partials, int64_t partial_count, fourierft_addition *result);

/* ---- Activations and the spectral operator. ---- */

/*
 * packed[t][i] = float(x[t][i]), i < features: the dense F32 input of an R2C, or back-to-back rows
 * of packed_stride for an in-place one. Work: tokens * ceil(features / FOURIERFT_SEGMENT).
 */
FOURIERFT_KERNEL fourierft_pack(
    const void *x, int32_t type, int64_t x_stride, int64_t tokens, int64_t features,
    float *packed, int64_t packed_stride);

/*
 * output[t][b] = sum over the token's adapters of the sum over the entries of bin b of
 * (scale/2 * c[frequency]) * input[t][source], so that a tiny c is not multiplied where it has few
 * bits; bins without entries get 0, so every bin is written. input is
 * [tokens, in_bins], output [tokens, out_bins], both dense. choice is NULL if every token is
 * changed by the sum of all operators, else choice[t] names one of them, or -1 for none.
 * The order of the sum is fixed. Work: ceil(tokens / FOURIERFT_TOKEN_TILE) * ceil(out_bins /
 * FOURIERFT_BLOCK).
 */
FOURIERFT_KERNEL fourierft_gather_multiply(
    const fourierft_operator *operators, int64_t operator_count, const int32_t *choice,
    int64_t tokens, const fourierft_complex *input, int64_t in_bins,
    fourierft_complex *output, int64_t out_bins);

/*
 * y[t][i] = round(float(y[t][i]) + value[t][i]), i < features; rows of tokens whose choice is -1
 * are not touched. choice may be NULL. type is any but FOURIERFT_F64.
 * Work: tokens * ceil(features / FOURIERFT_SEGMENT).
 */
FOURIERFT_KERNEL fourierft_accumulate(
    const float *value, int64_t value_stride, const int32_t *choice, int64_t tokens,
    int64_t features, void *y, int32_t type, int64_t y_stride);

/* ---- Gradients of the coefficients. ---- */

/*
 * First stage, over chunks of tokens_per_chunk tokens of each adapter: partials[first_partial +
 * j*partial_stride + k] = Re of the sum over the tokens of chunk j, in their order, of X[v[k]] *
 * G[u[k]], where x is [tokens, half(cols)] and g [tokens, half(rows)], the R2C of the layer's input and of the
 * upstream gradient. unit_count is the total of units (first_unit's sum over all adapters).
 * Work: unit_count.
 */
FOURIERFT_KERNEL fourierft_spectrum_gradient(
    const fourierft_gradient *gradients, int64_t adapter_count, int64_t unit_count,
    int64_t rows, int64_t cols, const fourierft_complex *x, const fourierft_complex *g,
    int64_t tokens_per_chunk, float *partials);

/*
 * Second stage: gradient[k] += scale * the sum of its partials in float64, in an order that depends
 * on the number of chunks alone. row, column, token and first_unit are not read.
 * Work: adapter_count * ceil(max n / FOURIERFT_TILE).
 */
FOURIERFT_KERNEL fourierft_reduce_spectrum_gradient(
    const fourierft_gradient *gradients, int64_t adapter_count, int64_t max_frequencies,
    int64_t tokens_per_chunk, const float *partials);

/*
 * gradient[k] += scale * Re(H^[u[k], v[k]]) from the 2-D R2C of a dense upstream gradient H, which
 * is half[a][u][w], distance rows * half(cols). token, tokens, first_partial and first_unit are not
 * read. Work: adapter_count * ceil(max n / FOURIERFT_BLOCK).
 */
FOURIERFT_KERNEL fourierft_delta_gradient(
    const fourierft_gradient *gradients, int64_t adapter_count, int64_t max_frequencies,
    int64_t rows, int64_t cols, const fourierft_complex *half);

/* ---- The optimiser. ---- */

/*
 * These do the same IEEE operations in the same order as the host: AdamWArithmetic in
 * io.fourierft.internal.definition. A change here is a change there.
 *
 * partials[unit] = the sum of squares of segment `unit` of all gradients, each multiplied by the
 * share. Work: unit_count, the segments of all parameters.
 */
FOURIERFT_KERNEL fourierft_gradient_squares(
    const fourierft_parameter *parameters, int64_t parameter_count, int64_t unit_count,
    const fourierft_adamw *settings, double *partials);

/*
 * Decides what becomes of the step after `progress`, which stays as it is, and writes the step sizes
 * of all groups. Work: 1.
 */
FOURIERFT_KERNEL fourierft_decide_step(
    const double *partials, int64_t unit_count, const fourierft_adamw *settings,
    const fourierft_progress *progress, fourierft_rates *rates, int64_t group_count,
    fourierft_decision *decision);

/*
 * Does what was decided: one step of torch.optim.AdamW (decoupled decay, bias correction, no
 * amsgrad) on every parameter, or none; sets all gradients to zero and writes the progress. So a
 * step whose launch fails has changed nothing. Work: unit_count.
 */
FOURIERFT_KERNEL fourierft_adamw_step(
    const fourierft_parameter *parameters, int64_t parameter_count, int64_t unit_count,
    const fourierft_adamw *settings, const fourierft_rates *rates,
    const fourierft_decision *decision, fourierft_progress *progress);

/* Every kernel once, for tables by name. */
#define FOURIERFT_KERNEL_LIST(KERNEL)        \
  KERNEL(fourierft_abi_version)              \
  KERNEL(fourierft_scatter_full)             \
  KERNEL(fourierft_scatter_half)             \
  KERNEL(fourierft_scatter_columns)          \
  KERNEL(fourierft_expand_columns)           \
  KERNEL(fourierft_direct_delta)             \
  KERNEL(fourierft_store_delta)              \
  KERNEL(fourierft_add_delta)                \
  KERNEL(fourierft_reduce_addition)          \
  KERNEL(fourierft_pack)                     \
  KERNEL(fourierft_gather_multiply)          \
  KERNEL(fourierft_accumulate)               \
  KERNEL(fourierft_spectrum_gradient)        \
  KERNEL(fourierft_reduce_spectrum_gradient) \
  KERNEL(fourierft_delta_gradient)           \
  KERNEL(fourierft_gradient_squares)         \
  KERNEL(fourierft_decide_step)              \
  KERNEL(fourierft_adamw_step)               \
  FOURIERFT_LINE_KERNEL_LIST(KERNEL)

#include "fourierft_lines.h"

#endif
