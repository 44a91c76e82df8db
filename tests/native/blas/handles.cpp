#include "handles.h"

namespace emulator {

BusyHandle::BusyHandle(std::shared_ptr<BlasHandle> handle) : handle_(std::move(handle)) {
  if (handle_->busy.exchange(true)) bridge::violation("cuBLAS: two threads used one handle at once");
}

BusyHandle::~BusyHandle() { handle_->busy = false; }

BlasHandles &BlasHandles::get() {
  static auto *handles = new BlasHandles();
  return *handles;
}

cublasHandle_t BlasHandles::make(uint64_t context) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto handle = reinterpret_cast<cublasHandle_t>(next_++);
  auto made = std::make_shared<BlasHandle>();
  made->context = context;
  live_[handle] = std::move(made);
  return handle;
}

std::shared_ptr<BlasHandle> BlasHandles::find(cublasHandle_t handle) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = live_.find(handle);
  if (found != live_.end()) return found->second;
  if (dead_.count(handle) != 0) bridge::violation("cuBLAS: a handle was used after its end");
  return nullptr;
}

bool BlasHandles::take(cublasHandle_t handle) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (live_.erase(handle) == 0) return false;
  dead_.insert(handle);
  return true;
}

}  // namespace emulator
