/* Device and pinned memory: host memory with guard zones around it, poisoned while undefined. */
#ifndef MEMORY_H
#define MEMORY_H

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace emulator {

enum class Space { DEVICE, PINNED };

struct Allocation {
  Space space;
  uint64_t base;
  int64_t bytes;
  int64_t reserved;
  uint64_t context;
  int device;
  bool live;
};

/*
 * All memory of the process that the driver gave out. Thread-safe. Poison is 0xff in every byte: a
 * NaN in each floating-point format, -1 as an index. Freed memory keeps its address, poisoned, for
 * a while, so that a late use is seen and harms nobody.
 */
class Memory {
 public:
  static Memory &get();

  /* The address, a multiple of 512, or 0. */
  uint64_t allocate(Space space, int64_t bytes, uint64_t context, int device);

  /* False if `base` is not where a live allocation of that space begins; says why. */
  bool release(Space space, uint64_t base, const char *function);

  /* Releases what a context still has; returns how many allocations that were. */
  int64_t release_all(uint64_t context);

  /* The allocation that holds the address, live or freed. */
  std::optional<Allocation> find(uint64_t address);

  /*
   * Whether a range lies in one live device allocation whose guards are whole; if not, notes a
   * violation that begins with `what`.
   */
  bool check_device(uint64_t address, int64_t bytes, const std::string &what);

  /* The same for host memory: it may be any but freed, device or cut-off pinned memory. */
  bool check_host(uint64_t address, int64_t bytes, const std::string &what);

  int64_t used(int device);

  /* How many live allocations have damaged guards; a violation for each. */
  int64_t check_guards();

 private:
  bool guards_whole(const Allocation &allocation);
  void retire(Allocation &allocation);
  bool check(uint64_t address, int64_t bytes, const std::string &what, Space space);
  std::optional<Allocation> find_locked(uint64_t address);

  std::mutex mutex_;
  std::map<uint64_t, Allocation> allocations_;
  std::deque<uint64_t> quarantine_;
  int64_t quarantined_ = 0;
  std::map<int, int64_t> used_;
};

}  // namespace emulator

#endif
