/* cuFFT's link-time callbacks. What stands for the linker finds them by name among the host's. */
#include <cstring>

#include "plans.h"

using emulator::begin;
using emulator::Callback;
using emulator::Plan;
using emulator::Plans;
namespace bridge = emulator::bridge;

namespace {

/* What stands for a callback's image where no nvcc was. */
constexpr char MARKER[] = "FOURIERFT-EMULATED-CALLBACK";

/* The first bytes of a fatbin. */
constexpr unsigned char FATBIN[] = {0x50, 0xed, 0x55, 0xba};

bool starts_with(const void *image, size_t size, const void *wanted, size_t wanted_size) {
  return size >= wanted_size && memcmp(image, wanted, wanted_size) == 0;
}

cufftResult set_callback(cufftHandle handle, const char *symbol, const void *image, size_t size,
                         int type, void **caller_info) {
  const std::shared_ptr<Plan> plan = Plans::get().find(handle);
  if (plan == nullptr) return CUFFT_INVALID_PLAN;
  if (plan->transform != nullptr) {
    bridge::violation("cuFFT: a callback was given to a plan that is made already");
    return CUFFT_INVALID_PLAN;
  }
  if (symbol == nullptr || image == nullptr || caller_info == nullptr) return CUFFT_INVALID_VALUE;
  if (type != CUFFT_CB_LD_COMPLEX && type != CUFFT_CB_ST_REAL) return CUFFT_INVALID_TYPE;
  const Callback *callback = bridge::find_callback(symbol);
  const bool loads = type == CUFFT_CB_LD_COMPLEX;
  const bool linked = (starts_with(image, size, FATBIN, sizeof FATBIN) ||
                       starts_with(image, size, MARKER, sizeof MARKER - 1)) &&
                      callback != nullptr && (callback->load != nullptr) == loads;
  /* NVIDIA's linker runs when the plan is made. */
  plan->unlinked |= !linked;
  (loads ? plan->load : plan->store) = {callback, caller_info[0]};
  return CUFFT_SUCCESS;
}

}  // namespace

/* CUDA 12 has the present parameters under another name; CUDA 11 has no such function. */
#if EMULATED_CUFFT_DEFAULT_VERSION >= 12000
#define SET_CALLBACK cufftXtSetJITCallback
#else
#define SET_CALLBACK __cufftXtSetJITCallback_12_7
#endif

EMULATED_API cufftResult SET_CALLBACK(cufftHandle handle, const char *symbol, const void *image,
                                      size_t size, int type, void **caller_info) {
  if (const cufftResult refused = begin(__func__, "plan", nullptr)) return refused;
  return set_callback(handle, symbol, image, size, type, caller_info);
}
