/* The delta, rows in shared memory: its spectrum is summed there, transformed and stored. */
#include "addition.h"
#include "block_reduction.h"
#include "element_run.h"
#include "line_transform.h"

namespace {

/*
 * The rows of a unit. Two of them are the real and the imaginary part of one complex transform, and
 * row p read backwards is row -p. Of an even number of rows the two are half of all apart.
 */
struct UnitRows {
  int32_t first;
  int32_t second; /* -1 if there is none */

  __device__ __forceinline__ UnitRows(int32_t number, int32_t rows) : first(number) {
    const int32_t canonical = rows / 2 + 1;
    second = number + (rows % 2 == 0 ? rows / 2 : (canonical + 1) / 2);
    if (rows % 2 != 0 && second >= canonical) second = -1;
  }

  /* Whether row p, a mirror image, is another one than the two. */
  __device__ __forceinline__ bool is_new(int32_t p) const { return p != first && p != second; }
};

/* value modulo length, with 2^64 - 1 over length as magic. */
__device__ __forceinline__ uint32_t remainder_of(uint64_t value, uint64_t magic, uint32_t length) {
  const uint64_t left = value - __umul64hi(value, magic) * length;
  return static_cast<uint32_t>(left >= length ? left - length : left);
}

/* The same of a value below 2^32, in half as many bits. */
__device__ __forceinline__ uint32_t remainder_of(uint32_t value, uint64_t magic, uint32_t length) {
  const uint32_t left = value - __umulhi(value, static_cast<uint32_t>(magic >> 32)) * length;
  return left >= length ? left - length : left;
}

/*
 * What the coefficients of a pair of bins come to in a unit's two rows. Number holds u times a row,
 * without a loss.
 */
template <typename Number>
class PairSum {
 public:
  __device__ __forceinline__ PairSum(const fourierft_line_delta_job *job, const UnitRows &unit)
      : unit_(unit),
        coefficient_(read_only(&job->coefficient)),
        turns_(read_only(&job->turns)),
        magic_(read_only(&job->magic)),
        rows_(read_only(&job->rows)),
        scale_(read_only(&job->scale)) {}

  __device__ __forceinline__ void clear() {
    first = {0.0f, 0.0f};
    second = {0.0f, 0.0f};
  }

  __device__ __forceinline__ void add(const fourierft_line_entry &entry) {
    const bool even = rows_ % 2 == 0;
    const float value = 0.5f * __fmul_rn(scale_, read_only(coefficient_ + entry.frequency));
    fourierft_complex by = turn(entry.source, unit_.first);
    first.re += value * by.re;
    first.im += value * by.im;
    if (!even && unit_.second >= 0) by = turn(entry.source, unit_.second);
    /* Half of all rows on, a turn of u is the same or the opposite. */
    const float other = even && entry.source % 2 != 0 ? -value : value;
    second.re += other * by.re;
    second.im += other * by.im;
  }

  fourierft_complex first;
  fourierft_complex second;

 private:
  __device__ __forceinline__ fourierft_complex turn(int32_t u, int32_t row) const {
    const Number product = static_cast<Number>(u) * static_cast<uint32_t>(row);
    return read_only(turns_ + remainder_of(product, magic_, rows_));
  }

  const UnitRows unit_;
  const float *coefficient_;
  const fourierft_complex *turns_;
  uint64_t magic_;
  int32_t rows_;
  float scale_;
};

template <typename Number>
__device__ __forceinline__ void put_pairs(const fourierft_line_delta_job *job, const UnitRows &unit,
                                          fourierft_complex *line) {
  const fourierft_line_bins *pairs = read_only(&job->pairs);
  const fourierft_line_entry *entries = read_only(&job->entries);
  const int count = read_only(&job->pair_count);
  PairSum<Number> sum(job, unit);
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    const fourierft_line_bins bins = read_only(pairs + i);
    const int32_t end = read_only(&pairs[i + 1].further);
    sum.clear();
    sum.add(bins.first);
    for (int32_t entry = bins.further; entry < end; entry++) sum.add(read_only(entries + entry));
    const fourierft_complex first = sum.first;
    const fourierft_complex second = sum.second;
    if (bins.mirror == bins.position) {
      line[padded(bins.position)] = {first.re, second.re};
    } else {
      line[padded(bins.position)] = {first.re - second.im, first.im + second.re};
      line[padded(bins.mirror)] = {first.re + second.im, second.re - first.im};
    }
  }
}

/* Puts the spectrum of the unit's two rows, the second times i, into the line; ends with a barrier. */
__device__ __forceinline__ void fill(const fourierft_line_delta_job *job, const UnitRows &unit,
                                     fourierft_complex *line) {
  auto *zeros = reinterpret_cast<float4 *>(line);
  const int count = FOURIERFT_LINE_BYTES(read_only(&job->cols)) / 16;
  for (int i = threadIdx.x; i < count; i += blockDim.x) zeros[i] = {0.0f, 0.0f, 0.0f, 0.0f};
  __syncthreads();
  if (read_only(&job->rows) <= 1 << 16) {
    put_pairs<uint32_t>(job, unit, line);
  } else {
    put_pairs<uint64_t>(job, unit, line);
  }
  __syncthreads();
}

/* Numbers of elements in a matrix: the first, which may lie apart, and others at equal distances. */
struct Elements {
  int64_t zeroth;
  int64_t first;
  int64_t step;

  __device__ __forceinline__ int64_t at(int k) const { return k == 0 ? zeroth : first + k * step; }
};

/* Writes elements. */
struct Write {
  template <int COUNT>
  __device__ __forceinline__ void put(const fourierft_target &target, const Elements &elements,
                                      const float (&values)[COUNT]) {
    switch (target.type) {
      case FOURIERFT_F64:
        return write<FOURIERFT_F64>(target.data, elements, values);
      case FOURIERFT_F16:
        return write<FOURIERFT_F16>(target.data, elements, values);
      case FOURIERFT_BF16:
        return write<FOURIERFT_BF16>(target.data, elements, values);
      default:
        return write<FOURIERFT_F32>(target.data, elements, values);
    }
  }

 private:
  template <int32_t TYPE, int COUNT>
  static __device__ __forceinline__ void write(void *data, const Elements &elements,
                                               const float (&values)[COUNT]) {
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      const float value[1] = {values[k]};
      ElementRun<TYPE, 1>(data, elements.at(k)).store(value);
    }
  }
};

/* Adds to elements. */
struct Add {
  float sign;

  template <int COUNT>
  __device__ __forceinline__ void put(const fourierft_target &target, const Elements &elements,
                                      const float (&values)[COUNT]) {
    switch (target.type) {
      case FOURIERFT_F64:
        return one_by_one(target, elements, values);
      case FOURIERFT_F16:
        return add<FOURIERFT_F16>(target.data, elements, values);
      case FOURIERFT_BF16:
        return add<FOURIERFT_BF16>(target.data, elements, values);
      default:
        return add<FOURIERFT_F32>(target.data, elements, values);
    }
  }

 private:
  template <int COUNT>
  __device__ __forceinline__ void one_by_one(const fourierft_target &target,
                                             const Elements &elements,
                                             const float (&values)[COUNT]) const {
    fourierft_addition unused;
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      add_one<false>(global(target.data), target.type, elements.at(k), sign * values[k], unused);
    }
  }

  /* All are read before one is written, so that no load waits for a store. */
  template <int32_t TYPE, int COUNT>
  __device__ __forceinline__ void add(void *data, const Elements &elements,
                                      const float (&values)[COUNT]) const {
    float weight[COUNT][1];
    fourierft_addition unused;
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) ElementRun<TYPE, 1>(data, elements.at(k)).load(weight[k]);
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      weight[k][0] = added<false>(TYPE, weight[k][0], sign * values[k], unused);
      ElementRun<TYPE, 1>(data, elements.at(k)).store(weight[k]);
    }
  }
};

/* Adds to elements and measures what that did. */
struct MeasuredAdd {
  float sign;
  fourierft_addition found;

  template <int COUNT>
  __device__ __forceinline__ void put(const fourierft_target &target, const Elements &elements,
                                      const float (&values)[COUNT]) {
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      add_one<true>(global(target.data), target.type, elements.at(k), sign * values[k], found);
    }
  }
};

/*
 * Where a unit's rows go as they leave the last pass: two rows and their mirror images to the target.
 * Threads that follow one another have neighbouring columns.
 */
template <typename Put>
class UnitEdge {
 public:
  __device__ __forceinline__ UnitEdge(const fourierft_line_delta_job *job, const UnitRows &unit,
                                      Put &put)
      : job_(job), unit_(unit), put_(put) {}

  template <int COUNT>
  __device__ __forceinline__ void move(fourierft_complex (&a)[COUNT], int, int column, int step) {
    const fourierft_target target = read_only(&job_->target);
    const int32_t rows = read_only(&job_->rows);
    const int32_t cols = read_only(&job_->cols);
    const int64_t row_step = target.transposed != 0 ? 1 : target.stride;
    const int64_t column_step = target.transposed != 0 ? target.stride : 1;
    FOURIERFT_NO_UNROLL
    for (int part = 0; part < 4; part++) {
      const bool is_second = part >= 2;
      const bool is_mirror = part % 2 != 0;
      int32_t row = is_second ? unit_.second : unit_.first;
      if (row < 0) break;
      Elements elements = {column, column, step};
      if (is_mirror) {
        row = row == 0 ? 0 : rows - row;
        if (!unit_.is_new(row)) continue;
        /* Column 0 stays where it is. */
        elements = {column == 0 ? 0 : cols - column, cols - column, -step};
      }
      elements.zeroth = row * row_step + elements.zeroth * column_step;
      elements.first = row * row_step + elements.first * column_step;
      elements.step *= column_step;
      float values[COUNT];
      FOURIERFT_UNROLL
      for (int k = 0; k < COUNT; k++) {
        values[k] = __fmul_rn(target.scale, is_second ? a[k].im : a[k].re);
      }
      if (target.delta_type != FOURIERFT_F32) {
        FOURIERFT_UNROLL
        for (int k = 0; k < COUNT; k++) values[k] = rounded_to(target.delta_type, values[k]);
      }
      put_.put(target, elements, values);
    }
  }

 private:
  const fourierft_line_delta_job *job_;
  const UnitRows &unit_;
  Put &put_;
};

/* Computes a unit and puts its rows; all threads of the block must call it. */
template <typename Put>
__device__ __forceinline__ void run_unit(const fourierft_line_delta_job *__restrict__ jobs,
                                         int64_t job_count, int64_t number, Put &put) {
  auto *line = dynamic_shared<fourierft_complex>();
  const fourierft_line_delta_job *job = &owner_of(jobs, job_count, number);
  const UnitRows unit(static_cast<int32_t>(number - read_only(&job->first_unit)),
                      read_only(&job->rows));
  UnitEdge<Put> edge(job, unit, put);
  fill(job, unit, line);
  transform_inverse<FOURIERFT_ROW_RADIX>(read_only(&job->line), 1, line, edge);
}

}  // namespace

FOURIERFT_KERNEL FOURIERFT_BOUNDS(FOURIERFT_DELTA_BOUND) fourierft_line_delta(
    const fourierft_line_delta_job *__restrict__ jobs, int64_t job_count, int64_t unit_count) {
  for (int64_t number = blockIdx.x; number < unit_count; number += gridDim.x) {
    Write put;
    run_unit(jobs, job_count, number, put);
  }
}

FOURIERFT_KERNEL FOURIERFT_BOUNDS(FOURIERFT_ADD_BOUND) fourierft_line_add(
    const fourierft_line_delta_job *__restrict__ jobs, int64_t job_count, int64_t unit_count,
    float sign) {
  Add put = {sign};
  for (int64_t number = blockIdx.x; number < unit_count; number += gridDim.x) {
    run_unit(jobs, job_count, number, put);
  }
}

FOURIERFT_KERNEL FOURIERFT_BOUNDS(FOURIERFT_MEASURE_BOUND) fourierft_line_add_measured(
    const fourierft_line_delta_job *__restrict__ jobs, int64_t job_count, int64_t unit_count,
    float sign, fourierft_addition *__restrict__ partials) {
  for (int64_t number = blockIdx.x; number < unit_count; number += gridDim.x) {
    MeasuredAdd put = {sign, {0.0, 0.0, 0.0, 0.0, 0}};
    run_unit(jobs, job_count, number, put);
    const fourierft_addition found =
        merge_block(dynamic_shared<fourierft_addition>(), put.found, blockDim.x);
    if (threadIdx.x == 0) partials[number] = found;
    __syncthreads();
  }
}
