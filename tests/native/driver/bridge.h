/* What the emulated libcufft and libcublas call in the emulated libcuda beside the driver API. */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <cstdint>
#include <functional>

#define EMULATED_BRIDGE __attribute__((visibility("default")))

namespace emulator {

/* One of cuFFT's callbacks; it either loads complex elements or stores real ones. */
struct Callback {
  const char *name;
  void (*load)(void *data, uint64_t offset, void *info, float *re, float *im);
  void (*store)(void *data, uint64_t offset, float value, void *info);
};

}  // namespace emulator

namespace emulator::bridge {

/* Counts one call; returns the fault that is due, or 0. */
EMULATED_BRIDGE int count_call(const char *function, const char *group);

/* The handle of the thread's context, or 0; and its sticky error. */
EMULATED_BRIDGE uint64_t current_context(int *lost);

/* Whether a stream handle is one of the current context's. */
EMULATED_BRIDGE bool is_stream(void *stream);

/* Enqueues work that returns a CUresult on a stream of the current context, or records it. */
EMULATED_BRIDGE int submit(void *stream, std::function<int()> operation);

/* Whether a range lies in live device memory; if not, notes a violation. */
EMULATED_BRIDGE bool check_device(const void *address, int64_t bytes, const char *what);

/* The callback that a symbol names, or null. */
EMULATED_BRIDGE const Callback *find_callback(const char *symbol);

/* A CUresult: whether all that callbacks will touch is live device memory; notes a violation. */
EMULATED_BRIDGE int check_callbacks(const Callback *load, const Callback *store, const void *info,
                                    int64_t elements);

EMULATED_BRIDGE void violation(const char *text);
EMULATED_BRIDGE void plan_made();
EMULATED_BRIDGE void plan_freed();
EMULATED_BRIDGE void blas_made();
EMULATED_BRIDGE void blas_freed();

/* Whether this thread records, and a call that may not happen then comes; if so, spoils it. */
EMULATED_BRIDGE bool spoils_recording();

}  // namespace emulator::bridge

#endif
