/* The callbacks inside the emulated cuFFT, against sums in float64. */
#include "fourierft_callbacks.h"

#include <memory>

#include "fixtures.h"

extern "C" cufftResult cufftXtSetJITCallback(cufftHandle, const char *, const void *, size_t, int,
                                             void **);

namespace {

constexpr char IMAGE[] = "FOURIERFT-EMULATED-CALLBACK";

fourierft_divisor divisor(int64_t by) {
  const auto value = static_cast<uint64_t>(by);
  return {value, UINT64_MAX / value};
}

/* A plan in place whose last lengths are padded, with callbacks. */
class CallbackFft {
 public:
  CallbackFft(Session &session, std::vector<long long> sizes, cufftType type, long long batch,
           const char *load, const char *store, const fourierft_callback_info *info) {
    EXPECT(cufftCreate(&plan), CUFFT_SUCCESS);
    void *infos[] = {const_cast<fourierft_callback_info *>(info)};
    EXPECT(cufftXtSetJITCallback(plan, load, IMAGE, sizeof IMAGE, CUFFT_CB_LD_COMPLEX, infos),
           CUFFT_SUCCESS);
    if (store != nullptr) {
      EXPECT(cufftXtSetJITCallback(plan, store, IMAGE, sizeof IMAGE, CUFFT_CB_ST_REAL, infos),
             CUFFT_SUCCESS);
    }
    std::vector<long long> input = sizes;
    std::vector<long long> output = sizes;
    if (type == CUFFT_C2R) {
      input.back() = half(sizes.back());
      output.back() = 2 * half(sizes.back());
    }
    long long in = 1;
    long long out = 1;
    for (const long long size : input) in *= size;
    for (const long long size : output) out *= size;
    size_t work = 0;
    EXPECT(cufftMakePlanMany64(plan, static_cast<int>(sizes.size()), sizes.data(), input.data(), 1,
                               in, output.data(), 1, out, type, batch, &work),
           CUFFT_SUCCESS);
    EXPECT(cufftSetStream(plan, session.stream), CUFFT_SUCCESS);
  }

  CallbackFft(const CallbackFft &) = delete;
  CallbackFft &operator=(const CallbackFft &) = delete;
  ~CallbackFft() { cufftDestroy(plan); }

  cufftHandle plan = 0;
};

/* Two adapters of one shape, their tables, and room for their deltas in rows that are padded. */
struct Batch {
  int64_t m;
  int64_t n;
  int64_t stride;
  Adapter first;
  Adapter second;
  Operator first_bins;
  Operator second_bins;
  std::vector<Array<int32_t>> arrays;
  Array<float> delta;
  Array<fourierft_adapter> adapters;
  Array<fourierft_operator> operators;
  Array<fourierft_target> targets;

  Batch(int64_t rows, int64_t cols)
      : m(rows),
        n(cols),
        stride(cols + 3),
        first(m, n, 3, 1),
        second(m, n, 2, 2),
        first_bins(first.v, n, first.u, m),
        second_bins(second.v, n, second.u, m),
        arrays(),
        delta(Values(2 * m * stride, 7.0f)),
        adapters(std::vector{first.entry(), second.entry()}),
        operators(2),
        targets(std::vector{target(0), target(1)}) {
    arrays.reserve(6);
    operators.write({entry(first, first_bins), entry(second, second_bins)});
  }

  fourierft_callback_info info(int64_t slots, const fourierft_complex *columns,
                               bool by_slot) const {
    return {adapters.pointer(), operators.pointer(), targets.pointer(), columns, m, n, slots,
            divisor(by_slot ? m : half(n)), divisor(by_slot ? slots : m), divisor(2 * half(n))};
  }

  void expect_definition() const {
    const Values found = delta.read();
    for (int64_t a = 0; a < 2; a++) {
      const std::vector<double> expected = (a == 0 ? first : second).delta();
      Values actual;
      for (int64_t p = 0; p < m; p++) {
        for (int64_t q = 0; q < stride; q++) {
          const float value = found[(a * m + p) * stride + q];
          if (q < n) actual.push_back(value);
          else EXPECT(value, 7.0f);
        }
      }
      EXPECT_TRUE(relative_error(actual, expected) < 1e-6);
    }
  }

 private:
  fourierft_target target(int64_t a) const {
    return {delta.pointer() + a * m * stride, stride, FOURIERFT_F32, FOURIERFT_F32, 1, 0};
  }

  fourierft_operator entry(const Adapter &adapter, const Operator &bins) {
    const int32_t *start = arrays.emplace_back(bins.start).pointer();
    const int32_t *source = arrays.emplace_back(bins.source).pointer();
    const int32_t *frequency = arrays.emplace_back(bins.frequency).pointer();
    return {start, source, frequency, adapter.device_c.pointer(), adapter.scale,
            static_cast<int32_t>(adapter.c.size())};
  }
};

}  // namespace

CASE(theFoldedPathNeedsNoSpectrum) {
  for (const auto &[m, n] : SHAPES) {
    Session session;
    const Batch batch(m, n);
    Array<fourierft_callback_info> info(std::vector{batch.info(0, nullptr, false)});
    Complexes scratch(2 * m * half(n));
    CallbackFft c2r(session, {m, n}, CUFFT_C2R, 2, "fourierft_load_half",
                 "fourierft_store_delta_element", info.pointer());
    EXPECT(cufftExecC2R(c2r.plan, complex_at(scratch),
                        reinterpret_cast<cufftReal *>(scratch.pointer())),
           CUFFT_SUCCESS);
    batch.expect_definition();
  }
}

CASE(thePrunedPathKeepsItsColumnsAlone) {
  for (const auto &[m, n] : SHAPES) {
    Session session;
    const Batch batch(m, n);
    const int64_t slots = std::max(batch.first.slots, batch.second.slots);
    Complexes columns(2 * slots * m);
    Complexes scratch(2 * m * half(n));
    Array<fourierft_callback_info> column_info(
        std::vector{batch.info(slots, columns.pointer(), true)});
    Array<fourierft_callback_info> row_info(
        std::vector{batch.info(slots, columns.pointer(), false)});
    CallbackFft along_columns(session, {m}, CUFFT_C2C, 2 * slots, "fourierft_load_slots", nullptr,
                           column_info.pointer());
    CallbackFft along_rows(session, {n}, CUFFT_C2R, 2 * m, "fourierft_load_columns",
                        "fourierft_store_delta_element", row_info.pointer());
    EXPECT(cufftExecC2C(along_columns.plan, complex_at(columns), complex_at(columns),
                        CUFFT_INVERSE),
           CUFFT_SUCCESS);
    EXPECT(cufftExecC2R(along_rows.plan, complex_at(scratch),
                        reinterpret_cast<cufftReal *>(scratch.pointer())),
           CUFFT_SUCCESS);
    batch.expect_definition();
  }
}

CASE(aWrongCallbackIsRefusedByThePlan) {
  Session session;
  Array<fourierft_callback_info> info(1);
  void *infos[] = {info.pointer()};
  cufftHandle plan = 0;
  size_t work = 0;
  long long size = 6;
  EXPECT(cufftCreate(&plan), CUFFT_SUCCESS);
  EXPECT(cufftXtSetJITCallback(plan, "fourierft_load_half", nullptr, 0, CUFFT_CB_LD_COMPLEX, infos),
         CUFFT_INVALID_VALUE);
  EXPECT(cufftXtSetJITCallback(plan, "fourierft_load_half", IMAGE, sizeof IMAGE, 2, infos),
         CUFFT_INVALID_TYPE);
  EXPECT(cufftXtSetJITCallback(plan, "nobody", IMAGE, sizeof IMAGE, CUFFT_CB_LD_COMPLEX, infos),
         CUFFT_SUCCESS);
  EXPECT(cufftMakePlanMany64(plan, 1, &size, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2C, 1, &work),
         CUFFT_NVJITLINK_FAILURE);
  EXPECT(cufftDestroy(plan), CUFFT_SUCCESS);
}

CASE(callerInfoOfFreedMemoryIsSeen) {
  Session session;
  const Batch batch(4, 6);
  auto info = std::make_unique<Array<fourierft_callback_info>>(
      std::vector{batch.info(0, nullptr, false)});
  Complexes scratch(2 * 4 * half(6));
  CallbackFft c2r(session, {4, 6}, CUFFT_C2R, 2, "fourierft_load_half",
               "fourierft_store_delta_element", info->pointer());
  info.reset();
  EXPECT(cufftExecC2R(c2r.plan, complex_at(scratch),
                      reinterpret_cast<cufftReal *>(scratch.pointer())),
         CUFFT_SUCCESS);
  EXPECT_TRUE(session.synchronize() != CUDA_SUCCESS);
  EXPECT(emu_violations(), 1);
  emu_clear_violations();
}

int main() { return check::run(expect_clean); }
