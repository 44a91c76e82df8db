#include "driver.h"

#include <algorithm>
#include <cinttypes>
#include <cstdlib>
#include <sstream>
#include <string>

namespace emulator {
namespace {

int64_t environment_number(const char *name, int64_t otherwise) {
  const char *text = getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : strtoll(text, nullptr, 10);
}

/* As the real driver reads it: numbers up to the first that is none or not there. */
std::vector<int> visible_devices(int count) {
  std::vector<int> visible;
  const char *text = getenv("CUDA_VISIBLE_DEVICES");
  if (text == nullptr) {
    for (int i = 0; i < count; i++) visible.push_back(i);
    return visible;
  }
  std::istringstream numbers(text);
  std::string number;
  while (std::getline(numbers, number, ',')) {
    char *end;
    const long index = strtol(number.c_str(), &end, 10);
    if (end == number.c_str() || index < 0 || index >= count) break;
    visible.push_back(static_cast<int>(index));
  }
  return visible;
}

struct Recordings {
  std::mutex mutex;
  std::vector<std::shared_ptr<Recording>> active;
};

Recordings &recordings() {
  static auto *recordings = new Recordings();
  return *recordings;
}

}  // namespace

Handles &Handles::get() {
  static auto *handles = new Handles();
  return *handles;
}

uint64_t Handles::next() { return next_.fetch_add(16); }

std::vector<std::shared_ptr<Stream>> Handles::streams_of(const std::shared_ptr<Context> &context) {
  std::vector<std::shared_ptr<Stream>> own = streams.all();
  std::erase_if(own, [&](const auto &stream) { return stream->context() != context; });
  return own;
}

Machine &Machine::get() {
  static auto *machine = new Machine();
  return *machine;
}

CUresult Machine::initialize() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (initialized_) return CUDA_SUCCESS;
  default_memory_ = environment_number("EMULATED_CUDA_MEMORY", int64_t{1} << 30);
  const auto count = static_cast<int>(environment_number("EMULATED_CUDA_DEVICES", 1));
  for (const int physical : visible_devices(count)) {
    devices_.push_back({physical, default_memory_, nullptr});
  }
  if (devices_.empty()) return CUDA_ERROR_NO_DEVICE;
  initialized_ = true;
  return CUDA_SUCCESS;
}

bool Machine::initialized() {
  std::lock_guard<std::mutex> lock(mutex_);
  return initialized_;
}

int Machine::devices() {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(devices_.size());
}

int64_t Machine::memory(int device) {
  std::lock_guard<std::mutex> lock(mutex_);
  return devices_.at(device).memory;
}

int Machine::physical(int device) {
  std::lock_guard<std::mutex> lock(mutex_);
  return devices_.at(device).physical;
}

void Machine::set_memory(int device, int64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (device < 0 || device >= static_cast<int>(devices_.size())) return;
  devices_[device].memory = bytes == 0 ? default_memory_ : bytes;
}

std::shared_ptr<Context> Machine::make_context(int device, bool primary) {
  auto context = std::make_shared<Context>();
  context->handle = Handles::get().next();
  context->device = device;
  context->primary = primary;
  context->legacy = std::make_shared<Stream>(0, context, true);
  Handles::get().contexts.put(context->handle, context);
  return context;
}

void Machine::end_context(const std::shared_ptr<Context> &context, const char *function) {
  if (Handles::get().contexts.take(context->handle, function) == nullptr) return;
  Handles &handles = Handles::get();
  const auto of_context = [&](const auto &object) { return object->context == context; };
  int64_t left = 0;
  for (const auto &stream : handles.streams_of(context)) {
    stream->stop();
    handles.streams.take(stream->handle(), function);
    left++;
  }
  context->legacy->stop();
  context->legacy = nullptr;
  const auto clear = [&](auto &table) {
    for (const auto &object : table.all()) {
      if (of_context(object)) {
        table.take(object->handle, function);
        left++;
      }
    }
  };
  clear(handles.events);
  clear(handles.graphs);
  clear(handles.graph_execs);
  for (const auto &function_object : handles.functions.all()) {
    if (of_context(function_object)) handles.functions.take(function_object->handle, function);
  }
  clear(handles.modules);
  left += Memory::get().release_all(context->handle);
  if (left != 0 && context->lost == 0) {
    Ledger::get().violation("%s: the context still held %lld objects", function,
                            static_cast<long long>(left));
  }
}

CUresult Machine::retain_primary(int device, uint64_t *handle) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (device < 0 || device >= static_cast<int>(devices_.size())) return CUDA_ERROR_INVALID_DEVICE;
  std::shared_ptr<Context> &primary = devices_[device].primary;
  if (primary == nullptr) primary = make_context(device, true);
  primary->shares++;
  Ledger::get().add(PRIMARY);
  *handle = primary->handle;
  return CUDA_SUCCESS;
}

CUresult Machine::release_primary(int device) {
  std::shared_ptr<Context> ended;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (device < 0 || device >= static_cast<int>(devices_.size())) return CUDA_ERROR_INVALID_DEVICE;
    std::shared_ptr<Context> &primary = devices_[device].primary;
    if (primary == nullptr) {
      Ledger::get().violation("cuDevicePrimaryCtxRelease_v2: device %d has no share left", device);
      return CUDA_ERROR_INVALID_CONTEXT;
    }
    Ledger::get().remove(PRIMARY);
    if (--primary->shares == 0) ended = std::move(primary);
  }
  if (ended != nullptr) end_context(ended, "cuDevicePrimaryCtxRelease_v2");
  return CUDA_SUCCESS;
}

CUresult Machine::reset_primary(int device) {
  std::shared_ptr<Context> ended;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (device < 0 || device >= static_cast<int>(devices_.size())) return CUDA_ERROR_INVALID_DEVICE;
    ended = std::move(devices_[device].primary);
  }
  if (ended != nullptr) {
    Ledger::get().remove(PRIMARY, ended->shares);
    end_context(ended, "cuDevicePrimaryCtxReset_v2");
  }
  return CUDA_SUCCESS;
}

std::shared_ptr<Context> Machine::primary(int device) {
  std::lock_guard<std::mutex> lock(mutex_);
  return device < 0 || device >= static_cast<int>(devices_.size()) ? nullptr
                                                                   : devices_[device].primary;
}

std::vector<uint64_t> &current_contexts() {
  thread_local std::vector<uint64_t> contexts;
  return contexts;
}

std::shared_ptr<Context> current_context() {
  const std::vector<uint64_t> &stack = current_contexts();
  return stack.empty() || stack.back() == 0
             ? nullptr
             : Handles::get().contexts.get(stack.back(), "the current context");
}

namespace {

CUresult begin(const char *function, const char *group, std::shared_ptr<Context> *context) {
  const int fault = Ledger::get().count_call(function, group);
  if (fault != 0) {
    if (is_sticky(fault)) {
      if (const std::shared_ptr<Context> current = current_context()) current->lose(fault);
    }
    return static_cast<CUresult>(fault);
  }
  if (!Machine::get().initialized()) return CUDA_ERROR_NOT_INITIALIZED;
  if (context == nullptr) return CUDA_SUCCESS;
  const std::vector<uint64_t> &stack = current_contexts();
  if (stack.empty() || stack.back() == 0) return CUDA_ERROR_INVALID_CONTEXT;
  *context = Handles::get().contexts.get(stack.back(), function);
  return *context == nullptr ? CUDA_ERROR_CONTEXT_IS_DESTROYED : CUDA_SUCCESS;
}

}  // namespace

CUresult begin_call(const char *function, const char *group, std::shared_ptr<Context> *context) {
  const CUresult result = begin(function, group, context);
  if (result != CUDA_SUCCESS || context == nullptr) return result;
  return static_cast<CUresult>((*context)->lost.load());
}

CUresult begin_free(const char *function, const char *group, std::shared_ptr<Context> *context) {
  return begin(function, group, context);
}

CUresult end_free(const std::shared_ptr<Context> &context) {
  return static_cast<CUresult>(context->lost.load());
}

std::shared_ptr<Stream> find_stream(const std::shared_ptr<Context> &context, CUstream stream,
                                    const char *function) {
  /* 1 is CU_STREAM_LEGACY. */
  if (number(stream) <= 1) return context->legacy;
  std::shared_ptr<Stream> found = Handles::get().streams.get(number(stream), function);
  if (found != nullptr && found->context() != context) {
    Ledger::get().violation("%s: the stream belongs to another context", function);
    return nullptr;
  }
  return found;
}

CUresult check_buffer(const std::string &owner, const Buffer &buffer) {
  const auto address = reinterpret_cast<uint64_t>(buffer.address);
  const std::string what = owner + " " + buffer.name;
  if (buffer.address == nullptr) {
    Ledger::get().violation("%s is %s", what.c_str(), buffer.bytes < 0 ? "wrong" : "null");
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  }
  if (address % buffer.alignment != 0) {
    Ledger::get().violation("%s: 0x%" PRIx64 " is not aligned to %" PRId64 " bytes", what.c_str(),
                            address, buffer.alignment);
    return CUDA_ERROR_MISALIGNED_ADDRESS;
  }
  return Memory::get().check_device(address, buffer.bytes, what) ? CUDA_SUCCESS
                                                                 : CUDA_ERROR_ILLEGAL_ADDRESS;
}

void drain(const std::shared_ptr<Context> &context) {
  for (const std::shared_ptr<Stream> &stream : Handles::get().streams_of(context)) stream->drain();
  if (const std::shared_ptr<Stream> legacy = context->legacy) legacy->drain();
}

bool spoils_recording() {
  std::lock_guard<std::mutex> lock(recordings().mutex);
  bool spoilt = false;
  for (const std::shared_ptr<Recording> &recording : recordings().active) {
    const bool own = recording->thread == std::this_thread::get_id();
    if (recording->mode == CU_STREAM_CAPTURE_MODE_GLOBAL ||
        (recording->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && own)) {
      recording->broken = true;
      spoilt = true;
    }
  }
  return spoilt;
}

bool spoils_recordings_of(const std::shared_ptr<Context> &context) {
  bool spoilt = false;
  for (const std::shared_ptr<Stream> &stream : Handles::get().streams_of(context)) {
    if (const std::shared_ptr<Recording> recording = stream->recording()) {
      recording->broken = true;
      spoilt = true;
    }
  }
  return spoilt;
}

void recording_began(const std::shared_ptr<Recording> &recording) {
  std::lock_guard<std::mutex> lock(recordings().mutex);
  recordings().active.push_back(recording);
}

void recording_ended(const std::shared_ptr<Recording> &recording) {
  std::lock_guard<std::mutex> lock(recordings().mutex);
  std::erase(recordings().active, recording);
}

}  // namespace emulator
