/*
 * Kernels that keep a line (a row of a delta, or a token) in shared memory from its first load to
 * its last store, so that each operation is one launch and moves every byte once. Part of
 * fourierft_kernels.h, which says how kernels are launched and what tables are.
 *
 * Launching. These kernels take dynamic shared memory and a block of 32 to FOURIERFT_LINE_BLOCK
 * threads, a power of two and more than half of the largest odd radix. All loops stride over the
 * grid, and no result depends on the grid.
 *
 * The transform. A line of `points` complex numbers, points = radix[0] * radix[1] * ..., is
 * transformed in place, one pass for each radix: forward passes run from the first to the last and
 * leave frequency f = q[0] + radix[0] * (q[1] + radix[1] * (q[2] + ...)) at position
 * q[0] * span[0] + q[1] * span[1] + ..., span[i] = points / (radix[0] * ... * radix[i]). The
 * inverse starts from there, runs the passes backwards and leaves numbers in their natural order.
 * Radices may be 2, 3, 4, 5, 7, 8, 16 and any odd number up to FOURIERFT_LARGEST_RADIX; those of 16
 * come last, so that their spans are powers of 16.
 *
 * A real line of even length 2 * points is transformed as the complex numbers
 * line[2*i] + i * line[2*i+1]; one of odd length as complex numbers of that length.
 *
 * Shared memory. Number i of a block's lines, laid one after another, is at fourierft_complex
 * number i + i / FOURIERFT_LINE_PAD; FOURIERFT_LINE_BYTES says how much that takes.
 */
#ifndef FOURIERFT_LINES_H
#define FOURIERFT_LINES_H

#ifndef FOURIERFT_KERNELS_H
#error "include fourierft_kernels.h"
#endif

/* The most threads of a block. */
#define FOURIERFT_LINE_BLOCK 512

/* What compilers are told it is, which leaves the kernels 64, 80, 96 and 128 registers a thread. */
#define FOURIERFT_DELTA_BOUND 1024
#define FOURIERFT_ADD_BOUND 768
#define FOURIERFT_MEASURE_BOUND 640
#define FOURIERFT_TOKEN_BOUND 512

/* One number is left free after so many, so that strided accesses meet different banks. */
#define FOURIERFT_LINE_PAD 16
#define FOURIERFT_LINE_BYTES(numbers) (((numbers) + (numbers) / FOURIERFT_LINE_PAD + 1) / 2 * 16)

/* The largest radix; a block has more threads than half of it. */
#define FOURIERFT_LARGEST_RADIX 1021

/*
 * The largest powers of two among the radices of a delta's rows and of tokens: what a thread keeps in
 * registers decides how many blocks a multiprocessor has.
 */
#define FOURIERFT_ROW_RADIX 8
#define FOURIERFT_TOKEN_RADIX 16

/* The most tokens that a block keeps at a time. */
#define FOURIERFT_LINE_TOKENS 4

/* One pass of a transform. 24 bytes. */
struct alignas(8) fourierft_pass {
  int32_t radix;    /*  0 */
  int32_t span;     /*  4: from one element of a butterfly to the next */
  uint32_t magic;   /*  8: 2^32 / span, rounded up; 0 if span is 1 */
  int32_t twiddles; /* 12: of them, e^{-2 pi i q j / (radix * span)} is number
                           twiddles + (q - 1) * span + j, 0 < q < radix, j < span; none if span is 1 */
  int32_t roots;    /* 16: e^{-2 pi i t / radix} is number roots + t; only of radices above 8 but 16 */
  int32_t reserved; /* 20: 0 */
};

/*
 * Two bins that mirror each other: b and points - b of a halved line, whose turn is
 * e^{-2 pi i b / (2 * points)}; w and -w of a complex one, w <= points/2. 16 bytes.
 */
struct alignas(16) fourierft_pair {
  float re;         /*  0: of the turn, which only a halved line needs */
  float im;         /*  4 */
  int32_t position; /*  8: of the first in the line */
  int32_t mirror;   /* 12: of the second; the same if it is the first: w = -w, or b = points - b, or
                           b = 0, whose place holds the real bins 0 and points as real and imaginary
                           part */
};

/* How lines of one length are transformed; its tables follow in the same memory. 40 bytes. */
struct fourierft_line {
  int32_t features;    /*  0: real numbers of a line */
  int32_t points;      /*  4: complex numbers of a line */
  int32_t halved;      /*  8: 1 if features = 2 * points, 0 if they are the same */
  int32_t passes;      /* 12: how many */
  int32_t pairs;       /* 16: points/2 + 1 */
  int32_t passes_at;   /* 20: bytes from the start of this to fourierft_pass[passes] */
  int32_t twiddles_at; /* 24: bytes to fourierft_complex[] */
  int32_t pairs_at;    /* 28: bytes to fourierft_pair[pairs], in any order */
  int32_t bytes;       /* 32: of all together */
  int32_t reserved;    /* 36: 0 */
};

/* What one coefficient gives a pair of bins. 8 bytes. */
struct alignas(8) fourierft_line_entry {
  int32_t source;    /* 0: what it is multiplied with; see who has it */
  int32_t frequency; /* 4: k */
};

/* A pair of bins (w, -w) of a delta's rows that has coefficients. 16 bytes. */
struct alignas(16) fourierft_line_bins {
  uint16_t position;          /*  0: of w in the line */
  uint16_t mirror;            /*  2: of -w; the same if it is w */
  int32_t further;            /*  4: where its other entries start; they end where those of the next
                                     pair do */
  fourierft_line_entry first; /*  8: its first entry */
};

/*
 * One adapter whose delta is wanted. With w = v, u' = u if v <= cols/2, and w = cols - v,
 * u' = -u mod rows if cols - v <= cols/2 (both where v is 0 or cols/2), pair (w, -w) of the line has
 * the entries (u', k): source is u', in [0, rows). Pairs are in any order; threads that follow one
 * another have pairs that do. For the transposed problem, ΔW^T, the host exchanges u and v, rows and
 * cols. 112 bytes.
 */
struct fourierft_line_delta_job {
  const fourierft_line *line;          /*   0: a complex line of cols points, at most 65536 */
  const fourierft_line_bins *pairs;    /*   8: pair_count with entries, and one more, of which only
                                               further counts */
  const fourierft_line_entry *entries; /*  16: those that are not the first of their pair */
  const float *coefficient;            /*  24: c[k] */
  const fourierft_complex *turns;      /*  32: e^{+2 pi i t / rows}, rows of them */
  uint64_t magic;                      /*  40: 2^64 - 1 over rows, rounded down */
  int64_t first_unit;                  /*  48: sum of the units of the jobs before; see below */
  fourierft_target target;             /*  56: scale is applied to the sums; transposed means that
                                               data is [cols, rows] */
  int32_t rows;                        /*  88 */
  int32_t cols;                        /*  92 */
  float scale;                         /*  96: factor on every c[k] */
  int32_t frequencies;                 /* 100: n */
  int32_t pair_count;                  /* 104 */
  int32_t reserved;                    /* 108: 0 */
};

/*
 * target = round(target.scale * delta) for every job. Units of a job: rows/4 + 1 if rows is even,
 * else (rows + 3) / 4; each takes up to four rows. Shared memory: FOURIERFT_LINE_BYTES(the most
 * cols). Work: unit_count.
 */
FOURIERFT_KERNEL fourierft_line_delta(
    const fourierft_line_delta_job *jobs, int64_t job_count, int64_t unit_count);

/* weight = round(weight + sign * delta), as fourierft_add_delta. Work: unit_count. */
FOURIERFT_KERNEL fourierft_line_add(
    const fourierft_line_delta_job *jobs, int64_t job_count, int64_t unit_count, float sign);

/*
 * The same; partials gets one struct for each unit. Shared memory is at least
 * sizeof(fourierft_addition) for each thread. The sums depend on the number of threads.
 * Work: unit_count.
 */
FOURIERFT_KERNEL fourierft_line_add_measured(
    const fourierft_line_delta_job *jobs, int64_t job_count, int64_t unit_count, float sign,
    fourierft_addition *partials);

/* Kinds of sources. */
#define FOURIERFT_PLAIN 0
#define FOURIERFT_CONJUGATE 1
#define FOURIERFT_REAL 2
#define FOURIERFT_IMAGINARY 3

/*
 * One adapter as a linear operator on tokens, in one direction. The source of an entry is
 * 8 * position + 4 * which + kind: the number at that position of the input's line, its conjugate, or
 * only its real or imaginary part. It stands for bin w of the input's half spectrum
 * (fourierft_operator says which bin and whether its conjugate), so that kind is FOURIERFT_REAL for
 * bin 0 and FOURIERFT_IMAGINARY, at position 0, for bin points of a halved line. The entries of a
 * pair of the output's line go to its first bin where which is 0, else to its second, which is bin
 * points if the first is 0; none go there if it is the same as the first or the line is not halved.
 * 32 bytes.
 */
struct fourierft_line_operator {
  const int32_t *start;                /*  0: pairs + 1 numbers: where the entries of a pair start */
  const fourierft_line_entry *entries; /*  8 */
  const float *coefficient;            /* 16: c[k] */
  float scale;                         /* 24: scaling / (rows * cols), as of fourierft_operator */
  int32_t frequencies;                 /* 28: n */
};

/* Tokens that one block works on. 12 bytes. */
struct fourierft_token_group {
  int32_t first;  /*  0: of their numbers in token */
  int32_t count;  /*  4: 1 .. per_group */
  int32_t choice; /*  8: the adapter that they have, or -1: all of them */
};

/*
 * y[t] = round(y[t] + the sum of t's adapters on x[t]), the sum in float32 (float64 for F64), for
 * every token that a group names; the others are not touched. groups may be NULL: then they are
 * per_group tokens each in their order, with all operators. per_group is at most
 * FOURIERFT_LINE_TOKENS. Shared memory: FOURIERFT_LINE_BYTES(per_group * points) of the input and
 * of the output. Work: group_count.
 */
FOURIERFT_KERNEL fourierft_line_apply(
    const fourierft_line *input_line, const fourierft_line *output_line,
    const fourierft_line_operator *operators, int32_t operator_count,
    const fourierft_token_group *groups, int32_t group_count, const int32_t *token, int32_t tokens,
    int32_t per_group, const void *x, int64_t x_stride, int32_t x_type, void *y, int64_t y_stride,
    int32_t y_type);

/* Where the products of one coefficient are read. 8 bytes. */
struct alignas(8) fourierft_line_places {
  int32_t x; /* 0: a source, 4 * position + kind */
  int32_t g; /* 4 */
};

/*
 * Where an adapter's gradient comes from: X[v[k]] and G[u[k]] in the sums with e^{+}, so bin v with
 * its conjugate if v <= cols/2, else bin cols - v. 24 bytes.
 */
struct fourierft_line_gradient {
  const fourierft_line_places *places; /*  0: of each k */
  int64_t first;                       /*  8: sum of the n of the adapters before */
  int32_t frequencies;                 /* 16: n */
  int32_t reserved;                    /* 20: 0 */
};

/*
 * A backward pass: gx[t] += the sum of t's adapters, transposed, on g[t], as fourierft_line_apply
 * (unless gx is NULL), and partials[group * partial_stride + k] = Re of the sum over the tokens of
 * the group, in their order, of X[v[k]] * G[u[k]], where group is its number; at first + k instead
 * of k for the tokens that have all adapters. operators are those of the transposed direction, from
 * g's line to x's. If the groups of each adapter follow one another, all full but the last, then
 * fourierft_reduce_spectrum_gradient sums them, with per_group as its tokens_per_chunk. Shared
 * memory: FOURIERFT_LINE_BYTES(points) of x and of g. Work: group_count.
 */
FOURIERFT_KERNEL fourierft_line_backward(
    const fourierft_line *x_line, const fourierft_line *g_line,
    const fourierft_line_operator *operators, const fourierft_line_gradient *gradients,
    int32_t adapter_count, const fourierft_token_group *groups, int32_t group_count,
    const int32_t *token, int32_t tokens, int32_t per_group, const void *x,
    int64_t x_stride, int32_t x_type, const void *g, int64_t g_stride, int32_t g_type, void *gx,
    int64_t gx_stride, int32_t gx_type, float *partials, int64_t partial_stride);

/* Every kernel of this header once. */
#define FOURIERFT_LINE_KERNEL_LIST(KERNEL) \
  KERNEL(fourierft_line_delta)             \
  KERNEL(fourierft_line_add)               \
  KERNEL(fourierft_line_add_measured)      \
  KERNEL(fourierft_line_apply)             \
  KERNEL(fourierft_line_backward)

#endif
