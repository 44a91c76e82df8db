/* The handles of the emulated cuBLAS. */
#ifndef BLAS_HANDLES_H
#define BLAS_HANDLES_H

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "bridge.h"
#include "cublas_api.h"

namespace emulator {

struct BlasHandle {
  uint64_t context = 0;
  void *stream = nullptr;
  void *workspace = nullptr;
  size_t workspace_bytes = 0;
  int math = CUBLAS_DEFAULT_MATH;
  std::atomic<bool> busy{false};
};

/* A handle that one thread uses at a time; if two do, that is a violation. */
class BusyHandle {
 public:
  explicit BusyHandle(std::shared_ptr<BlasHandle> handle);
  ~BusyHandle();
  BusyHandle(const BusyHandle &) = delete;
  BusyHandle &operator=(const BusyHandle &) = delete;
  BlasHandle *operator->() const { return handle_.get(); }

 private:
  std::shared_ptr<BlasHandle> handle_;
};

/* Handles by number. Thread-safe. */
class BlasHandles {
 public:
  static BlasHandles &get();

  cublasHandle_t make(uint64_t context);

  /* Null, and a violation if it was a handle once. */
  std::shared_ptr<BlasHandle> find(cublasHandle_t handle);

  /* Whether it was there. */
  bool take(cublasHandle_t handle);

 private:
  std::mutex mutex_;
  std::map<cublasHandle_t, std::shared_ptr<BlasHandle>> live_;
  std::set<cublasHandle_t> dead_;
  uintptr_t next_ = 0x100;
};

}  // namespace emulator

#endif
