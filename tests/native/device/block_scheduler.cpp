#include "block_scheduler.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "emulated_device.h"
#include "fiber.h"

namespace emulator {

constinit thread_local Position position;

namespace {

/* The threads of one block. */
class Block {
 public:
  void run(const LaunchShape &shape, const std::function<void()> &kernel) {
    threads_ = shape.threads;
    /* Of exactly that size, so that the address sanitizer sees what goes beyond it. */
    if (shape.shared != shared_bytes_ || shared_ == nullptr) {
      shared_.reset(static_cast<unsigned char *>(operator new(shape.shared, ALIGNMENT)));
      shared_bytes_ = shape.shared;
    }
    std::fill_n(shared_.get(), shape.shared, 0xff);
    kernel_ = &kernel;
    started_ = 0;
    finished_ = 0;
    divergent_ = false;
    std::vector<Fiber *> waiting = start();
    while (!waiting.empty()) {
      if (finished_ != 0) divergent_ = true;
      std::vector<Fiber *> again;
      for (Fiber *fiber : waiting) {
        if (!resume(*fiber)) again.push_back(fiber);
      }
      waiting = again;
    }
  }

  bool divergent() const { return divergent_; }

  void *shared_memory() { return shared_.get(); }

  void synchronize() {
    const Index own = position.thread;
    current_->yield(false);
    position.thread = own;
  }

 private:
  static constexpr std::align_val_t ALIGNMENT{16};

  struct Release {
    void operator()(unsigned char *memory) const { operator delete(memory, ALIGNMENT); }
  };

  /* Runs every thread up to its first barrier; one fiber runs all threads that meet none. */
  std::vector<Fiber *> start() {
    std::vector<Fiber *> waiting;
    size_t next = 0;
    while (started_ < threads_) {
      if (next == fibers_.size()) fibers_.push_back(std::make_unique<Fiber>([this] { work(); }));
      Fiber &fiber = *fibers_[next];
      if (!resume(fiber)) {
        waiting.push_back(&fiber);
        next++;
      }
    }
    return waiting;
  }

  /* What a fiber does for ever. */
  void work() {
    for (;;) {
      run_threads();
      current_->yield(true);
    }
  }

  /* Runs the threads that have not started. Not a part of work, which goes on in another OS thread
     after it has yielded, and must not know where `position` was in this one. */
  [[gnu::noinline]] void run_threads() {
    while (started_ < threads_) {
      position.thread = {started_++, 0, 0};
      (*kernel_)();
      finished_++;
    }
  }

  /* True if the fiber has no thread left, false if its thread waits at a barrier. */
  bool resume(Fiber &fiber) {
    current_ = &fiber;
    return fiber.resume();
  }

  std::unique_ptr<unsigned char, Release> shared_;
  size_t shared_bytes_ = 0;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  Fiber *current_ = nullptr;
  const std::function<void()> *kernel_ = nullptr;
  unsigned int threads_ = 0;
  unsigned int started_ = 0;
  unsigned int finished_ = 0;
  bool divergent_ = false;
};

/* The blocks of threads that have ended: a new thread's launches take one, since hundreds of fibers
   cost more than a small launch. Never destroyed, for threads that end after main. */
class IdleBlocks {
 public:
  static IdleBlocks &all() {
    static auto *const blocks = new IdleBlocks;
    return *blocks;
  }

  std::unique_ptr<Block> take() {
    const std::lock_guard lock(mutex_);
    if (blocks_.empty()) return std::make_unique<Block>();
    std::unique_ptr<Block> block = std::move(blocks_.back());
    blocks_.pop_back();
    return block;
  }

  void give_back(std::unique_ptr<Block> block) {
    const std::lock_guard lock(mutex_);
    blocks_.push_back(std::move(block));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

/* An OS thread's block, from its first launch to its end. */
class OwnBlock {
 public:
  OwnBlock() = default;
  ~OwnBlock() {
    if (block_ != nullptr) IdleBlocks::all().give_back(std::move(block_));
  }
  OwnBlock(const OwnBlock &) = delete;
  OwnBlock &operator=(const OwnBlock &) = delete;

  Block &get() {
    if (block_ == nullptr) block_ = IdleBlocks::all().take();
    return *block_;
  }

 private:
  std::unique_ptr<Block> block_;
};

thread_local OwnBlock own_block;

}  // namespace

void synchronize_block() { own_block.get().synchronize(); }

void *shared_memory() { return own_block.get().shared_memory(); }

bool run_grid(const LaunchShape &shape, bool backwards, const std::function<void()> &kernel) {
  Block &block = own_block.get();
  position.block_size = {shape.threads, 1, 1};
  position.grid_size = {shape.blocks, 1, 1};
  for (unsigned int i = 0; i < shape.blocks; i++) {
    position.block = {backwards ? shape.blocks - 1 - i : i, 0, 0};
    block.run(shape, kernel);
    if (block.divergent()) return false;
  }
  return true;
}

}  // namespace emulator
