/* The plans of the process, and what every call of cuFFT begins with. */
#ifndef PLANS_H
#define PLANS_H

#include <map>
#include <mutex>
#include <set>

#include "bridge.h"
#include "plan.h"

namespace emulator {

/* Plans by handle. Thread-safe. */
struct Plans {
  std::mutex mutex;
  std::map<cufftHandle, std::shared_ptr<Plan>> live;
  std::set<cufftHandle> dead;
  cufftHandle next = 1;

  static Plans &get();

  /* Null, and a violation if it was a plan once. */
  std::shared_ptr<Plan> find(cufftHandle handle);
};

/* Counts a call; a fault that is due, no context and a lost one stop it. */
cufftResult begin(const char *function, const char *group, uint64_t *context);

}  // namespace emulator

#endif
