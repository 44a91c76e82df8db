#include "stream.h"

#include <utility>

#include "handles.h"
#include "ledger.h"

namespace emulator {
namespace {

/* What all streams obey; never destroyed, because their threads may outlive main. */
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool held = false;
  std::atomic<int64_t> delay{0};

  void pass() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [this] { return !held; });
    lock.unlock();
    const int64_t microseconds = delay.load();
    if (microseconds > 0) std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  }
};

Gate &gate() {
  static auto *gate = new Gate();
  return *gate;
}

}  // namespace

int hold_streams(int held) {
  std::lock_guard<std::mutex> lock(gate().mutex);
  const int before = gate().held ? 1 : 0;
  gate().held = held != 0;
  gate().changed.notify_all();
  return before;
}

void delay_streams(int64_t microseconds) { gate().delay.store(microseconds); }

bool is_sticky(int code) {
  switch (code) {
    case 46: case 214: case 219: case 220: case 226:
    case 700: case 702: case 710: case 714: case 715:
    case 716: case 717: case 718: case 719: case 721:
      return true;
    default:
      return false;
  }
}

void Mark::finish() {
  std::lock_guard<std::mutex> lock(mutex);
  done = true;
  time = std::chrono::steady_clock::now();
  changed.notify_all();
}

void Mark::wait() {
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [this] { return done; });
}

void Context::lose(int code) {
  int none = 0;
  lost.compare_exchange_strong(none, code);
}

Stream::Stream(uint64_t handle, std::shared_ptr<Context> context, bool blocking)
    : handle_(handle), context_(std::move(context)), blocking_(blocking) {
  thread_ = std::thread([this] { work(); });
}

Stream::~Stream() { stop(); }

void Stream::push(Operation operation) {
  std::lock_guard<std::mutex> lock(mutex_);
  queue_.push_back(std::move(operation));
  changed_.notify_all();
}

/* The legacy stream waits for all blocking ones, and each of those for it. */
void Stream::order_after_others() {
  const std::shared_ptr<Stream> legacy = context_->legacy;
  if (legacy.get() == this) {
    for (const std::shared_ptr<Stream> &other : Handles::get().streams_of(context_)) {
      if (other->blocking() && other.get() != this && !other->recording()) {
        const std::shared_ptr<Mark> there = other->mark();
        push([there] {
          there->wait();
          return CUDA_SUCCESS;
        });
      }
    }
  } else if (blocking_ && legacy != nullptr && !legacy->idle()) {
    const std::shared_ptr<Mark> there = legacy->mark();
    push([there] {
      there->wait();
      return CUDA_SUCCESS;
    });
  }
}

CUresult Stream::submit(Operation operation) {
  if (const std::shared_ptr<Recording> into = recording()) {
    if (into->broken) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    into->operations.push_back(std::move(operation));
    return CUDA_SUCCESS;
  }
  order_after_others();
  const std::shared_ptr<Context> context = context_;
  push([context, operation = std::move(operation)] {
    if (context->lost != 0) return CUDA_SUCCESS;
    const int fault = Ledger::get().count_operation();
    const CUresult result = fault != 0 ? static_cast<CUresult>(fault) : operation();
    if (result != CUDA_SUCCESS) context->lose(result);
    return result;
  });
  return CUDA_SUCCESS;
}

std::shared_ptr<Mark> Stream::mark() {
  auto made = std::make_shared<Mark>();
  made->recorder = weak_from_this();
  if (const std::shared_ptr<Recording> into = recording()) {
    made->recording = into;
    made->done = true;
    return made;
  }
  push([made] {
    made->finish();
    return CUDA_SUCCESS;
  });
  return made;
}

void Stream::wait_for(const std::shared_ptr<Mark> &mark) {
  push([mark] {
    mark->wait();
    return CUDA_SUCCESS;
  });
}

void Stream::drain() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty() && !busy_; });
}

bool Stream::idle() {
  std::lock_guard<std::mutex> lock(mutex_);
  return queue_.empty() && !busy_;
}

void Stream::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

std::shared_ptr<Recording> Stream::recording() {
  std::lock_guard<std::mutex> lock(mutex_);
  return recording_;
}

void Stream::record_into(std::shared_ptr<Recording> recording) {
  std::lock_guard<std::mutex> lock(mutex_);
  recording_ = std::move(recording);
}

void Stream::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !queue_.empty() || stopping_; });
    if (queue_.empty()) return;
    Operation operation = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    lock.unlock();
    gate().pass();
    operation();
    operation = nullptr;
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace emulator
