/* What memory the kernels of fourierft_lines.h touch. */
#include <algorithm>

#include "kernel_buffers.h"

namespace emulator {
namespace {

bool serves(const fourierft_line &line) {
  if (line.passes < 0 || line.passes > FOURIERFT_MOST_PASSES || line.points < 1) return false;
  int64_t points = 1;
  for (int i = 0; i < line.passes; i++) points *= line.pass[i].radix;
  int64_t span = points;
  for (int i = 0; i < line.passes; i++) {
    span /= line.pass[i].radix;
    if (line.pass[i].span != span) return false;
  }
  return points == line.points && line.pairs == line.points / 2 + 1 &&
         line.features == (line.halved != 0 ? 2 : 1) * line.points;
}

}  // namespace

Touched &Touched::line(const char *name, const fourierft_line *line) {
  array(name, line, 1);
  if (!valid) return *this;
  bytes(name, line, line->bytes, 16);
  return require(name, serves(*line));
}

namespace touch {
namespace {

void delta_jobs(Touched &touched, const fourierft_line_delta_job *jobs, int64_t count,
                int64_t unit_count) {
  touched.array("jobs", jobs, count);
  int64_t units = 0;
  for (int64_t i = 0; i < count && touched.valid; i++) {
    const fourierft_line_delta_job &job = jobs[i];
    const fourierft_target &target = job.target;
    const bool turned = target.transposed != 0;
    touched.require("first_unit", job.first_unit == units);
    units += job.rows % 2 == 0 ? job.rows / 4 + 1 : (job.rows + 3) / 4;
    touched.line("line", job.line);
    if (!touched.valid) return;
    touched.require("line", job.line->points == job.cols && job.line->halved == 0);
    touched.require("shared memory", touched.shape.shared >=
                                         static_cast<size_t>(FOURIERFT_LINE_BYTES(job.cols)));
    touched.array("start", job.start, job.line->pairs + 1);
    if (!touched.valid) return;
    const int64_t entries = job.start[job.line->pairs];
    touched.require("start", job.start[0] == 0 &&
                                 std::is_sorted(job.start, job.start + job.line->pairs + 1));
    touched.indices("row", job.row, entries, 0, job.rows);
    touched.indices("frequency", job.frequency, entries, 0, job.frequencies);
    touched.array("coefficient", job.coefficient, job.frequencies);
    touched.array("turns", job.turns, job.rows);
    touched.require("delta_type", target.delta_type >= FOURIERFT_F32);
    touched.matrix("target", target.data, target.type, turned ? job.cols : job.rows,
                   turned ? job.rows : job.cols, target.stride);
  }
  touched.require("unit_count", units == unit_count);
}

}  // namespace

void fourierft_line_delta(Touched &touched, const fourierft_line_delta_job *jobs, int64_t count,
                          int64_t unit_count) {
  delta_jobs(touched, jobs, count, unit_count);
}

void fourierft_line_add(Touched &touched, const fourierft_line_delta_job *jobs, int64_t count,
                        int64_t unit_count, float sign, int32_t, fourierft_addition *partials) {
  touched.require("sign", sign == 1.0f || sign == -1.0f);
  delta_jobs(touched, jobs, count, unit_count);
  if (partials == nullptr) return;
  touched.array("partials", partials, unit_count);
  touched.require("shared memory",
                  touched.shape.shared >= touched.shape.threads * sizeof(fourierft_addition));
}

}  // namespace touch
}  // namespace emulator
