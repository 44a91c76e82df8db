/* Streams, events and contexts: what work runs where and in which order. */
#ifndef STREAM_H
#define STREAM_H

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cuda_api.h"

namespace emulator {

class Stream;
struct Context;

/* A piece of work on the device. It may run many times, when it is part of a graph. */
using Operation = std::function<CUresult()>;

/* The recorded work of streams, in the order in which it was recorded. */
struct Recording {
  std::vector<Operation> operations;
  std::weak_ptr<Stream> origin;
  std::thread::id thread;
  CUstreamCaptureMode mode;
  bool broken = false;
  int forks = 0;
};

/* One record of an event: done when its stream has got there. */
struct Mark {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::chrono::steady_clock::time_point time;
  std::shared_ptr<Recording> recording;
  std::weak_ptr<Stream> recorder;

  void finish();
  void wait();
};

struct Event {
  uint64_t handle;
  std::shared_ptr<Context> context;
  bool timed;
  std::mutex mutex;
  std::shared_ptr<Mark> mark;
};

struct Context {
  uint64_t handle;
  int device;
  bool primary;
  int64_t shares = 0;
  std::atomic<int> lost{0};
  std::shared_ptr<Stream> legacy;

  /* Every call of the context fails with this code from now on. */
  void lose(int code);
};

/* In-order work on a thread of its own. */
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(uint64_t handle, std::shared_ptr<Context> context, bool blocking);
  ~Stream();

  uint64_t handle() const { return handle_; }
  const std::shared_ptr<Context> &context() const { return context_; }

  /* Whether it waits for the legacy stream, and that one for it. */
  bool blocking() const { return blocking_; }

  /* Runs `operation` after all that was submitted before, or records it. */
  CUresult submit(Operation operation);

  /* A mark that is done when the stream has got there. */
  std::shared_ptr<Mark> mark();

  /* Lets later work wait for a mark. */
  void wait_for(const std::shared_ptr<Mark> &mark);

  /* Waits until nothing is left. */
  void drain();
  bool idle();

  /* Ends the thread, after the work that is left. */
  void stop();

  std::shared_ptr<Recording> recording();
  void record_into(std::shared_ptr<Recording> recording);

 private:
  void push(Operation operation);
  void work();
  void order_after_others();

  const uint64_t handle_;
  const std::shared_ptr<Context> context_;
  const bool blocking_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Operation> queue_;
  bool busy_ = false;
  bool stopping_ = false;
  std::shared_ptr<Recording> recording_;
  std::thread thread_;
};

/* Holds or lets go all streams, and slows them down. */
int hold_streams(int held);
void delay_streams(int64_t microseconds);

/* A sticky error makes every later call of its context fail. */
bool is_sticky(int code);

}  // namespace emulator

#endif
