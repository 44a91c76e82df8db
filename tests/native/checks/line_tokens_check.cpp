/* The operator and the backward pass on tokens in shared memory, against sums in float64. */
#include <cstring>
#include <memory>

#include "fixtures.h"
#include "lines.h"

namespace {

/* A plan in device memory. */
struct DeviceLine {
  explicit DeviceLine(int64_t features) : plan(features, true), image(plan.image()) {}

  const fourierft_line *pointer() const {
    return reinterpret_cast<const fourierft_line *>(image.address());
  }

  /* The source that stands for bin w of the half spectrum, or its conjugate. */
  int32_t source(int64_t w, bool conjugate) const {
    if (w == 0) return FOURIERFT_REAL;
    if (plan.line().halved != 0 && w == plan.line().points) return FOURIERFT_IMAGINARY;
    return 4 * plan.position(static_cast<int>(w)) +
           (conjugate ? FOURIERFT_CONJUGATE : FOURIERFT_PLAIN);
  }

  /* The number of frequency f of the sums with e^{+}. */
  int32_t place(int64_t f) const {
    const int64_t length = plan.line().features;
    return f <= length / 2 ? source(f, true) : source(length - f, false);
  }

  LinePlan plan;
  Array<char> image;
};

/* One direction of an adapter as a table of the line kernels. */
class LineOperator {
 public:
  LineOperator(const Adapter &adapter, const std::vector<int32_t> &out, const DeviceLine &output,
               const std::vector<int32_t> &in, const DeviceLine &input)
      : adapter_(adapter),
        tables_(tables(Operator(out, output.plan.line().features, in, input.plan.line().features),
                       output, input)),
        start_(tables_.start),
        entries_(tables_.entries) {}

  fourierft_line_operator entry() const {
    return {start_.pointer(),
            entries_.pointer(),
            adapter_.device_c.pointer(),
            adapter_.scale,
            static_cast<int32_t>(adapter_.c.size())};
  }

 private:
  struct Tables {
    std::vector<int32_t> start = {0};
    std::vector<fourierft_line_entry> entries;
  };

  static Tables tables(const Operator &op, const DeviceLine &output, const DeviceLine &input) {
    Tables result;
    const fourierft_line &line = output.plan.line();
    for (int b = 0; b < line.pairs; b++) {
      append(result, op, b, 0, input);
      if (line.halved != 0 && 2 * b != line.points) append(result, op, line.points - b, 4, input);
      result.start.push_back(static_cast<int32_t>(result.entries.size()));
    }
    return result;
  }

  static void append(Tables &to, const Operator &op, int bin, int which, const DeviceLine &input) {
    for (int32_t i = op.start[bin]; i < op.start[bin + 1]; i++) {
      const int32_t source = input.source(op.source[i] / 2, op.source[i] % 2 != 0);
      to.entries.push_back({source / 4 * 8 + which + source % 4, op.frequency[i]});
    }
  }

  const Adapter &adapter_;
  Tables tables_;
  Array<int32_t> start_;
  Array<fourierft_line_entry> entries_;
};

const std::vector<std::pair<int64_t, int64_t>> TOKEN_SHAPES = {
    {1, 1}, {1, 6}, {5, 1}, {2, 4}, {4, 2}, {8, 6}, {7, 13}, {33, 40}, {64, 31}, {48, 96}, {22, 52}};

constexpr int64_t TOKENS = 7;

/* Tokens 1, 3, 4 take adapter 1, token 6 takes adapter 0, and the others none. */
const std::vector<int32_t> CHOICE = {-1, 1, -1, 1, 1, -1, 0};
const std::vector<int32_t> ORDER = {6, 1, 3, 4};

/* What the adapters of each token add to it, forward or transposed. */
std::vector<double> applied(const std::vector<const Adapter *> &adapters, bool all, bool transposed,
                            const Values &x, const Values &before) {
  const int64_t m = adapters[0]->rows;
  const int64_t n = adapters[0]->cols;
  const int64_t in = transposed ? m : n;
  const int64_t out = transposed ? n : m;
  std::vector<double> sum(before.begin(), before.end());
  for (size_t a = 0; a < adapters.size(); a++) {
    const std::vector<double> delta = adapters[a]->delta();
    for (int64_t t = 0; t < TOKENS; t++) {
      if (!all && CHOICE[t] != static_cast<int32_t>(a)) continue;
      for (int64_t p = 0; p < m; p++) {
        for (int64_t q = 0; q < n; q++) {
          sum[t * out + (transposed ? q : p)] += delta[p * n + q] * x[t * in + (transposed ? p : q)];
        }
      }
    }
  }
  return sum;
}

}  // namespace

CASE(tokensTakeTheirAdaptersInOneLaunch) {
  for (const auto &[m, n] : TOKEN_SHAPES) {
    for (const bool transposed : {false, true}) {
      Session session;
      const Adapter first(m, n, 2, 4);
      const Adapter second(m, n, 3, 5);
      const int64_t in = transposed ? m : n;
      const int64_t out = transposed ? n : m;
      const DeviceLine input(in);
      const DeviceLine output(out);
      const auto table_of = [&](const Adapter &adapter) {
        return LineOperator(adapter, transposed ? adapter.v : adapter.u, output,
                            transposed ? adapter.u : adapter.v, input);
      };
      const LineOperator one = table_of(first);
      const LineOperator two = table_of(second);
      Array<fourierft_line_operator> table(std::vector{one.entry(), two.entry()});
      const Values x = random_values(TOKENS * in, 5);
      const Values before = random_values(TOKENS * out, 6);
      Array<float> device_x(x);
      Array<int32_t> order(ORDER);
      Array<fourierft_token_group> groups(std::vector<fourierft_token_group>{
          {0, 1, 0}, {1, 3, 1}});
      Array<fourierft_token_group> single(std::vector<fourierft_token_group>{
          {0, 1, 0}, {3, 1, 1}, {1, 1, 1}, {2, 1, 1}});
      for (const bool all : {true, false}) {
        Values together;
        for (const int32_t per_group : {1, 4}) {
          Array<float> y(before);
          const CUdeviceptr list = all ? 0 : per_group == 1 ? single.address() : groups.address();
          const int32_t count = all ? (TOKENS + per_group - 1) / per_group : per_group == 1 ? 4 : 2;
          EXPECT(session.launch_lines(
                     "fourierft_line_apply", per_group == 1 ? 2 : 5, per_group == 1 ? 64 : 32,
                     input.plan.shared_bytes(per_group) + output.plan.shared_bytes(per_group),
                     input.pointer(), output.pointer(), table.address(), int32_t{2}, list, count,
                     all ? CUdeviceptr{0} : order.address(), static_cast<int32_t>(TOKENS), per_group,
                     device_x.address(), in, int32_t{FOURIERFT_F32}, y.address(), out,
                     int32_t{FOURIERFT_F32}),
                 CUDA_SUCCESS);
          const Values found = y.read();
          EXPECT_TRUE(relative_error(found, applied({&first, &second}, all, transposed, x, before)) <
                      1e-6);
          if (per_group == 1) together = found;
          EXPECT_TRUE(found == together);
        }
      }
    }
  }
}

CASE(aTokenThatIsNotFiniteSpoilsNoOther) {
  Session session;
  const Adapter adapter(16, 24, 2, 7);
  const DeviceLine input(24);
  const DeviceLine output(16);
  const LineOperator op(adapter, adapter.u, output, adapter.v, input);
  Array<fourierft_line_operator> table(std::vector{op.entry()});
  Values x = random_values(4 * 24, 8);
  x[24] = INFINITY;
  x[2 * 24 + 3] = NAN;
  Array<float> device_x(x);
  Array<float> y(Values(4 * 16, 0.0f));
  session.launch_lines("fourierft_line_apply", 1, 32,
                       input.plan.shared_bytes(4) + output.plan.shared_bytes(4), input.pointer(),
                       output.pointer(), table.address(), int32_t{1}, CUdeviceptr{0}, int32_t{1},
                       CUdeviceptr{0}, int32_t{4}, int32_t{4},
                       device_x.address(), int64_t{24}, int32_t{FOURIERFT_F32},
                       y.address(), int64_t{16}, int32_t{FOURIERFT_F32});
  const Values found = y.read();
  for (int64_t t = 0; t < 4; t++) {
    EXPECT(std::isfinite(found[t * 16]), t % 3 == 0);
  }
}

CASE(everyFormatOfActivationsIsReadAndAddedTo) {
  Session session;
  const Adapter adapter(12, 20, 2, 9);
  const DeviceLine input(20);
  const DeviceLine output(12);
  const LineOperator op(adapter, adapter.u, output, adapter.v, input);
  Array<fourierft_line_operator> table(std::vector{op.entry()});
  const std::vector<double> delta = adapter.delta();
  /* 1 and 0.5, in four formats. */
  const std::vector<std::pair<int32_t, std::pair<uint64_t, uint64_t>>> formats = {
      {FOURIERFT_F64, {0x3ff0000000000000, 0x3fe0000000000000}},
      {FOURIERFT_F32, {0x3f800000, 0x3f000000}},
      {FOURIERFT_F16, {0x3c00, 0x3800}},
      {FOURIERFT_BF16, {0x3f80, 0x3f00}}};
  for (const auto &[type, bits] : formats) {
    const int64_t size = type == FOURIERFT_F64 ? 8 : type == FOURIERFT_F32 ? 4 : 2;
    for (const int64_t odd : {0, 1}) {
      std::vector<uint8_t> ones((20 + odd) * size * 2);
      for (size_t i = 0; i < ones.size() / size; i++) std::memcpy(&ones[i * size], &bits.first, size);
      std::vector<uint8_t> halves((12 + odd) * size * 2);
      for (size_t i = 0; i < halves.size() / size; i++) {
        std::memcpy(&halves[i * size], &bits.second, size);
      }
      Array<uint8_t> x(ones);
      Array<uint8_t> y(halves);
      session.launch_lines("fourierft_line_apply", 2, 32,
                           input.plan.shared_bytes() + output.plan.shared_bytes(), input.pointer(),
                           output.pointer(), table.address(), int32_t{1}, CUdeviceptr{0}, int32_t{2},
                           CUdeviceptr{0}, int32_t{2}, int32_t{1},
                           x.address(), int64_t{20 + odd}, int32_t{type},
                           y.address(), int64_t{12 + odd}, int32_t{type});
      const std::vector<uint8_t> found = y.read();
      for (int64_t p = 0; p < 12; p++) {
        double expected = 0.5;
        for (int64_t q = 0; q < 20; q++) expected += delta[p * 20 + q];
        uint64_t raw = 0;
        std::memcpy(&raw, &found[((12 + odd) + p) * size], size);
        double value = 0;
        double tolerance = 1e-6 * (1 + std::fabs(expected));
        if (type == FOURIERFT_F64) {
          std::memcpy(&value, &raw, 8);
        } else if (type == FOURIERFT_F32 || type == FOURIERFT_BF16) {
          const auto single = static_cast<uint32_t>(type == FOURIERFT_F32 ? raw : raw << 16);
          float as_float;
          std::memcpy(&as_float, &single, 4);
          value = as_float;
          if (type == FOURIERFT_BF16) tolerance += std::fabs(expected) / 256;
        } else {
          value = std::ldexp(1.0 + static_cast<double>(raw & 0x3ff) / 1024,
                             static_cast<int>(raw >> 10 & 0x1f) - 15) *
                  (raw >> 15 != 0 ? -1 : 1);
          tolerance += std::fabs(expected) / 2048;
        }
        EXPECT_TRUE(std::fabs(value - expected) <= tolerance);
      }
    }
  }
}

CASE(aBackwardPassIsOneLaunchAndASum) {
  for (const auto &[m, n] : TOKEN_SHAPES) {
    Session session;
    const Adapter first(m, n, 2, 4);
    const Adapter second(m, n, 3, 5);
    const DeviceLine x_line(n);
    const DeviceLine g_line(m);
    const LineOperator one(first, first.v, x_line, first.u, g_line);
    const LineOperator two(second, second.v, x_line, second.u, g_line);
    Array<fourierft_line_operator> table(std::vector{one.entry(), two.entry()});
    const Values x = random_values(TOKENS * n, 8);
    const Values g = random_values(TOKENS * m, 9);
    const Values before = random_values(TOKENS * n, 10);
    Array<float> device_x(x);
    Array<float> device_g(g);
    Array<int32_t> order(ORDER);
    Array<fourierft_token_group> groups(
        std::vector<fourierft_token_group>{{0, 1, 0}, {1, 2, 1}, {3, 1, 1}});
    for (const bool all : {true, false}) {
      const int32_t per_chunk = 2;
      const int64_t chunks = all ? 4 : 3;
      const auto most = static_cast<int64_t>(std::max(first.c.size(), second.c.size()));
      const auto together = static_cast<int64_t>(first.c.size() + second.c.size());
      const int64_t stride = (all ? together : most) + 3;
      std::vector<std::unique_ptr<Array<fourierft_line_places>>> sources;
      std::vector<std::unique_ptr<Array<float>>> gradients;
      std::vector<fourierft_line_gradient> stage_one;
      std::vector<fourierft_gradient> stage_two;
      int64_t before_it = 0;
      for (const Adapter *adapter : {&first, &second}) {
        std::vector<fourierft_line_places> places;
        for (size_t k = 0; k < adapter->c.size(); k++) {
          places.push_back({x_line.place(adapter->v[k]), g_line.place(adapter->u[k])});
        }
        sources.push_back(std::make_unique<Array<fourierft_line_places>>(places));
        const auto count = static_cast<int64_t>(adapter->c.size());
        gradients.push_back(std::make_unique<Array<float>>(Values(count, 2.0f)));
        const int64_t tokens = all ? TOKENS : adapter == &first ? 1 : 3;
        stage_one.push_back({sources.back()->pointer(), before_it, static_cast<int32_t>(count), 0});
        stage_two.push_back({adapter->device_u.pointer(), adapter->device_v.pointer(),
                             gradients.back()->pointer(), nullptr, count, tokens,
                             all ? before_it : adapter == &first ? 0 : stride, 0, adapter->scale,
                             static_cast<int32_t>(stride)});
        before_it += count;
      }
      Array<float> partials(chunks * stride);
      Array<fourierft_line_gradient> first_table(stage_one);
      Array<fourierft_gradient> second_table(stage_two);
      Array<float> gx(before);
      EXPECT(session.launch_lines(
                 "fourierft_line_backward", 2, 64,
                 x_line.plan.shared_bytes() + g_line.plan.shared_bytes(), x_line.pointer(),
                 g_line.pointer(), table.address(), first_table.address(), int32_t{2},
                 all ? CUdeviceptr{0} : groups.address(), all ? int32_t{4} : int32_t{3},
                 all ? CUdeviceptr{0} : order.address(), static_cast<int32_t>(TOKENS), per_chunk,
                 device_x.address(), int64_t{n}, int32_t{FOURIERFT_F32},
                 device_g.address(), int64_t{m}, int32_t{FOURIERFT_F32},
                 gx.address(), int64_t{n}, int32_t{FOURIERFT_F32}, partials.address(), stride),
             CUDA_SUCCESS);
      session.launch("fourierft_reduce_spectrum_gradient", 2, second_table.address(), int64_t{2},
                     most, int64_t{per_chunk}, partials.address());
      EXPECT_TRUE(relative_error(gx.read(), applied({&first, &second}, all, true, g, before)) <
                  1e-6);
      int index = 0;
      for (const Adapter *adapter : {&first, &second}) {
        std::vector<double> expected(adapter->c.size(), 2.0);
        for (int64_t t = 0; t < TOKENS; t++) {
          if (!all && CHOICE[t] != index) continue;
          for (size_t k = 0; k < adapter->c.size(); k++) {
            for (int64_t p = 0; p < m; p++) {
              for (int64_t q = 0; q < n; q++) {
                const double angle = static_cast<double>(adapter->u[k] * p % m) / m +
                                     static_cast<double>(adapter->v[k] * q % n) / n;
                expected[k] += static_cast<double>(adapter->scale) * x[t * n + q] * g[t * m + p] *
                               std::cos(TAU * angle);
              }
            }
          }
        }
        EXPECT_TRUE(relative_error(gradients[index]->read(), expected) < 1e-6);
        index++;
      }
    }
  }
}

int main() { return check::run(expect_clean); }
