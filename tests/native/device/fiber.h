/* A function with a stack of its own that can give way in its midst. */
#ifndef FIBER_H
#define FIBER_H

#include <ucontext.h>

#include <cstddef>
#include <functional>

namespace emulator {

/*
 * Resumed by one OS thread at a time. The body must never return; where another thread goes on with
 * it after a yield, the function that yields must use no thread-local variable, whose address the
 * compiler may have kept.
 */
class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  /* Runs the body until it yields, and returns what it yielded. */
  bool resume();

  /* Called by the body: goes back to resume, which returns `value`. */
  void yield(bool value);

 private:
  static void enter(unsigned int high, unsigned int low);
  void enter_body();
  void left_resumer();

  std::function<void()> body_;
  char *stack_;
  bool value_ = false;
  void *self_ = nullptr;
  void *resumer_ = nullptr;
  void *sanitizer_self_ = nullptr;
  void *sanitizer_resumer_ = nullptr;
  const void *resumer_stack_ = nullptr;
  size_t resumer_stack_size_ = 0;
  ucontext_t context_;
  ucontext_t resumer_context_;
};

}  // namespace emulator

#endif
