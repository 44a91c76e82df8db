/* What every call of the driver begins with, and the state of devices and threads. */
#ifndef DRIVER_H
#define DRIVER_H

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "handles.h"
#include "kernels.h"
#include "ledger.h"
#include "memory.h"
#include "stream.h"

namespace emulator {

/* CU_DEVICE_ATTRIBUTE_MAX_PITCH. */
constexpr size_t MAX_PITCH = 2147483647;

/* Bytes of shared memory that CUDA takes of every block. */
constexpr int RESERVED_SHARED_MEMORY = 1024;

/* CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN of the devices. */
int most_shared_memory();

struct Device {
  int physical;
  int64_t memory;
  std::shared_ptr<Context> primary;
};

/* The machine: its devices, from cuInit on. Thread-safe. */
class Machine {
 public:
  static Machine &get();

  CUresult initialize();
  bool initialized();
  int devices();
  int64_t memory(int device);
  void set_memory(int device, int64_t bytes);
  int physical(int device);

  CUresult retain_primary(int device, uint64_t *handle);
  CUresult release_primary(int device);
  CUresult reset_primary(int device);
  std::shared_ptr<Context> primary(int device);

  std::shared_ptr<Context> make_context(int device, bool primary);

  /* Ends a context and all that it still holds. */
  void end_context(const std::shared_ptr<Context> &context, const char *function);

 private:
  std::mutex mutex_;
  bool initialized_ = false;
  int64_t default_memory_ = 0;
  std::vector<Device> devices_;
};

/* The contexts that are current to this thread, the last on top. */
std::vector<uint64_t> &current_contexts();

/* The current context, or null. */
std::shared_ptr<Context> current_context();

/*
 * Counts a call and says whether it may go on: a due fault, a driver that was not initialised, and,
 * if `context` is given, no current context or a lost one stop it.
 */
CUresult begin_call(const char *function, const char *group, std::shared_ptr<Context> *context);

/* The same for a call that frees: a lost context does not stop it, and is reported by end_free. */
CUresult begin_free(const char *function, const char *group, std::shared_ptr<Context> *context);
CUresult end_free(const std::shared_ptr<Context> &context);

/* The stream of a handle as seen from a context; null if there is no such. */
std::shared_ptr<Stream> find_stream(const std::shared_ptr<Context> &context, CUstream stream,
                                    const char *function);

/* Whether a buffer is aligned and lies in live device memory; if not, notes a violation. */
CUresult check_buffer(const std::string &owner, const Buffer &buffer);

/* Waits for all streams of a context. */
void drain(const std::shared_ptr<Context> &context);

/*
 * Whether a call that may not happen while this thread records comes while it does; if so, spoils
 * the recording.
 */
bool spoils_recording();

/*
 * Whether a stream of the context records, on any thread and in any mode: who waits for all of a
 * context waits for that one too, which spoils the recording.
 */
bool spoils_recordings_of(const std::shared_ptr<Context> &context);

/* Recordings under way, for spoils_recording. */
void recording_began(const std::shared_ptr<Recording> &recording);
void recording_ended(const std::shared_ptr<Recording> &recording);

}  // namespace emulator

#define BEGIN(group, context)                                                               \
  do {                                                                                      \
    if (const CUresult refused = emulator::begin_call(__func__, group, context);            \
        refused != CUDA_SUCCESS) {                                                          \
      return refused;                                                                       \
    }                                                                                       \
  } while (false)

#endif
