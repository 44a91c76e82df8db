/* Runs the threads of a grid, one block after the other, one thread at a time. */
#ifndef BLOCK_SCHEDULER_H
#define BLOCK_SCHEDULER_H

#include <cstddef>
#include <functional>

namespace emulator {

/* How a kernel is launched. */
struct LaunchShape {
  unsigned int blocks;
  unsigned int threads;
  size_t shared; /* bytes of dynamic shared memory, filled with 0xff, a NaN, for every block */
};

/*
 * Runs `kernel` once for every thread of a one-dimensional grid. Threads are fibers that give way
 * at barriers only, so that a missing barrier shows: thread 0 gets as far as it can before thread 1
 * starts. Every second launch goes through the blocks backwards, since CUDA promises no order.
 *
 * @return false if some threads of a block ended while others waited at a barrier
 */
bool run_grid(const LaunchShape &shape, bool backwards, const std::function<void()> &kernel);

}  // namespace emulator

#endif
