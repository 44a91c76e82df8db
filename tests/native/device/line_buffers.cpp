/* What memory the kernels of fourierft_lines.h touch. */
#include <algorithm>
#include <vector>

#include "kernel_buffers.h"

namespace emulator {
namespace {

/* Whether a plan is whole and a block of so many threads can run it with powers of two up to most. */
bool serves(const fourierft_line &line, unsigned int threads, int most) {
  const auto *passes = reinterpret_cast<const fourierft_pass *>(
      reinterpret_cast<const char *>(&line) + line.passes_at);
  int64_t points = 1;
  for (int i = 0; i < line.passes; i++) points *= passes[i].radix;
  int64_t span = points;
  for (int i = 0; i < line.passes; i++) {
    const int radix = passes[i].radix;
    span /= radix;
    if (passes[i].span != span || radix > FOURIERFT_LARGEST_RADIX ||
        (radix % 2 == 0 && radix > most) ||
        (radix % 2 != 0 && radix / 2 + 1 > static_cast<int>(threads))) {
      return false;
    }
  }
  return points == line.points && line.pairs == line.points / 2 + 1 &&
         line.features == (line.halved != 0 ? 2 : 1) * line.points;
}

bool is_entry(const fourierft_line_entry &entry, int64_t sources, int64_t frequencies) {
  return entry.source >= 0 && entry.source < sources && entry.frequency >= 0 &&
         entry.frequency < frequencies;
}

}  // namespace

Touched &Touched::entries(const char *name, const fourierft_line_entry *entries, int64_t count,
                          int64_t sources, int64_t frequencies) {
  array(name, entries, count);
  for (int64_t i = 0; i < count && valid; i++) {
    require(name, is_entry(entries[i], sources, frequencies));
  }
  return *this;
}

Touched &Touched::line(const char *name, const fourierft_line *line, int most) {
  array(name, line, 1);
  if (!valid) return *this;
  bytes(name, line, line->bytes, 16);
  return require(name, serves(*line, shape.threads, most));
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
    touched.line("line", job.line, FOURIERFT_ROW_RADIX);
    if (!touched.valid) return;
    touched.require("line", job.line->points == job.cols && job.line->halved == 0);
    touched.require("shared memory", touched.shape.shared >=
                                         static_cast<size_t>(FOURIERFT_LINE_BYTES(job.cols)));
    touched.require("pair_count", job.pair_count >= 0 && job.pair_count <= job.line->pairs);
    touched.array("pairs", job.pairs, job.pair_count + 1);
    if (!touched.valid) return;
    touched.require("pairs", job.pairs[0].further == 0);
    for (int32_t p = 0; p < job.pair_count; p++) {
      const fourierft_line_bins &bins = job.pairs[p];
      touched.require("pairs", bins.position < job.cols && bins.mirror < job.cols &&
                                   bins.further <= job.pairs[p + 1].further);
      touched.require("pairs", is_entry(bins.first, job.rows, job.frequencies));
    }
    touched.entries("entries", job.entries, job.pairs[job.pair_count].further, job.rows,
                    job.frequencies);
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
                        int64_t unit_count, float sign) {
  touched.require("sign", sign == 1.0f || sign == -1.0f);
  delta_jobs(touched, jobs, count, unit_count);
}

void fourierft_line_add_measured(Touched &touched, const fourierft_line_delta_job *jobs,
                                 int64_t count, int64_t unit_count, float sign,
                                 fourierft_addition *partials) {
  fourierft_line_add(touched, jobs, count, unit_count, sign);
  touched.array("partials", partials, unit_count);
  touched.require("shared memory",
                  touched.shape.shared >= touched.shape.threads * sizeof(fourierft_addition));
}

namespace {

void line_operators(Touched &touched, const fourierft_line_operator *operators, int64_t count,
                    const fourierft_line *input, const fourierft_line *output) {
  touched.array("operators", operators, count);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_line_operator &op = operators[a];
    touched.array("start", op.start, output->pairs + 1);
    if (!touched.valid) return;
    touched.require("start", op.start[0] == 0 &&
                                 std::is_sorted(op.start, op.start + output->pairs + 1));
    touched.entries("entries", op.entries, op.start[output->pairs], 8 * input->points,
                    op.frequencies);
    touched.array("coefficient", op.coefficient, op.frequencies);
  }
}

/* Checks the groups and says how many rows the matrices have at least. */
int64_t token_groups(Touched &touched, const fourierft_token_group *groups, int64_t count,
                     const int32_t *token, int64_t tokens, int64_t per_group, int64_t adapters) {
  touched.require("per_group", per_group >= 1);
  if (groups == nullptr) {
    touched.require("groups", count == (tokens + per_group - 1) / per_group);
    return tokens;
  }
  touched.array("groups", groups, count);
  int64_t listed = 0;
  for (int64_t i = 0; i < count && touched.valid; i++) {
    const fourierft_token_group &group = groups[i];
    touched.require("groups", group.first >= 0 && group.count >= 1 && group.count <= per_group &&
                                  group.choice >= -1 && group.choice < adapters);
    listed = std::max<int64_t>(listed, group.first + group.count);
  }
  if (!touched.valid) return 0;
  touched.indices("token", token, listed, 0, tokens);
  std::vector<int32_t> sorted(token, token + (touched.valid ? listed : 0));
  std::sort(sorted.begin(), sorted.end());
  touched.require("token", std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  return listed == 0 || !touched.valid ? 0 : sorted.back() + 1;
}

void token_matrix(Touched &touched, const char *name, const void *data, int64_t stride,
                  int32_t type, int64_t tokens, const fourierft_line *line) {
  if (touched.valid) touched.matrix(name, data, type, tokens, line->features, stride);
}

}  // namespace

void fourierft_line_apply(Touched &touched, const fourierft_line *input,
                          const fourierft_line *output, const fourierft_line_operator *operators,
                          int32_t operator_count, const fourierft_token_group *groups,
                          int32_t group_count, const int32_t *token, int32_t tokens,
                          int32_t per_group, const void *x, int64_t x_stride, int32_t x_type,
                          void *y, int64_t y_stride, int32_t y_type) {
  touched.line("input_line", input, FOURIERFT_TOKEN_RADIX)
      .line("output_line", output, FOURIERFT_TOKEN_RADIX);
  if (!touched.valid) return;
  touched.require("per_group", per_group <= FOURIERFT_LINE_TOKENS);
  touched.require("shared memory",
                  touched.shape.shared >=
                      static_cast<size_t>(FOURIERFT_LINE_BYTES(per_group * input->points) +
                                          FOURIERFT_LINE_BYTES(per_group * output->points)));
  line_operators(touched, operators, operator_count, input, output);
  const int64_t rows = token_groups(touched, groups, group_count, token, tokens, per_group,
                                    operator_count);
  token_matrix(touched, "x", x, x_stride, x_type, rows, input);
  token_matrix(touched, "y", y, y_stride, y_type, rows, output);
}

void fourierft_line_backward(Touched &touched, const fourierft_line *x_line,
                             const fourierft_line *g_line,
                             const fourierft_line_operator *operators,
                             const fourierft_line_gradient *gradients, int32_t adapter_count,
                             const fourierft_token_group *groups, int32_t group_count,
                             const int32_t *token, int32_t tokens, int32_t per_group,
                             const void *x, int64_t x_stride, int32_t x_type, const void *g,
                             int64_t g_stride, int32_t g_type, void *gx, int64_t gx_stride,
                             int32_t gx_type, float *partials, int64_t partial_stride) {
  touched.line("x_line", x_line, FOURIERFT_TOKEN_RADIX)
      .line("g_line", g_line, FOURIERFT_TOKEN_RADIX);
  if (!touched.valid) return;
  touched.require("shared memory",
                  touched.shape.shared >= static_cast<size_t>(FOURIERFT_LINE_BYTES(x_line->points) +
                                                              FOURIERFT_LINE_BYTES(g_line->points)));
  const int64_t rows = token_groups(touched, groups, group_count, token, tokens, per_group,
                                    adapter_count);
  if (gx != nullptr) {
    line_operators(touched, operators, adapter_count, g_line, x_line);
    token_matrix(touched, "gx", gx, gx_stride, gx_type, rows, x_line);
  }
  token_matrix(touched, "x", x, x_stride, x_type, rows, x_line);
  token_matrix(touched, "g", g, g_stride, g_type, rows, g_line);
  touched.array("gradients", gradients, adapter_count);
  int64_t all = 0;
  int64_t most = 0;
  for (int32_t a = 0; a < adapter_count && touched.valid; a++) {
    const fourierft_line_gradient &gradient = gradients[a];
    touched.array("places", gradient.places, gradient.frequencies);
    for (int32_t k = 0; k < gradient.frequencies && touched.valid; k++) {
      const fourierft_line_places &places = gradient.places[k];
      touched.require("places", places.x >= 0 && places.x < 4 * x_line->points && places.g >= 0 &&
                                    places.g < 4 * g_line->points);
    }
    touched.require("first", gradient.first == all);
    all += gradient.frequencies;
    most = std::max<int64_t>(most, gradient.frequencies);
  }
  bool every = groups == nullptr;
  for (int32_t i = 0; !every && touched.valid && i < group_count; i++) every = groups[i].choice < 0;
  touched.require("partial_stride", partial_stride >= (every ? all : most));
  touched.array("partials", partials, group_count * partial_stride);
}

}  // namespace touch
}  // namespace emulator
