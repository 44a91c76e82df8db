#include "plans.h"

namespace emulator {

Plans &Plans::get() {
  static auto *plans = new Plans();
  return *plans;
}

std::shared_ptr<Plan> Plans::find(cufftHandle handle) {
  std::lock_guard<std::mutex> lock(mutex);
  const auto found = live.find(handle);
  if (found != live.end()) return found->second;
  if (dead.count(handle) != 0) bridge::violation("cuFFT: a plan was used after its end");
  return nullptr;
}

cufftResult begin(const char *function, const char *group, uint64_t *context) {
  const int fault = bridge::count_call(function, group);
  if (fault != 0) return static_cast<cufftResult>(fault);
  if (context == nullptr) return CUFFT_SUCCESS;
  int lost = 0;
  *context = bridge::current_context(&lost);
  if (*context == 0) return CUFFT_INVALID_DEVICE;
  return lost != 0 ? CUFFT_INTERNAL_ERROR : CUFFT_SUCCESS;
}

}  // namespace emulator
