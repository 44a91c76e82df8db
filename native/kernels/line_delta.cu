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
__device__ __forceinline__ int64_t remainder_of(uint64_t value, uint64_t magic, uint64_t length) {
  const uint64_t left = value - __umul64hi(value, magic) * length;
  return static_cast<int64_t>(left >= length ? left - length : left);
}

/* Sums the spectra of the unit's two rows, the second times i, into the line. */
__device__ __forceinline__ void fill(const fourierft_line_delta_job &job, const UnitRows &unit,
                                     fourierft_complex *line) {
  const fourierft_pair *pairs = pairs_of(job.line);
  const bool even = job.rows % 2 == 0;
  for (int i = threadIdx.x; i < job.line->pairs; i += blockDim.x) {
    fourierft_complex first = {0.0f, 0.0f};
    fourierft_complex second = {0.0f, 0.0f};
    const int32_t end = job.start[i + 1];
    for (int32_t entry = job.start[i]; entry < end; entry++) {
      const int64_t u = job.row[entry];
      const float value = 0.5f * __fmul_rn(job.scale, job.coefficient[job.frequency[entry]]);
      fourierft_complex turn = job.turns[remainder_of(u * unit.first, job.magic, job.rows)];
      first.re += value * turn.re;
      first.im += value * turn.im;
      if (!even && unit.second >= 0) {
        turn = job.turns[remainder_of(u * unit.second, job.magic, job.rows)];
      }
      /* Half of all rows on, a turn of u is the same or the opposite. */
      const float other = even && u % 2 != 0 ? -value : value;
      second.re += other * turn.re;
      second.im += other * turn.im;
    }
    const fourierft_pair &pair = pairs[i];
    if (pair.mirror == pair.position) {
      line[padded(pair.position)] = {first.re, second.re};
    } else {
      line[padded(pair.position)] = {first.re - second.im, first.im + second.re};
      line[padded(pair.mirror)] = {first.re + second.im, second.re - first.im};
    }
  }
}

/* Writes elements of a row. */
struct Write {
  template <int32_t TYPE, int COUNT>
  __device__ __forceinline__ void put(ElementRun<TYPE, COUNT> run, const float (&values)[COUNT]) {
    run.store(values);
  }
};

/* Adds to the elements of a row. */
template <bool MEASURE>
struct Add {
  float sign;
  fourierft_addition found;

  template <int32_t TYPE, int COUNT>
  __device__ __forceinline__ void put(ElementRun<TYPE, COUNT> run, const float (&values)[COUNT]) {
    typename ElementRun<TYPE, COUNT>::Value weight[COUNT];
    run.load(weight);
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      weight[k] = added<MEASURE>(TYPE, weight[k], sign * values[k], found);
    }
    run.store(weight);
  }
};

/* Puts COUNT elements at a time of the transformed rows, or of their mirror images, in one format. */
template <int32_t TYPE, int COUNT, typename Put>
__device__ __forceinline__ void put_rows(const fourierft_line_delta_job &job, const UnitRows &unit,
                                         const fourierft_complex *line, bool mirror, Put &put) {
  const fourierft_target &target = job.target;
  const int64_t row_step = target.transposed != 0 ? 1 : target.stride;
  const int64_t step = target.transposed != 0 ? target.stride : 1;
  const int32_t first_row =
      mirror && unit.first != 0 ? job.rows - unit.first : unit.first;
  const int32_t second_row = mirror ? job.rows - unit.second : unit.second;
  const bool has_first = !mirror || unit.is_new(first_row);
  const bool has_second = unit.second >= 0 && (!mirror || unit.is_new(second_row));
  const ElementRun<TYPE, COUNT> first(target.data, first_row * row_step);
  const ElementRun<TYPE, COUNT> second(target.data, second_row * row_step);
  for (int q = COUNT * threadIdx.x; q < job.cols; q += COUNT * blockDim.x) {
    float values[2][COUNT];
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      const int at = q + k;
      const fourierft_complex both = line[padded(!mirror || at == 0 ? at : job.cols - at)];
      values[0][k] = rounded_to(target.delta_type, __fmul_rn(target.scale, both.re));
      values[1][k] = rounded_to(target.delta_type, __fmul_rn(target.scale, both.im));
    }
    if (has_first) put.put(first.at(q * step), values[0]);
    if (has_second) put.put(second.at(q * step), values[1]);
  }
}

template <int32_t TYPE, typename Put>
__device__ __forceinline__ void put_unit(const fourierft_line_delta_job &job, const UnitRows &unit,
                                         const fourierft_complex *line, Put &put) {
  const bool together = job.target.transposed == 0 && job.cols % 4 == 0 &&
                        ElementRun<TYPE, 4>::is_aligned(job.target.data, job.target.stride);
  FOURIERFT_NO_UNROLL
  for (int mirror = 0; mirror < 2; mirror++) {
    if (together) {
      put_rows<TYPE, 4>(job, unit, line, mirror != 0, put);
    } else {
      put_rows<TYPE, 1>(job, unit, line, mirror != 0, put);
    }
  }
}

/* Computes a unit and puts its rows; all threads of the block must call it. */
template <typename Put>
__device__ __forceinline__ void run_unit(const fourierft_line_delta_job *__restrict__ jobs,
                                         int64_t job_count, int64_t number, Put &put) {
  auto *line = dynamic_shared<fourierft_complex>();
  const fourierft_line_delta_job &job = owner_of(jobs, job_count, number);
  const UnitRows unit(static_cast<int32_t>(number - job.first_unit), job.rows);
  fill(job, unit, line);
  __syncthreads();
  transform_inverse(job.line, 1, line);
  switch (job.target.type) {
    case FOURIERFT_F64:
      put_unit<FOURIERFT_F64>(job, unit, line, put);
      break;
    case FOURIERFT_F16:
      put_unit<FOURIERFT_F16>(job, unit, line, put);
      break;
    case FOURIERFT_BF16:
      put_unit<FOURIERFT_BF16>(job, unit, line, put);
      break;
    default:
      put_unit<FOURIERFT_F32>(job, unit, line, put);
  }
  __syncthreads();
}

template <bool MEASURE>
__device__ __forceinline__ void add_units(const fourierft_line_delta_job *__restrict__ jobs,
                                          int64_t job_count, int64_t unit_count, float sign,
                                          fourierft_addition *__restrict__ partials) {
  for (int64_t number = blockIdx.x; number < unit_count; number += gridDim.x) {
    Add<MEASURE> put = {sign, {0.0, 0.0, 0.0, 0.0, 0}};
    run_unit(jobs, job_count, number, put);
    if (MEASURE) {
      const fourierft_addition found =
          merge_block(dynamic_shared<fourierft_addition>(), put.found, blockDim.x);
      if (threadIdx.x == 0) partials[number] = found;
      __syncthreads();
    }
  }
}

}  // namespace

FOURIERFT_KERNEL FOURIERFT_BOUNDS(FOURIERFT_LINE_BOUND) fourierft_line_delta(
    const fourierft_line_delta_job *__restrict__ jobs, int64_t job_count, int64_t unit_count) {
  for (int64_t number = blockIdx.x; number < unit_count; number += gridDim.x) {
    Write put;
    run_unit(jobs, job_count, number, put);
  }
}

FOURIERFT_KERNEL FOURIERFT_BOUNDS(FOURIERFT_LINE_BOUND) fourierft_line_add(
    const fourierft_line_delta_job *__restrict__ jobs, int64_t job_count, int64_t unit_count,
    float sign, fourierft_addition *__restrict__ partials) {
  if (partials != nullptr) {
    add_units<true>(jobs, job_count, unit_count, sign, partials);
  } else {
    add_units<false>(jobs, job_count, unit_count, sign, partials);
  }
}
