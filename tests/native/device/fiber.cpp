#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

/*
 * x86-64 changes stacks by hand: swapcontext makes a system call each time, and a block changes
 * stacks hundreds of times. Under the sanitizers, and elsewhere, swapcontext serves.
 */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FIBER_BY_HAND 1
extern "C" void emulator_switch_stack(void **save, void *load);
asm(R"(
.text
.hidden emulator_switch_stack
.globl emulator_switch_stack
.type emulator_switch_stack, @function
emulator_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulator_switch_stack, . - emulator_switch_stack
)");
#endif

namespace emulator {
namespace {

constexpr size_t STACK_BYTES = 256 * 1024;

#ifdef FIBER_BY_HAND
thread_local Fiber *entering;
#endif

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  void *memory = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) abort();
  stack_ = static_cast<char *>(memory);
#ifdef FIBER_BY_HAND
  /* Six registers, the entry point, and a return address that is never used: after `ret` the stack
     is 8 bytes off a multiple of 16, as at the start of any function. */
  void **top = reinterpret_cast<void **>(stack_ + STACK_BYTES) - 8;
  for (int i = 0; i < 8; i++) top[i] = nullptr;
  top[6] = reinterpret_cast<void *>(+[] { entering->enter_body(); });
  self_ = top;
#else
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_;
  context_.uc_stack.ss_size = STACK_BYTES;
  context_.uc_link = nullptr;
  const auto address = reinterpret_cast<uintptr_t>(this);
  makecontext(&context_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
              static_cast<unsigned int>(address >> 32), static_cast<unsigned int>(address));
#endif
#if defined(__SANITIZE_THREAD__)
  sanitizer_self_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(sanitizer_self_);
#endif
  munmap(stack_, STACK_BYTES);
}

void Fiber::enter(unsigned int high, unsigned int low) {
  reinterpret_cast<Fiber *>(static_cast<uintptr_t>(high) << 32 | low)->enter_body();
}

void Fiber::enter_body() {
  left_resumer();
  body_();
  abort();
}

void Fiber::left_resumer() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(sanitizer_self_, &resumer_stack_, &resumer_stack_size_);
#endif
}

bool Fiber::resume() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&sanitizer_resumer_, stack_, STACK_BYTES);
#endif
#if defined(__SANITIZE_THREAD__)
  sanitizer_resumer_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(sanitizer_self_, 0);
#endif
#ifdef FIBER_BY_HAND
  entering = this;
  emulator_switch_stack(&resumer_, self_);
#else
  swapcontext(&resumer_context_, &context_);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(sanitizer_resumer_, nullptr, nullptr);
#endif
  return value_;
}

void Fiber::yield(bool value) {
  value_ = value;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&sanitizer_self_, resumer_stack_, resumer_stack_size_);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(sanitizer_resumer_, 0);
#endif
#ifdef FIBER_BY_HAND
  emulator_switch_stack(&self_, resumer_);
#else
  swapcontext(&context_, &resumer_context_);
#endif
  left_resumer();
}

}  // namespace emulator
