/*
 * Kernels that keep a line (a row of a delta, or a token) in shared memory from its first load to
 * its last store, so that each operation is one launch and moves every byte once. Part of
 * fourierft_kernels.h, which says how kernels are launched and what tables are.
 *
 * Launching. These kernels take dynamic shared memory and a block of 32 to FOURIERFT_LINE_BLOCK
 * threads, a power of two. All loops stride over the grid, and no result depends on the grid.
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

/* The most threads of a block; and what compilers are told, for 80 registers a thread. */
#define FOURIERFT_LINE_BLOCK 512
#define FOURIERFT_LINE_BOUND 768

/* One number is left free after so many, so that strided accesses meet different banks. */
#define FOURIERFT_LINE_PAD 16
#define FOURIERFT_LINE_BYTES(numbers) (((numbers) + (numbers) / FOURIERFT_LINE_PAD + 1) / 2 * 16)

#define FOURIERFT_LARGEST_RADIX 61
#define FOURIERFT_MOST_PASSES 16

/* The most tokens that a block keeps at a time. */
#define FOURIERFT_LINE_TOKENS 4

/* One pass of a transform. 24 bytes. */
struct fourierft_pass {
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
struct fourierft_pair {
  fourierft_complex turn; /*  0: only of a halved line */
  int32_t position;       /*  8: of the first in the line */
  int32_t mirror;         /* 12: of the second; the same if it is the first: w = -w, or
                                  b = points - b, or b = 0, whose place holds the real bins 0 and
                                  points as real and imaginary part */
};

/* How lines of one length are transformed; its tables follow in the same memory. 416 bytes. */
struct fourierft_line {
  int32_t features;       /*  0: real numbers of a line */
  int32_t points;         /*  4: complex numbers of a line */
  int32_t halved;         /*  8: 1 if features = 2 * points, 0 if they are the same */
  int32_t passes;         /* 12: 0 .. FOURIERFT_MOST_PASSES */
  int32_t pairs;          /* 16: points/2 + 1 */
  int32_t twiddles_at;    /* 20: bytes from the start of this to fourierft_complex[] */
  int32_t pairs_at;       /* 24: bytes to fourierft_pair[pairs], in any order */
  int32_t bytes;          /* 28: of all together */
  fourierft_pass pass[FOURIERFT_MOST_PASSES]; /* 32 */
};

/*
 * One adapter whose delta is wanted. With w = v, u' = u if v <= cols/2, and w = cols - v,
 * u' = -u mod rows if cols - v <= cols/2 (both where v is 0 or cols/2), pair i of the line, which
 * is (w, -w), has the entries (u', k). For the transposed problem, ΔW^T, the host exchanges u and v,
 * rows and cols. 112 bytes.
 */
struct fourierft_line_delta_job {
  const fourierft_line *line;     /*   0: a complex line of cols points */
  const int32_t *start;           /*   8: pairs + 1 numbers: where the entries of a pair start */
  const int32_t *row;             /*  16: u' of each entry, in [0, rows) */
  const int32_t *frequency;       /*  24: k of each entry */
  const float *coefficient;       /*  32: c[k] */
  const fourierft_complex *turns; /*  40: e^{+2 pi i t / rows}, rows of them */
  uint64_t magic;                 /*  48: 2^64 - 1 over rows, rounded down */
  int64_t first_unit;             /*  56: sum of the units of the jobs before; see below */
  fourierft_target target;        /*  64: scale is applied to the sums; transposed means that data
                                          is [cols, rows] */
  int32_t rows;                   /*  96 */
  int32_t cols;                   /* 100 */
  float scale;                    /* 104: factor on every c[k] */
  int32_t frequencies;            /* 108: n */
};

/*
 * target = round(target.scale * delta) for every job. Units of a job: rows/4 + 1 if rows is even,
 * else (rows + 3) / 4; each takes up to four rows. Shared memory: FOURIERFT_LINE_BYTES(the most
 * cols). Work: unit_count.
 */
FOURIERFT_KERNEL fourierft_line_delta(
    const fourierft_line_delta_job *jobs, int64_t job_count, int64_t unit_count);

/*
 * weight = round(weight + sign * delta), as fourierft_add_delta, which also says what write means.
 * partials, if not NULL, gets one struct for each unit; then shared memory is at least
 * sizeof(fourierft_addition) for each thread. Their sums depend on the number of threads.
 * Work: unit_count.
 */
FOURIERFT_KERNEL fourierft_line_add(
    const fourierft_line_delta_job *jobs, int64_t job_count, int64_t unit_count, float sign,
    int32_t write, fourierft_addition *partials);

/* Every kernel of this header once. */
#define FOURIERFT_LINE_KERNEL_LIST(KERNEL) \
  KERNEL(fourierft_line_delta)             \
  KERNEL(fourierft_line_add)

#endif
