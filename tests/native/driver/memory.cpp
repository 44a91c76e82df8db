#include "memory.h"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <vector>

#include "ledger.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace emulator {
namespace {

constexpr int64_t ALIGNMENT = 512;
constexpr int64_t GUARD = 512;
constexpr int GUARD_BYTE = 0xb5;
constexpr int POISON = 0xff;
constexpr int64_t QUARANTINE_BYTES = int64_t{256} << 20;

char *pointer(uint64_t address) { return reinterpret_cast<char *>(address); }

/* Most allocations are no longer than this; almost all of their bytes are never touched. */
constexpr int64_t SHEET_BYTES = int64_t{8} << 20;

/* A file of poison without a name, or -1. Mapped privately, it costs only the pages that are written. */
int poison_sheet() {
  static const int sheet = [] {
    FILE *file = std::tmpfile();
    if (file == nullptr) return -1;
    const std::vector<unsigned char> poison(SHEET_BYTES, POISON);
    const bool written = std::fwrite(poison.data(), 1, poison.size(), file) == poison.size() &&
                         std::fflush(file) == 0;
    return written ? fileno(file) : -1;
  }();
  return sheet;
}

/* Maps poison at `place`, or anywhere if that is null; null where that is not possible. */
void *map_poison(void *place, int64_t bytes) {
  if (bytes > SHEET_BYTES || poison_sheet() < 0) return nullptr;
  void *memory = mmap(place, bytes, PROT_READ | PROT_WRITE,
                      place == nullptr ? MAP_PRIVATE : MAP_PRIVATE | MAP_FIXED, poison_sheet(), 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

int64_t guard_after(const Allocation &allocation) {
  return allocation.reserved - GUARD - allocation.bytes;
}

/* Lets AddressSanitizer report a touch of the range, where it is used. */
void forbid([[maybe_unused]] uint64_t address, [[maybe_unused]] int64_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(pointer(address), bytes);
#endif
}

void permit([[maybe_unused]] uint64_t address, [[maybe_unused]] int64_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(pointer(address), bytes);
#endif
}

const char *name_of(Space space) { return space == Space::DEVICE ? "device" : "pinned"; }

}  // namespace

Memory &Memory::get() {
  static auto *memory = new Memory();
  return *memory;
}

uint64_t Memory::allocate(Space space, int64_t bytes, uint64_t context, int device) {
  const int64_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  const int64_t reserved = GUARD + rounded + GUARD;
  void *memory = map_poison(nullptr, reserved);
  if (memory == nullptr) {
    memory = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    std::memset(memory, POISON, reserved);
  }
  const uint64_t base = reinterpret_cast<uint64_t>(memory) + GUARD;
  const Allocation allocation = {space, base, bytes, reserved, context, device, true};
  std::memset(memory, GUARD_BYTE, GUARD);
  std::memset(pointer(base + bytes), GUARD_BYTE, guard_after(allocation));
  forbid(base - GUARD, GUARD);
  forbid(base + bytes, guard_after(allocation));

  std::lock_guard<std::mutex> lock(mutex_);
  allocations_[base] = allocation;
  if (space == Space::DEVICE) used_[device] += rounded;
  Ledger::get().add(space == Space::DEVICE ? MEMORY : PINNED);
  Ledger::get().add(space == Space::DEVICE ? MEMORY_BYTES : PINNED_BYTES, bytes);
  return base;
}

bool Memory::release(Space space, uint64_t base, const char *function) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = allocations_.find(base);
  if (found == allocations_.end() || found->second.space != space) {
    Ledger::get().violation("%s: 0x%" PRIx64 " is not the start of %s memory", function, base,
                            name_of(space));
    return false;
  }
  if (!found->second.live) {
    Ledger::get().violation("%s: 0x%" PRIx64 " was freed before", function, base);
    return false;
  }
  if (!guards_whole(found->second)) {
    Ledger::get().violation("%s: something was written beside the %" PRId64 " bytes at 0x%" PRIx64,
                            function, found->second.bytes, base);
  }
  retire(found->second);
  return true;
}

int64_t Memory::release_all(uint64_t context) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint64_t> left;
  for (const auto &[base, allocation] : allocations_) {
    if (allocation.live && allocation.context == context) left.push_back(base);
  }
  for (const uint64_t base : left) retire(allocations_.at(base));
  return static_cast<int64_t>(left.size());
}

void Memory::retire(Allocation &allocation) {
  if (map_poison(pointer(allocation.base - GUARD), allocation.reserved) == nullptr) {
    std::memset(pointer(allocation.base), POISON, allocation.bytes);
  }
  forbid(allocation.base - GUARD, allocation.reserved);
  allocation.live = false;
  if (allocation.space == Space::DEVICE) {
    used_[allocation.device] -= (allocation.bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
  Ledger::get().remove(allocation.space == Space::DEVICE ? MEMORY : PINNED);
  Ledger::get().remove(allocation.space == Space::DEVICE ? MEMORY_BYTES : PINNED_BYTES,
                       allocation.bytes);
  quarantine_.push_back(allocation.base);
  quarantined_ += allocation.reserved;
  while (quarantined_ > QUARANTINE_BYTES && quarantine_.size() > 1) {
    const Allocation oldest = allocations_.at(quarantine_.front());
    quarantine_.pop_front();
    allocations_.erase(oldest.base);
    quarantined_ -= oldest.reserved;
    permit(oldest.base - GUARD, oldest.reserved);
    munmap(pointer(oldest.base - GUARD), oldest.reserved);
  }
}

std::optional<Allocation> Memory::find_locked(uint64_t address) {
  auto next = allocations_.upper_bound(address);
  if (next == allocations_.begin()) return std::nullopt;
  const Allocation &candidate = std::prev(next)->second;
  const uint64_t end = candidate.base - GUARD + candidate.reserved;
  return address < end ? std::optional<Allocation>(candidate) : std::nullopt;
}

std::optional<Allocation> Memory::find(uint64_t address) {
  std::lock_guard<std::mutex> lock(mutex_);
  return find_locked(address);
}

bool Memory::check(uint64_t address, int64_t bytes, const std::string &what, Space space) {
  const std::optional<Allocation> found = find_locked(address);
  const char *problem = nullptr;
  if (!found) {
    if (space == Space::PINNED) return true;
    problem = "not device memory";
  } else if (found->space != space) {
    problem = space == Space::DEVICE ? "host memory, not device memory"
                                     : "device memory, not host memory";
  } else if (!found->live) {
    problem = "freed memory";
  } else if (bytes < 0 || address + bytes > found->base + found->bytes) {
    problem = "beyond the end of its buffer";
  } else if (!guards_whole(*found)) {
    problem = "in a buffer whose guard zones are damaged";
  }
  if (problem == nullptr) return true;
  Ledger::get().violation("%s: %" PRId64 " bytes at 0x%" PRIx64 " are %s", what.c_str(), bytes,
                          address, problem);
  return false;
}

bool Memory::check_device(uint64_t address, int64_t bytes, const std::string &what) {
  std::lock_guard<std::mutex> lock(mutex_);
  return check(address, bytes, what, Space::DEVICE);
}

bool Memory::check_host(uint64_t address, int64_t bytes, const std::string &what) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (address == 0) {
    Ledger::get().violation("%s: the host pointer is null", what.c_str());
    return false;
  }
  return check(address, bytes, what, Space::PINNED);
}

/* Reads the guards although AddressSanitizer must not let anybody else. */
#if defined(__SANITIZE_ADDRESS__)
__attribute__((no_sanitize_address))
#endif
bool Memory::guards_whole(const Allocation &allocation) {
  const auto *before = reinterpret_cast<const unsigned char *>(allocation.base - GUARD);
  for (int64_t i = 0; i < GUARD; i++) {
    if (before[i] != GUARD_BYTE) return false;
  }
  const auto *after = reinterpret_cast<const unsigned char *>(allocation.base + allocation.bytes);
  for (int64_t i = 0; i < guard_after(allocation); i++) {
    if (after[i] != GUARD_BYTE) return false;
  }
  return true;
}

int64_t Memory::used(int device) {
  std::lock_guard<std::mutex> lock(mutex_);
  return used_[device];
}

int64_t Memory::check_guards() {
  std::lock_guard<std::mutex> lock(mutex_);
  int64_t damaged = 0;
  for (const auto &[base, allocation] : allocations_) {
    if (!allocation.live || guards_whole(allocation)) continue;
    damaged++;
    Ledger::get().violation("the guard zones of the %" PRId64 " bytes at 0x%" PRIx64 " are damaged",
                            allocation.bytes, base);
  }
  return damaged;
}

}  // namespace emulator
