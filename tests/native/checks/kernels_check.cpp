/* The kernels and the emulated cuFFT together, against sums in float64. */
#include <cstring>

#include "fixtures.h"

CASE(everyDensePathGivesTheDefinition) {
  for (const auto &[m, n] : SHAPES) {
    Session session;
    const Adapter first(m, n, 3, 1);
    const Adapter second(m, n, 2, 2);
    Array<fourierft_adapter> table(std::vector{first.entry(), second.entry()});
    std::vector<double> expected = first.delta();
    const std::vector<double> other = second.delta();
    expected.insert(expected.end(), other.begin(), other.end());
    const auto max = static_cast<int64_t>(second.c.size());
    const int64_t two = 2;
    Array<float> delta(2 * m * n);

    Complexes full(2 * m * n);
    full.zero(session.stream);
    session.launch("fourierft_scatter_full", 3, table.address(), two, max, m, n, full.address());
    Fft c2c(session, {m, n}, CUFFT_C2C, 2);
    EXPECT(cufftExecC2C(c2c.plan, complex_at(full), complex_at(full), CUFFT_INVERSE),
           CUFFT_SUCCESS);
    const fourierft_target to_first = {delta.pointer(), n, FOURIERFT_F32, FOURIERFT_F32, 1, 0};
    const fourierft_target to_second = {delta.pointer() + m * n, n, FOURIERFT_F32, FOURIERFT_F32,
                                        1, 0};
    Array<fourierft_target> targets(std::vector{to_first, to_second});
    session.launch("fourierft_store_delta", 2, targets.address(), two, m, n, full.address(), two,
                   2 * n, 2 * m * n);
    EXPECT_TRUE(relative_error(delta.read(), expected) < 1e-6);

    Complexes folded(2 * m * half(n));
    folded.zero(session.stream);
    session.launch("fourierft_scatter_half", 2, table.address(), two, max, m, n, folded.address());
    Fft c2r(session, {m, n}, CUFFT_C2R, 2);
    EXPECT(cufftExecC2R(c2r.plan, complex_at(folded), delta.pointer()), CUFFT_SUCCESS);
    EXPECT_TRUE(relative_error(delta.read(), expected) < 1e-6);
    EXPECT_TRUE(std::isnan(folded.read()[0].re));

    const int64_t slots = std::max(first.slots, second.slots);
    Complexes columns(2 * slots * m);
    columns.zero(session.stream);
    session.launch("fourierft_scatter_columns", 2, table.address(), two, max, m, n, slots,
                   columns.address());
    Fft along_columns(session, {m}, CUFFT_C2C, 2 * slots);
    EXPECT(cufftExecC2C(along_columns.plan, complex_at(columns), complex_at(columns),
                        CUFFT_INVERSE),
           CUFFT_SUCCESS);
    session.launch("fourierft_expand_columns", 3, table.address(), two, m, n, slots,
                   columns.address(), folded.address());
    Fft along_rows(session, {n}, CUFFT_C2R, 2 * m);
    EXPECT(cufftExecC2R(along_rows.plan, complex_at(folded), delta.pointer()), CUFFT_SUCCESS);
    EXPECT_TRUE(relative_error(delta.read(), expected) < 1e-6);

    session.launch("fourierft_direct_delta", 3, table.address(), two, m, n, delta.address());
    EXPECT_TRUE(relative_error(delta.read(), expected) < 1e-6);
  }
}

CASE(stridedTransformsGoAlongColumns) {
  Session session;
  const int64_t rows = 12;
  const int64_t cols = 5;
  const Values values = random_values(2 * rows * cols, 3);
  Array<float> data(values);
  auto *both = reinterpret_cast<cufftComplex *>(data.address());
  Fft strided(session, {rows}, CUFFT_C2C, cols, cols);
  EXPECT(cufftExecC2C(strided.plan, both, both, CUFFT_FORWARD), CUFFT_SUCCESS);
  std::vector<double> expected(2 * rows * cols);
  for (int64_t k = 0; k < rows; k++) {
    for (int64_t p = 0; p < rows; p++) {
      const double angle = -TAU * (k * p % rows) / rows;
      for (int64_t q = 0; q < cols; q++) {
        const double re = values[2 * (p * cols + q)];
        const double im = values[2 * (p * cols + q) + 1];
        expected[2 * (k * cols + q)] += re * std::cos(angle) - im * std::sin(angle);
        expected[2 * (k * cols + q) + 1] += re * std::sin(angle) + im * std::cos(angle);
      }
    }
  }
  EXPECT_TRUE(relative_error(data.read(), expected) < 1e-6);
}

CASE(theOperatorAppliesTheDeltaInBothDirections) {
  for (const auto &[m, n] : SHAPES) {
    for (const bool transposed : {false, true}) {
      Session session;
      const int64_t tokens = 6;
      const int64_t in = transposed ? m : n;
      const int64_t out = transposed ? n : m;
      const Adapter adapter(m, n, 2, 4);
      const std::vector<double> delta = adapter.delta();
      const Operator op = transposed ? Operator(adapter.v, n, adapter.u, m)
                                     : Operator(adapter.u, m, adapter.v, n);
      Array<int32_t> start(op.start);
      Array<int32_t> source(op.source);
      Array<int32_t> frequency(op.frequency);
      const fourierft_operator entry = {start.pointer(), source.pointer(), frequency.pointer(),
                                        adapter.device_c.pointer(), adapter.scale,
                                        static_cast<int32_t>(adapter.c.size())};
      Array<fourierft_operator> table(std::vector{entry, entry});
      const Values x = random_values(tokens * in, 5);
      const Values before = random_values(tokens * out, 6);
      Array<float> device_x(x);
      Complexes input(tokens * half(in));
      Complexes output(tokens * half(out));
      Array<float> value(tokens * out);
      Fft r2c(session, {in}, CUFFT_R2C, tokens);
      Fft c2r(session, {out}, CUFFT_C2R, tokens);
      EXPECT(cufftExecR2C(r2c.plan, device_x.pointer(), complex_at(input)), CUFFT_SUCCESS);
      Array<int32_t> choice(std::vector<int32_t>{1, 0, 1, 0, -1, 1});

      for (const CUdeviceptr routing : {CUdeviceptr{0}, choice.address()}) {
        Array<float> y(before);
        session.launch("fourierft_gather_multiply", 2, table.address(), int64_t{2}, routing, tokens,
                       input.address(), half(in), output.address(), half(out));
        EXPECT(cufftExecC2R(c2r.plan, complex_at(output), value.pointer()), CUFFT_SUCCESS);
        session.launch("fourierft_accumulate", 2, value.address(), out, routing, tokens, out,
                       y.address(), int32_t{FOURIERFT_F32}, out);
        std::vector<double> expected(before.begin(), before.end());
        for (int64_t t = 0; t < tokens; t++) {
          const int shares = routing == 0 ? 2 : t == 4 ? 0 : 1;
          for (int64_t p = 0; p < m; p++) {
            for (int64_t q = 0; q < n; q++) {
              const int64_t from = transposed ? p : q;
              const int64_t to = transposed ? q : p;
              expected[t * out + to] += shares * delta[p * n + q] * x[t * in + from];
            }
          }
        }
        EXPECT_TRUE(relative_error(y.read(), expected) < 2e-6);
      }
    }
  }
}

CASE(gradientsOfTheCoefficientsSumOverTokens) {
  for (const auto &[m, n] : SHAPES) {
    Session session;
    const int64_t tokens = 7;
    const int64_t per_chunk = 2;
    const Adapter adapter(m, n, 2, 7);
    const auto count = static_cast<int64_t>(adapter.c.size());
    const Values x = random_values(tokens * n, 8);
    const Values g = random_values(tokens * m, 9);
    const std::vector<int32_t> chosen = {0, 2, 3, 5, 6};
    Array<float> device_x(x);
    Array<float> device_g(g);
    Complexes x_bins(tokens * half(n));
    Complexes g_bins(tokens * half(m));
    Fft x_r2c(session, {n}, CUFFT_R2C, tokens);
    Fft g_r2c(session, {m}, CUFFT_R2C, tokens);
    EXPECT(cufftExecR2C(x_r2c.plan, device_x.pointer(), complex_at(x_bins)), CUFFT_SUCCESS);
    EXPECT(cufftExecR2C(g_r2c.plan, device_g.pointer(), complex_at(g_bins)), CUFFT_SUCCESS);

    Array<int32_t> token(chosen);
    Array<float> all_gradient(Values(count, 1.0f));
    Array<float> some_gradient(Values(count, 2.0f));
    Array<float> none_gradient(Values(count, 3.0f));
    const int64_t blocks = (count + 255) / 256;
    const auto entry = [&](Array<float> &gradient, int32_t *list, int64_t acts_on, int64_t partial,
                           int64_t unit) {
      return fourierft_gradient{adapter.device_u.pointer(), adapter.device_v.pointer(),
                                gradient.pointer(), list, count, acts_on, partial, unit,
                                adapter.scale, static_cast<int32_t>(count)};
    };
    const int64_t all_chunks = 4;
    const int64_t some_chunks = 3;
    Array<fourierft_gradient> table(std::vector{
        entry(all_gradient, nullptr, tokens, 0, 0),
        entry(none_gradient, nullptr, 0, 0, all_chunks * blocks),
        entry(some_gradient, token.pointer(), 5, all_chunks * count, all_chunks * blocks)});
    Array<float> partials((all_chunks + some_chunks) * count);
    session.launch("fourierft_spectrum_gradient", 2, table.address(), int64_t{3},
                   (all_chunks + some_chunks) * blocks, m, n, x_bins.address(), g_bins.address(),
                   per_chunk, partials.address());
    session.launch("fourierft_reduce_spectrum_gradient", 2, table.address(), int64_t{3}, count,
                   per_chunk, partials.address());

    const auto expected = [&](double start, auto acts_on) {
      std::vector<double> sum(count, start);
      for (int64_t t = 0; t < tokens; t++) {
        if (!acts_on(t)) continue;
        for (int64_t k = 0; k < count; k++) {
          for (int64_t p = 0; p < m; p++) {
            for (int64_t q = 0; q < n; q++) {
              const double angle = static_cast<double>(adapter.u[k] * p % m) / m +
                                   static_cast<double>(adapter.v[k] * q % n) / n;
              sum[k] += static_cast<double>(adapter.scale) * g[t * m + p] * x[t * n + q] *
                        std::cos(TAU * angle);
            }
          }
        }
      }
      return sum;
    };
    EXPECT_TRUE(relative_error(all_gradient.read(), expected(1, [](int64_t) { return true; })) <
                2e-6);
    EXPECT_TRUE(relative_error(some_gradient.read(),
                               expected(2, [](int64_t t) { return t != 1 && t != 4; })) < 2e-6);
    EXPECT(none_gradient.read()[0], 3.0f);

    /* The dense gradient of one token is the outer product of g and x. */
    Values outer(m * n);
    for (int64_t p = 0; p < m; p++) {
      for (int64_t q = 0; q < n; q++) outer[p * n + q] = g[p] * x[q];
    }
    Array<float> dense(outer);
    Complexes bins(m * half(n));
    Fft r2c(session, {m, n}, CUFFT_R2C, 1);
    EXPECT(cufftExecR2C(r2c.plan, dense.pointer(), complex_at(bins)), CUFFT_SUCCESS);
    Array<float> gradient(Values(count, 0.5f));
    Array<fourierft_gradient> one(std::vector{entry(gradient, nullptr, 0, 0, 0)});
    session.launch("fourierft_delta_gradient", 1, one.address(), int64_t{1}, count, m, n,
                   bins.address());
    EXPECT_TRUE(relative_error(gradient.read(), expected(0.5, [](int64_t t) { return t == 0; })) <
                2e-6);
  }
}

CASE(mergingRoundsOnceAndMeasures) {
  Session session;
  const int64_t rows = 40;
  const int64_t cols = 37;
  const Values delta = random_values(rows * cols, 10);
  Array<float> source(delta);
  Array<fourierft_addition> partials(3);
  Array<fourierft_addition> result(1);
  for (const int32_t transposed : {0, 1}) {
    /* W is 1 + 2^-7 in bfloat16 everywhere; its neighbours are 2^-7 away. */
    const float w = 1.0078125f;
    const int64_t stride = (transposed ? rows : cols) + 3;
    Array<uint16_t> weight(std::vector<uint16_t>((transposed ? cols : rows) * stride, 0x3f81));
    const fourierft_target target = {weight.pointer(), stride, FOURIERFT_BF16, FOURIERFT_F32,
                                     1.0f, transposed};
    Array<fourierft_target> targets(std::vector{target});
    session.launch("fourierft_add_delta", 3, targets.address(), int64_t{1}, rows, cols,
                   source.address(), int64_t{1}, cols, rows * cols, -1.0f, partials.address());
    session.launch("fourierft_reduce_addition", 1, partials.address(), int64_t{3},
                   result.address());
    const std::vector<uint16_t> stored = weight.read();
    const fourierft_addition found = result.read()[0];
    double delta_squares = 0;
    double error_sum = 0;
    double error_max = 0;
    for (int64_t p = 0; p < rows; p++) {
      for (int64_t q = 0; q < cols; q++) {
        const uint32_t bits = static_cast<uint32_t>(
            stored[transposed ? q * stride + p : p * stride + q]) << 16;
        float value;
        memcpy(&value, &bits, 4);
        const double exact = static_cast<double>(w) - delta[p * cols + q];
        delta_squares += static_cast<double>(delta[p * cols + q]) * delta[p * cols + q];
        const double spacing = std::ldexp(1.0, std::ilogb(static_cast<float>(exact)) - 7);
        EXPECT_TRUE(std::fabs(value - exact) <= 0.5 * spacing + 1e-7);
        error_sum += std::fabs(value - exact);
        error_max = std::max(error_max, std::fabs(value - exact));
      }
    }
    EXPECT_TRUE(std::fabs(found.delta_squares - delta_squares) < 1e-9 * delta_squares);
    EXPECT_TRUE(std::fabs(found.weight_squares - rows * cols * w * w) < 1e-3);
    EXPECT(found.non_finite, 0);
    EXPECT_TRUE(std::fabs(found.error_sum - error_sum) < 1e-9);
    EXPECT(found.error_max, error_max);
    EXPECT(weight.read()[stride - 1], 0x3f81);
  }
}

CASE(infiniteResultsAreCounted) {
  Session session;
  Array<float> source(Values{1, INFINITY, 70000, NAN});
  Array<uint16_t> weight(std::vector<uint16_t>(4, 0));
  const fourierft_target target = {weight.pointer(), 4, FOURIERFT_F16, FOURIERFT_F32, 1.0f, 0};
  Array<fourierft_target> targets(std::vector{target});
  Array<fourierft_addition> result(1);
  session.launch("fourierft_add_delta", 1, targets.address(), int64_t{1}, int64_t{1}, int64_t{4},
                 source.address(), int64_t{1}, int64_t{4}, int64_t{4}, 1.0f, result.address());
  EXPECT(result.read()[0].non_finite, 3);
  EXPECT(weight.read()[0], 0x3c00);
}

CASE(everyFormatPacksAndComesBack) {
  Session session;
  const std::vector<uint16_t> halves = {0x0001, 0x03ff, 0x0400, 0x3555, 0x7bff, 0x8001, 0xfbff};
  const auto count = static_cast<int64_t>(halves.size());
  Array<uint16_t> from(halves);
  Array<float> packed(count);
  Array<uint16_t> to(std::vector<uint16_t>(count, 0x8000));
  for (const int32_t type : {FOURIERFT_F16, FOURIERFT_BF16}) {
    session.launch("fourierft_pack", 1, from.address(), type, count, int64_t{1}, count,
                   packed.address(), count);
    to.zero(session.stream);
    session.launch("fourierft_accumulate", 1, packed.address(), count, CUdeviceptr{0},
                   int64_t{1}, count, to.address(), type, count);
    const std::vector<uint16_t> back = to.read();
    for (int64_t i = 0; i < count; i++) EXPECT(back[i], halves[i]);
  }
}

/* One tensor with AdamW's state, whose third step of four has a gradient that is no number. */
CASE(adamwFollowsItsFormula) {
  Session session;
  const int64_t count = 3000;
  const int64_t units = 3;
  const Values start = random_values(count, 11);
  Values gradient = random_values(count, 12);
  Array<float> value(start);
  Array<float> first(Values(count, 0.0f));
  Array<float> second(Values(count, 0.0f));
  Array<double> partials(units);
  Array<fourierft_progress> progress(std::vector{fourierft_progress{0, 0, 0, 0}});
  Array<fourierft_decision> decision(1);
  const double rate = 0.01;
  const double beta1 = 0.9;
  const double beta2 = 0.999;
  const double max_norm = 1.5;
  const double share = 0.5;
  Array<fourierft_rates> rates(std::vector{
      fourierft_rates{rate, static_cast<float>(1 - rate * 0.1), 0}});
  double squares = 0;
  for (const float g : gradient) squares += share * share * g * g;
  const double clip = std::min(1.0, max_norm / (std::sqrt(squares) + 1e-6));
  std::vector<double> expected(start.begin(), start.end());
  std::vector<double> m(count);
  std::vector<double> v(count);
  for (int attempt = 1; attempt <= 4; attempt++) {
    const bool spoilt = attempt == 3;
    const int step = attempt > 3 ? 3 : attempt;
    Values gathered = gradient;
    if (spoilt) gathered[2999] = NAN;
    Array<float> device_gradient(gathered);
    Array<fourierft_parameter> table(std::vector{
        fourierft_parameter{value.pointer(), device_gradient.pointer(), first.pointer(),
                            second.pointer(), count, 0, 0, 0}});
    const fourierft_adamw settings = {beta1,
                                      beta2,
                                      max_norm,
                                      0,
                                      static_cast<float>(share),
                                      static_cast<float>(1 - beta1),
                                      static_cast<float>(beta2),
                                      static_cast<float>(1 - beta2),
                                      1e-8f,
                                      0};
    Array<fourierft_adamw> device_settings(std::vector{settings});
    session.launch("fourierft_gradient_squares", 2, table.address(), int64_t{1}, units,
                   device_settings.address(), partials.address());
    session.launch("fourierft_decide_step", 1, partials.address(), units,
                   device_settings.address(), progress.address(), rates.address(), int64_t{1},
                   decision.address());
    session.launch("fourierft_adamw_step", 2, table.address(), int64_t{1}, units,
                   device_settings.address(), rates.address(), decision.address(),
                   progress.address());
    const fourierft_progress reached = progress.read()[0];
    EXPECT(reached.steps, spoilt ? 2 : step);
    EXPECT(reached.skipped, attempt < 3 ? 0 : 1);
    EXPECT(reached.refused, 0);
    EXPECT(device_gradient.read()[2999], 0.0f);
    EXPECT_TRUE(spoilt ? std::isnan(reached.norm)
                       : std::fabs(reached.norm - std::sqrt(squares)) < 1e-6);
    if (!spoilt) {
      const double bias1 = 1 - std::pow(beta1, step);
      const double bias2 = 1 - std::pow(beta2, step);
      for (int64_t i = 0; i < count; i++) {
        const double g = clip * share * gradient[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        expected[i] *= 1 - rate * 0.1;
        expected[i] -= rate / bias1 * m[i] / (std::sqrt(v[i]) / std::sqrt(bias2) + 1e-8);
      }
    }
    EXPECT_TRUE(relative_error(value.read(), expected) < 1e-6);
  }
}

CASE(cufftRefusesWhatItCannotDo) {
  Session session;
  cufftHandle plan = 0;
  size_t work = 0;
  long long size = 6;
  EXPECT(cufftCreate(&plan), CUFFT_SUCCESS);
  EXPECT(cufftMakePlanMany64(plan, 1, &size, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2C, 0, &work),
         CUFFT_INVALID_SIZE);
  emu_fail("cufftMakePlanMany64", 1, CUFFT_ALLOC_FAILED);
  EXPECT(cufftMakePlanMany64(plan, 1, &size, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2C, 1, &work),
         CUFFT_ALLOC_FAILED);
  EXPECT(cufftMakePlanMany64(plan, 1, &size, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2C, 1, &work),
         CUFFT_SUCCESS);
  EXPECT_TRUE(work > 0);
  EXPECT(cufftExecC2C(plan, nullptr, nullptr, CUFFT_INVERSE), CUFFT_INVALID_VALUE);
  EXPECT(cufftDestroy(plan), CUFFT_SUCCESS);
  EXPECT(cufftDestroy(plan), CUFFT_INVALID_PLAN);
  EXPECT(emu_violations(), 1);
  emu_clear_violations();
}

int main() { return check::run(expect_clean); }
