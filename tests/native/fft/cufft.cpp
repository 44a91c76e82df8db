/* The exported functions of the emulated cuFFT. */
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

#include "bridge.h"
#include "plans.h"

/* From the emulated driver. */
extern "C" int cuMemAlloc_v2(unsigned long long *result, size_t bytes);
extern "C" int cuMemFree_v2(unsigned long long base);

using emulator::begin;
using emulator::Dft;
using emulator::Hook;
using emulator::Layout;
using emulator::Plan;
using emulator::Plans;
using emulator::Transform;
namespace bridge = emulator::bridge;

namespace {

constexpr int ILLEGAL_ADDRESS = 700;

/* Work areas in use: two transforms at once in one of them spoil each other. */
struct WorkAreas {
  std::mutex mutex;
  std::multiset<void *> busy;

  static WorkAreas &get() {
    static auto *areas = new WorkAreas();
    return *areas;
  }

  void enter(void *area) {
    std::lock_guard<std::mutex> lock(mutex);
    if (busy.count(area) != 0) bridge::violation("cuFFT: two transforms at once in one work area");
    busy.insert(area);
  }

  void leave(void *area) {
    std::lock_guard<std::mutex> lock(mutex);
    busy.erase(busy.find(area));
  }
};

bool is_type(cufftType type) {
  return type == CUFFT_C2C || type == CUFFT_R2C || type == CUFFT_C2R;
}

/* What a plan is asked for, before it is checked. */
struct Wanted {
  int rank;
  const long long *sizes;
  const long long *input_embed;
  long long input_stride;
  long long input_distance;
  const long long *output_embed;
  long long output_stride;
  long long output_distance;
  cufftType type;
  long long batch;
};

Layout layout_of(int rank, const long long *embed, long long stride, long long distance) {
  return {{embed, embed + rank}, stride, distance};
}

/* Whether every line of a side fits the room that its embedding leaves for it. */
bool fits(const Layout &layout, const std::vector<int64_t> &sizes, int64_t batch) {
  if (layout.stride < 1 || (batch > 1 && layout.distance < 1)) return false;
  for (size_t axis = 1; axis < sizes.size(); axis++) {
    if (layout.embed[axis] < sizes[axis]) return false;
  }
  return true;
}

cufftResult describe(const Wanted &wanted, std::shared_ptr<Transform> *result) {
  if (wanted.sizes == nullptr || wanted.rank < 1 || wanted.rank > 3) return CUFFT_INVALID_VALUE;
  if (!is_type(wanted.type)) return CUFFT_INVALID_TYPE;
  if (wanted.batch < 1) return CUFFT_INVALID_SIZE;
  auto transform = std::make_shared<Transform>();
  for (int i = 0; i < wanted.rank; i++) {
    if (wanted.sizes[i] < 1) return CUFFT_INVALID_SIZE;
    transform->sizes.push_back(wanted.sizes[i]);
    transform->dfts.emplace_back(wanted.sizes[i]);
  }
  transform->type = wanted.type;
  transform->batch = wanted.batch;
  transform->basic = wanted.input_embed == nullptr || wanted.output_embed == nullptr;
  if (!transform->basic) {
    transform->input = layout_of(wanted.rank, wanted.input_embed, wanted.input_stride,
                                 wanted.input_distance);
    transform->output = layout_of(wanted.rank, wanted.output_embed, wanted.output_stride,
                                  wanted.output_distance);
    if (!fits(transform->input, transform->input_sizes(), wanted.batch) ||
        !fits(transform->output, transform->output_sizes(), wanted.batch)) {
      return CUFFT_INVALID_VALUE;
    }
  }
  *result = transform;
  return CUFFT_SUCCESS;
}

cufftResult make(cufftHandle handle, const Wanted &wanted, size_t *work_size, uint64_t context) {
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr || plan->transform != nullptr) return CUFFT_INVALID_PLAN;
  if (work_size == nullptr) return CUFFT_INVALID_VALUE;
  std::shared_ptr<Transform> transform;
  if (const cufftResult refused = describe(wanted, &transform)) return refused;
  if (plan->unlinked) return CUFFT_NVJITLINK_FAILURE;
  if ((plan->load.callback != nullptr && transform->type == CUFFT_R2C) ||
      (plan->store.callback != nullptr && transform->type != CUFFT_C2R)) {
    return CUFFT_INVALID_TYPE;
  }
  transform->load = plan->load;
  transform->store = plan->store;
  const int64_t bytes = transform->work_bytes();
  if (plan->automatic && bytes > 0) {
    unsigned long long area = 0;
    if (cuMemAlloc_v2(&area, bytes) != 0) return CUFFT_ALLOC_FAILED;
    plan->own_area = plan->work_area = reinterpret_cast<void *>(area);
  }
  plan->transform = transform;
  plan->context = context;
  *work_size = bytes;
  return CUFFT_SUCCESS;
}

bool overlap(const void *a, int64_t a_bytes, const void *b, int64_t b_bytes) {
  const auto first = reinterpret_cast<uint64_t>(a);
  const auto second = reinterpret_cast<uint64_t>(b);
  return first < second + b_bytes && second < first + a_bytes;
}

/* What a stream runs; all that it needs is in it, so that it may run again from a graph. */
int run(const Transform &transform, void *area, float *input, float *output, int sign) {
  const bool in_place = input == output;
  const int64_t read = transform.input_bytes(in_place);
  const int64_t written = transform.output_bytes(in_place);
  const int64_t work = transform.work_bytes();
  if (!bridge::check_device(input, read, "cuFFT input") ||
      !bridge::check_device(output, written, "cuFFT output") ||
      (work > 0 && !bridge::check_device(area, work, "cuFFT work area"))) {
    return ILLEGAL_ADDRESS;
  }
  if (!in_place && overlap(input, read, output, written)) {
    bridge::violation("cuFFT: input and output overlap and are not the same");
  }
  if (work > 0 && (overlap(area, work, input, read) || overlap(area, work, output, written))) {
    bridge::violation("cuFFT: the work area overlaps input or output");
  }
  for (const Hook &hook : {transform.load, transform.store}) {
    if (hook.callback == nullptr) continue;
    const bool loads = hook.callback->load != nullptr;
    const int problem = bridge::check_callbacks(loads ? hook.callback : nullptr,
                                                loads ? nullptr : hook.callback, hook.info,
                                                transform.input_elements());
    if (problem != 0) return problem;
  }
  if (work > 0) {
    WorkAreas::get().enter(area);
    memset(area, 0xff, work);
  }
  transform.run(input, output, sign);
  if (work > 0) WorkAreas::get().leave(area);
  return 0;
}

cufftResult execute(const char *function, cufftHandle handle, cufftType type, void *input,
                    void *output, int sign, int64_t input_alignment, int64_t output_alignment) {
  uint64_t context = 0;
  if (const cufftResult refused = begin(function, "exec", &context)) {
    return refused == CUFFT_INTERNAL_ERROR ? CUFFT_EXEC_FAILED : refused;
  }
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr || plan->transform == nullptr) return CUFFT_INVALID_PLAN;
  if (plan->transform->type != type) return CUFFT_INVALID_TYPE;
  if (input == nullptr || output == nullptr) return CUFFT_INVALID_VALUE;
  if (type == CUFFT_C2C && sign != CUFFT_FORWARD && sign != CUFFT_INVERSE) {
    return CUFFT_INVALID_VALUE;
  }
  if (reinterpret_cast<uint64_t>(input) % input_alignment != 0 ||
      reinterpret_cast<uint64_t>(output) % output_alignment != 0) {
    return CUFFT_UNALIGNED_DATA;
  }
  if (plan->context != context) {
    bridge::violation("cuFFT: a plan was run in a context that it was not made in");
    return CUFFT_INVALID_PLAN;
  }
  if (plan->transform->work_bytes() > 0 && plan->work_area == nullptr) return CUFFT_NO_WORKSPACE;
  if (plan->busy.exchange(true)) bridge::violation("cuFFT: two threads ran one plan at once");
  const std::shared_ptr<const Transform> transform = plan->transform;
  void *area = plan->work_area;
  const int result = bridge::submit(plan->stream, [=] {
    return run(*transform, area, static_cast<float *>(input), static_cast<float *>(output), sign);
  });
  plan->busy = false;
  return result == 0 ? CUFFT_SUCCESS : CUFFT_EXEC_FAILED;
}

}  // namespace

EMULATED_API cufftResult cufftGetVersion(int *version) {
  if (const cufftResult refused = begin(__func__, "", nullptr)) return refused;
  if (version == nullptr) return CUFFT_INVALID_VALUE;
  const char *text = getenv("EMULATED_CUFFT_VERSION");
  *version = text == nullptr ? EMULATED_CUFFT_DEFAULT_VERSION : atoi(text);
  return CUFFT_SUCCESS;
}

EMULATED_API cufftResult cufftGetProperty(int property, int *value) {
  int version = 0;
  if (value == nullptr || property < 0 || property > 2) return CUFFT_INVALID_VALUE;
  if (const cufftResult refused = cufftGetVersion(&version)) return refused;
  *value = property == 0 ? version / 1000 : property == 1 ? version / 100 % 10 : version % 100;
  return CUFFT_SUCCESS;
}

EMULATED_API cufftResult cufftCreate(cufftHandle *handle) {
  uint64_t context = 0;
  if (const cufftResult refused = begin(__func__, "plan", &context)) return refused;
  if (handle == nullptr) return CUFFT_INVALID_VALUE;
  Plans &plans = Plans::get();
  std::lock_guard<std::mutex> lock(plans.mutex);
  *handle = plans.next++;
  plans.live[*handle] = std::make_shared<Plan>();
  bridge::plan_made();
  return CUFFT_SUCCESS;
}

/* Frees the plan whatever has become of the context, as the driver's freeing functions do. */
EMULATED_API cufftResult cufftDestroy(cufftHandle handle) {
  if (const cufftResult refused = begin(__func__, "free", nullptr)) return refused;
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr) return CUFFT_INVALID_PLAN;
  {
    Plans &plans = Plans::get();
    std::lock_guard<std::mutex> lock(plans.mutex);
    if (plans.live.erase(handle) == 0) return CUFFT_INVALID_PLAN;
    plans.dead.insert(handle);
  }
  bridge::plan_freed();
  if (plan->own_area != nullptr) {
    cuMemFree_v2(reinterpret_cast<unsigned long long>(plan->own_area));
  }
  return CUFFT_SUCCESS;
}

EMULATED_API cufftResult cufftSetAutoAllocation(cufftHandle handle, int automatic) {
  if (const cufftResult refused = begin(__func__, "", nullptr)) return refused;
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr) return CUFFT_INVALID_PLAN;
  plan->automatic = automatic != 0;
  return CUFFT_SUCCESS;
}

/* CUDA 11 has no such function. */
#if EMULATED_CUFFT_DEFAULT_VERSION >= 11000
EMULATED_API cufftResult cufftSetPlanPropertyInt64(cufftHandle handle, int property,
                                                   long long value) {
  constexpr int PATIENT_JIT = 1;
  if (const cufftResult refused = begin(__func__, "plan", nullptr)) return refused;
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr) return CUFFT_INVALID_PLAN;
  if (plan->transform != nullptr) {
    bridge::violation("cuFFT: a property was given to a plan that is made already");
    return CUFFT_INVALID_PLAN;
  }
  return property == PATIENT_JIT && (value == 0 || value == 1) ? CUFFT_SUCCESS
                                                               : CUFFT_INVALID_VALUE;
}
#endif

EMULATED_API cufftResult cufftSetWorkArea(cufftHandle handle, void *area) {
  if (const cufftResult refused = begin(__func__, "", nullptr)) return refused;
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr || plan->transform == nullptr) return CUFFT_INVALID_PLAN;
  if (plan->own_area != nullptr) {
    bridge::violation("cufftSetWorkArea: the plan has a work area of its own");
  }
  plan->work_area = area;
  return CUFFT_SUCCESS;
}

EMULATED_API cufftResult cufftSetStream(cufftHandle handle, void *stream) {
  uint64_t context = 0;
  if (const cufftResult refused = begin(__func__, "", &context)) return refused;
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr) return CUFFT_INVALID_PLAN;
  if (!bridge::is_stream(stream)) return CUFFT_INVALID_VALUE;
  plan->stream = stream;
  return CUFFT_SUCCESS;
}

EMULATED_API cufftResult cufftMakePlanMany64(cufftHandle handle, int rank, long long *n,
                                             long long *inembed, long long istride,
                                             long long idist, long long *onembed, long long ostride,
                                             long long odist, cufftType type, long long batch,
                                             size_t *work_size) {
  uint64_t context = 0;
  if (const cufftResult refused = begin(__func__, "plan", &context)) return refused;
  return make(handle,
              {rank, n, inembed, istride, idist, onembed, ostride, odist, type, batch}, work_size,
              context);
}

EMULATED_API cufftResult cufftMakePlanMany(cufftHandle handle, int rank, int *n, int *inembed,
                                           int istride, int idist, int *onembed, int ostride,
                                           int odist, cufftType type, int batch,
                                           size_t *work_size) {
  uint64_t context = 0;
  if (const cufftResult refused = begin(__func__, "plan", &context)) return refused;
  if (n == nullptr || rank < 1 || rank > 3) return CUFFT_INVALID_VALUE;
  const auto widened = [rank](const int *from, long long *to) {
    if (from == nullptr) return static_cast<const long long *>(nullptr);
    for (int i = 0; i < rank; i++) to[i] = from[i];
    return static_cast<const long long *>(to);
  };
  long long sizes[3];
  long long input[3];
  long long output[3];
  return make(handle,
              {rank, widened(n, sizes), widened(inembed, input), istride, idist,
               widened(onembed, output), ostride, odist, type, batch},
              work_size, context);
}

EMULATED_API cufftResult cufftPlanMany(cufftHandle *handle, int rank, int *n, int *inembed,
                                       int istride, int idist, int *onembed, int ostride, int odist,
                                       cufftType type, int batch) {
  if (const cufftResult refused = cufftCreate(handle)) return refused;
  size_t work_size;
  const cufftResult result = cufftMakePlanMany(*handle, rank, n, inembed, istride, idist, onembed,
                                               ostride, odist, type, batch, &work_size);
  if (result != CUFFT_SUCCESS) cufftDestroy(*handle);
  return result;
}

EMULATED_API cufftResult cufftPlan1d(cufftHandle *handle, int n, cufftType type, int batch) {
  return cufftPlanMany(handle, 1, &n, nullptr, 1, 0, nullptr, 1, 0, type, batch);
}

EMULATED_API cufftResult cufftPlan2d(cufftHandle *handle, int rows, int cols, cufftType type) {
  int n[] = {rows, cols};
  return cufftPlanMany(handle, 2, n, nullptr, 1, 0, nullptr, 1, 0, type, 1);
}

EMULATED_API cufftResult cufftGetSize(cufftHandle handle, size_t *work_size) {
  if (const cufftResult refused = begin(__func__, "", nullptr)) return refused;
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr || plan->transform == nullptr) return CUFFT_INVALID_PLAN;
  if (work_size == nullptr) return CUFFT_INVALID_VALUE;
  *work_size = plan->transform->work_bytes();
  return CUFFT_SUCCESS;
}

EMULATED_API cufftResult cufftGetSizeMany64(cufftHandle handle, int rank, long long *n,
                                            long long *inembed, long long istride, long long idist,
                                            long long *onembed, long long ostride, long long odist,
                                            cufftType type, long long batch, size_t *work_size) {
  if (const cufftResult refused = begin(__func__, "", nullptr)) return refused;
  if (Plans::get().find(handle) == nullptr) return CUFFT_INVALID_PLAN;
  if (work_size == nullptr) return CUFFT_INVALID_VALUE;
  std::shared_ptr<Transform> transform;
  if (const cufftResult refused = describe(
          {rank, n, inembed, istride, idist, onembed, ostride, odist, type, batch}, &transform)) {
    return refused;
  }
  *work_size = transform->work_bytes();
  return CUFFT_SUCCESS;
}

EMULATED_API cufftResult cufftExecC2C(cufftHandle handle, cufftComplex *input, cufftComplex *output,
                                      int direction) {
  return execute(__func__, handle, CUFFT_C2C, input, output, direction, 8, 8);
}

EMULATED_API cufftResult cufftExecR2C(cufftHandle handle, cufftReal *input, cufftComplex *output) {
  return execute(__func__, handle, CUFFT_R2C, input, output, CUFFT_FORWARD, 4, 8);
}

EMULATED_API cufftResult cufftExecC2R(cufftHandle handle, cufftComplex *input, cufftReal *output) {
  return execute(__func__, handle, CUFFT_C2R, input, output, CUFFT_INVERSE, 8, 4);
}
