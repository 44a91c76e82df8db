/* Deltas from rows in shared memory, against the definition in float64. */
#include <cstring>

#include "fixtures.h"
#include "lines.h"

namespace {

/* A spectrum as a job of the line kernels, in device memory. */
class DeltaJob {
 public:
  /* The transposed problem has u and v, rows and cols exchanged. */
  DeltaJob(const Adapter &adapter, bool exchanged)
      : rows(exchanged ? adapter.cols : adapter.rows),
        cols(exchanged ? adapter.rows : adapter.cols),
        plan(cols, false),
        adapter_(adapter),
        line_(plan.image()),
        tables_(tables(exchanged ? adapter.v : adapter.u, exchanged ? adapter.u : adapter.v)),
        pairs_(tables_.pairs),
        entries_(tables_.entries),
        turns_(turns(rows)) {}

  int64_t units() const { return rows % 2 == 0 ? rows / 4 + 1 : (rows + 3) / 4; }

  fourierft_line_delta_job entry(int64_t first_unit, const fourierft_target &target) const {
    return {reinterpret_cast<const fourierft_line *>(line_.address()),
            pairs_.pointer(),
            entries_.pointer(),
            adapter_.device_c.pointer(),
            turns_.pointer(),
            UINT64_MAX / rows,
            first_unit,
            target,
            static_cast<int32_t>(rows),
            static_cast<int32_t>(cols),
            adapter_.scale,
            static_cast<int32_t>(adapter_.c.size()),
            static_cast<int32_t>(tables_.pairs.size() - 1),
            0};
  }

  const int64_t rows;
  const int64_t cols;
  const LinePlan plan;

 private:
  struct Tables {
    std::vector<fourierft_line_bins> pairs;
    std::vector<fourierft_line_entry> entries;
  };

  Tables tables(const std::vector<int32_t> &u, const std::vector<int32_t> &v) const {
    Tables result;
    for (int32_t w = 0; w <= cols / 2; w++) {
      const auto further = static_cast<int32_t>(result.entries.size());
      bool is_first = true;
      const auto add = [&](int64_t row, size_t k) {
        const fourierft_line_entry entry = {static_cast<int32_t>(row), static_cast<int32_t>(k)};
        if (!is_first) return result.entries.push_back(entry);
        result.pairs.push_back({static_cast<uint16_t>(plan.position(w)),
                                static_cast<uint16_t>(plan.position(w == 0 ? 0 : cols - w)),
                                further, entry});
        is_first = false;
      };
      for (size_t k = 0; k < u.size(); k++) {
        if (v[k] == w) add(u[k], k);
        if ((cols - v[k]) % cols == w) add((rows - u[k]) % rows, k);
      }
    }
    result.pairs.push_back({0, 0, static_cast<int32_t>(result.entries.size()), {0, 0}});
    return result;
  }

  static std::vector<fourierft_complex> turns(int64_t count) {
    std::vector<fourierft_complex> all(count);
    for (int64_t t = 0; t < count; t++) all[t] = LinePlan::turn(t, count);
    return all;
  }

  const Adapter &adapter_;
  Array<char> line_;
  Tables tables_;
  Array<fourierft_line_bins> pairs_;
  Array<fourierft_line_entry> entries_;
  Array<fourierft_complex> turns_;
};

fourierft_target target(void *data, int64_t stride, int32_t type, bool transposed) {
  return {data, stride, type, FOURIERFT_F32, 1.0f, transposed ? 1 : 0};
}

float value_of(uint16_t bfloat16) {
  const uint32_t bits = static_cast<uint32_t>(bfloat16) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

CASE(deltasOfSeveralShapesComeFromOneLaunch) {
  Session session;
  std::vector<Adapter> adapters;
  std::vector<std::pair<int64_t, int64_t>> shapes = SHAPES;
  shapes.insert(shapes.end(), {{2, 1}, {3, 4}, {4, 2}, {9, 48}, {10, 60}, {12, 64}, {38, 86}});
  for (const auto &[m, n] : shapes) adapters.emplace_back(m, n, 2, adapters.size());
  for (const bool exchanged : {false, true}) {
    std::vector<DeltaJob> jobs;
    std::vector<Array<float>> deltas;
    std::vector<fourierft_line_delta_job> table;
    int64_t units = 0;
    size_t shared = 0;
    jobs.reserve(adapters.size());
    for (const Adapter &adapter : adapters) {
      const DeltaJob &job = jobs.emplace_back(adapter, exchanged);
      const int64_t stride = adapter.cols + adapter.cols % 3;
      deltas.emplace_back(Values(adapter.rows * stride, -7.0f));
      table.push_back(job.entry(
          units, target(deltas.back().pointer(), stride, FOURIERFT_F32, exchanged)));
      units += job.units();
      shared = std::max(shared, job.plan.shared_bytes());
    }
    Array<fourierft_line_delta_job> device_table(table);
    std::vector<Values> first;
    for (const unsigned int grid : {1u, 7u, 1000u}) {
      const unsigned int threads = grid == 7 ? 128 : 32;
      EXPECT(session.launch_lines("fourierft_line_delta", grid, threads, shared,
                                  device_table.address(), static_cast<int64_t>(table.size()), units),
             CUDA_SUCCESS);
      for (size_t i = 0; i < adapters.size(); i++) {
        const Adapter &adapter = adapters[i];
        const Values found = deltas[i].read();
        const std::vector<double> delta = adapter.delta();
        std::vector<double> expected(found.size(), -7.0);
        const int64_t stride = adapter.cols + adapter.cols % 3;
        for (int64_t p = 0; p < adapter.rows; p++) {
          for (int64_t q = 0; q < adapter.cols; q++) {
            expected[p * stride + q] = delta[p * adapter.cols + q];
          }
        }
        EXPECT_TRUE(relative_error(found, expected) < 1e-6);
        if (grid == 1) first.push_back(found);
        EXPECT_TRUE(found == first[i]);
      }
    }
  }
}

CASE(weightsOfEveryFormatTakeADelta) {
  for (const bool transposed : {false, true}) {
    for (const float sign : {1.0f, -1.0f}) {
      Session session;
      const Adapter adapter(20, 24, 3, 5);
      const std::vector<double> delta = adapter.delta();
      const auto count = static_cast<int64_t>(delta.size());
      const DeltaJob job(adapter, transposed);
      const Values start = random_values(count, 6);
      std::vector<uint16_t> halves;
      for (const float value : start) {
        uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        halves.push_back(static_cast<uint16_t>(bits >> 16));
      }
      Array<double> doubles(std::vector<double>(start.begin(), start.end()));
      Array<float> floats(start);
      Array<uint16_t> bfloats(halves);
      const std::vector<fourierft_target> targets = {
          target(doubles.pointer(), job.cols, FOURIERFT_F64, false),
          target(floats.pointer(), job.cols, FOURIERFT_F32, false),
          target(bfloats.pointer(), job.cols, FOURIERFT_BF16, false)};
      std::vector<fourierft_line_delta_job> table;
      for (const fourierft_target &each : targets) {
        table.push_back(job.entry(job.units() * static_cast<int64_t>(table.size()), each));
      }
      Array<fourierft_line_delta_job> device_table(table);
      EXPECT(session.launch_lines("fourierft_line_add", 3, 64, job.plan.shared_bytes(),
                                  device_table.address(), int64_t{3}, 3 * job.units(), sign),
             CUDA_SUCCESS);
      const std::vector<double> as_double = doubles.read();
      const Values as_float = floats.read();
      const std::vector<uint16_t> as_bfloat = bfloats.read();
      for (int64_t i = 0; i < count; i++) {
        const int64_t at = transposed ? i % job.cols * adapter.cols + i / job.cols : i;
        const double exact = start[i] + sign * delta[at];
        EXPECT_TRUE(std::fabs(as_double[i] - exact) < 1e-6);
        EXPECT_TRUE(std::fabs(as_float[i] - exact) < 1e-6);
        const double rounded = value_of(halves[i]) + sign * delta[at];
        const double spacing = std::ldexp(1.0, std::ilogb(static_cast<float>(rounded)) - 7);
        EXPECT_TRUE(std::fabs(value_of(as_bfloat[i]) - rounded) <= 0.5 * spacing + 1e-6);
      }
    }
  }
}

CASE(theReportOfAnAdditionDoesNotDependOnTheGrid) {
  Session session;
  const Adapter adapter(30, 16, 2, 7);
  const DeltaJob job(adapter, false);
  const Values start = random_values(30 * 16, 8);
  const size_t shared = std::max(job.plan.shared_bytes(), 64 * sizeof(fourierft_addition));
  Array<fourierft_addition> partials(job.units());
  Array<fourierft_addition> result(1);
  std::vector<fourierft_addition> all;
  for (const unsigned int grid : {1u, 5u, 50u}) {
    Array<float> weight(start);
    Array<fourierft_line_delta_job> table(
        std::vector{job.entry(0, target(weight.pointer(), 16, FOURIERFT_F32, false))});
    session.launch_lines("fourierft_line_add_measured", grid, 64, shared, table.address(), int64_t{1},
                         job.units(), 1.0f, partials.address());
    session.launch("fourierft_reduce_addition", 1, partials.address(), job.units(),
                   result.address());
    all.push_back(result.read()[0]);
  }
  double delta_squares = 0;
  double weight_squares = 0;
  for (const double value : adapter.delta()) delta_squares += value * value;
  for (const float value : start) weight_squares += static_cast<double>(value) * value;
  EXPECT_TRUE(std::fabs(all[0].delta_squares / delta_squares - 1) < 1e-6);
  EXPECT_TRUE(std::fabs(all[0].weight_squares / weight_squares - 1) < 1e-12);
  EXPECT_TRUE(all[0].error_max > 0 && all[0].error_max < 5e-7);
  for (const fourierft_addition &found : all) EXPECT(std::memcmp(&found, &all[0], sizeof found), 0);
}

CASE(launchesOfLinesAreChecked) {
  Session session;
  const Adapter adapter(6, 16, 2, 9);
  const DeltaJob job(adapter, false);
  Array<float> delta(6 * 16);
  Array<fourierft_line_delta_job> table(
      std::vector{job.entry(0, target(delta.pointer(), 16, FOURIERFT_F32, false))});
  const size_t shared = job.plan.shared_bytes();
  const auto launch = [&](unsigned int threads, size_t bytes, int64_t units) {
    return session.launch_lines("fourierft_line_delta", 2, threads, bytes, table.address(),
                                int64_t{1}, units);
  };
  EXPECT(launch(48, shared, job.units()), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  EXPECT(launch(1024, shared, job.units()), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  EXPECT(emu_violations(), 2);
  emu_clear_violations();
  CUfunction function = nullptr;
  int blocks = 0;
  EXPECT(cuModuleGetFunction(&function, session.module, "fourierft_line_delta"), CUDA_SUCCESS);
  EXPECT(cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 232449),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100000),
         CUDA_SUCCESS);
  EXPECT(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function, 256, 100000), CUDA_SUCCESS);
  EXPECT(blocks, 2);
  EXPECT(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function, 256, 100001), CUDA_SUCCESS);
  EXPECT(blocks, 0);
  EXPECT(launch(32, shared, job.units()), CUDA_SUCCESS);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  launch(32, shared - 16, job.units());
  EXPECT(session.synchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_TRUE(emu_violations() >= 1);
  emu_clear_violations();
}

int main() { return check::run(expect_clean); }
