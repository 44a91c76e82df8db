/* The functions of emulator.h, and what the emulated cuFFT and cuBLAS need of the driver. */
#include <algorithm>
#include <cstring>

#include "bridge.h"
#include "callbacks.h"
#include "driver.h"
#include "emulator.h"

using emulator::Context;
using emulator::Ledger;
using emulator::Machine;
using emulator::Memory;

EMULATED_API int64_t emu_live(const char *kind) { return Ledger::get().live(kind); }
EMULATED_API int64_t emu_total(const char *kind) { return Ledger::get().total(kind); }
EMULATED_API int64_t emu_calls(const char *name) { return Ledger::get().calls(name); }
EMULATED_API void emu_reset_calls(void) { Ledger::get().reset_calls(); }

EMULATED_API void emu_fail(const char *name, int64_t nth, int code) {
  Ledger::get().fail(name, nth, code);
}

EMULATED_API void emu_fail_operation(int64_t nth, int code) {
  Ledger::get().fail_operation(nth, code);
}

EMULATED_API int64_t emu_clear_faults(void) { return Ledger::get().clear_faults(); }

EMULATED_API void emu_lose_device(int device, int code) {
  for (const std::shared_ptr<Context> &context : emulator::Handles::get().contexts.all()) {
    if (context->device == device) context->lose(code);
  }
}

EMULATED_API void emu_set_memory(int device, int64_t bytes) {
  Machine::get().set_memory(device, bytes);
}

EMULATED_API int emu_hold(int held) { return emulator::hold_streams(held); }
EMULATED_API void emu_set_delay(int64_t microseconds) { emulator::delay_streams(microseconds); }
EMULATED_API int64_t emu_violations(void) { return Ledger::get().violations(); }

EMULATED_API int64_t emu_violation(int64_t index, char *text, int64_t size) {
  const std::string found = Ledger::get().violation_text(index);
  if (text != nullptr && size > 0) {
    const int64_t length = std::min<int64_t>(size - 1, static_cast<int64_t>(found.size()));
    memcpy(text, found.data(), length);
    text[length] = '\0';
  }
  return static_cast<int64_t>(found.size());
}

EMULATED_API void emu_clear_violations(void) { Ledger::get().clear_violations(); }
EMULATED_API int64_t emu_check_guards(void) { return Memory::get().check_guards(); }

namespace emulator::bridge {

int count_call(const char *function, const char *group) {
  return Ledger::get().count_call(function, group);
}

uint64_t current_context(int *lost) {
  const std::shared_ptr<Context> context = emulator::current_context();
  if (context == nullptr) return 0;
  *lost = context->lost.load();
  return context->handle;
}

bool is_stream(void *stream) {
  const std::shared_ptr<Context> context = emulator::current_context();
  return context != nullptr &&
         find_stream(context, static_cast<CUstream>(stream), "a library") != nullptr;
}

int submit(void *stream, std::function<int()> operation) {
  const std::shared_ptr<Context> context = emulator::current_context();
  if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  const std::shared_ptr<Stream> found =
      find_stream(context, static_cast<CUstream>(stream), "a library");
  if (found == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return found->submit(
      [operation = std::move(operation)] { return static_cast<CUresult>(operation()); });
}

bool check_device(const void *address, int64_t bytes, const char *what) {
  return Memory::get().check_device(reinterpret_cast<uint64_t>(address), bytes, what);
}

const Callback *find_callback(const char *symbol) { return emulator::find_callback(symbol); }

int check_callbacks(const Callback *load, const Callback *store, const void *info,
                    int64_t elements) {
  CUresult problem = CUDA_SUCCESS;
  const bool valid = check_callback_info(load, store, info, elements, [&](const Buffer &buffer) {
    problem = check_buffer("cuFFT callback's", buffer);
    return problem == CUDA_SUCCESS;
  });
  return valid || problem != CUDA_SUCCESS ? problem : CUDA_ERROR_ILLEGAL_ADDRESS;
}

void violation(const char *text) { Ledger::get().violation("%s", text); }

void plan_made() { Ledger::get().add(PLAN); }
void plan_freed() { Ledger::get().remove(PLAN); }
void blas_made() { Ledger::get().add(BLAS); }
void blas_freed() { Ledger::get().remove(BLAS); }
bool spoils_recording() { return emulator::spoils_recording(); }

}  // namespace emulator::bridge
