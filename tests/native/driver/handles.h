/* Everything that the driver hands out, by handle. A handle is a number that is never used twice. */
#ifndef HANDLES_H
#define HANDLES_H

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kernels.h"
#include "ledger.h"
#include "stream.h"

namespace emulator {

struct Module {
  uint64_t handle;
  std::shared_ptr<Context> context;
};

struct Function {
  uint64_t handle;
  std::shared_ptr<Context> context;
  uint64_t module;
  const Kernel *kernel;
  std::atomic<unsigned int> most_shared{49152}; /* dynamic bytes, as cuFuncSetAttribute set them */
};

struct Graph {
  uint64_t handle;
  std::shared_ptr<Context> context;
  std::vector<Operation> operations;
};

struct GraphExec {
  uint64_t handle;
  std::shared_ptr<Context> context;
  std::vector<Operation> operations;
};

template <typename Object>
struct KindOf;
template <> struct KindOf<Context> { static constexpr Kind kind = CONTEXT; };
template <> struct KindOf<Stream> { static constexpr Kind kind = STREAM; };
template <> struct KindOf<Event> { static constexpr Kind kind = EVENT; };
template <> struct KindOf<Module> { static constexpr Kind kind = MODULE; };
template <> struct KindOf<Graph> { static constexpr Kind kind = GRAPH; };
template <> struct KindOf<GraphExec> { static constexpr Kind kind = GRAPH_EXEC; };

/* The objects of one kind. */
template <typename Object>
class Table {
 public:
  void put(uint64_t handle, std::shared_ptr<Object> object) {
    std::lock_guard<std::mutex> lock(mutex_);
    live_[handle] = std::move(object);
    if constexpr (requires { KindOf<Object>::kind; }) Ledger::get().add(KindOf<Object>::kind);
  }

  /* The object, or null; use after the end is a violation. */
  std::shared_ptr<Object> get(uint64_t handle, const char *function) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = live_.find(handle);
    if (found != live_.end()) return found->second;
    if (dead_.count(handle) != 0) {
      Ledger::get().violation("%s: handle 0x%llx was destroyed before", function,
                              static_cast<unsigned long long>(handle));
    }
    return nullptr;
  }

  std::shared_ptr<Object> take(uint64_t handle, const char *function) {
    std::shared_ptr<Object> object = get(handle, function);
    if (object == nullptr) return nullptr;
    std::lock_guard<std::mutex> lock(mutex_);
    if (live_.erase(handle) == 0) return nullptr;
    dead_.insert(handle);
    if constexpr (requires { KindOf<Object>::kind; }) Ledger::get().remove(KindOf<Object>::kind);
    return object;
  }

  std::vector<std::shared_ptr<Object>> all() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::shared_ptr<Object>> objects;
    for (const auto &[handle, object] : live_) objects.push_back(object);
    return objects;
  }

 private:
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Object>> live_;
  std::set<uint64_t> dead_;
};

/* One for the process. Thread-safe. */
class Handles {
 public:
  static Handles &get();

  uint64_t next();

  /* Streams that their users made; not the legacy ones. */
  std::vector<std::shared_ptr<Stream>> streams_of(const std::shared_ptr<Context> &context);

  Table<Context> contexts;
  Table<Stream> streams;
  Table<Event> events;
  Table<Module> modules;
  Table<Function> functions;
  Table<Graph> graphs;
  Table<GraphExec> graph_execs;

 private:
  std::atomic<uint64_t> next_{0x1000};
};

template <typename Pointer>
uint64_t number(Pointer handle) {
  return reinterpret_cast<uint64_t>(handle);
}

}  // namespace emulator

#endif
