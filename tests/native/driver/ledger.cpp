#include "ledger.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace emulator {
namespace {

constexpr const char *KIND_NAMES[KINDS] = {
    "memory", "memory_bytes", "pinned", "pinned_bytes", "context", "stream",
    "event",  "module",       "graph",  "graph_exec",   "plan",    "primary", "blas"};

int kind_of(const std::string &name) {
  for (int kind = 0; kind < KINDS; kind++) {
    if (name == KIND_NAMES[kind]) return kind;
  }
  return -1;
}

bool is_bytes(int kind) { return kind == MEMORY_BYTES || kind == PINNED_BYTES; }

}  // namespace

Ledger &Ledger::get() {
  static auto *ledger = new Ledger();
  return *ledger;
}

void Ledger::add(Kind kind, int64_t amount) {
  std::lock_guard<std::mutex> lock(mutex_);
  live_[kind] += amount;
  total_[kind] = is_bytes(kind) ? std::max(total_[kind], live_[kind]) : total_[kind] + amount;
}

void Ledger::remove(Kind kind, int64_t amount) {
  std::lock_guard<std::mutex> lock(mutex_);
  live_[kind] -= amount;
}

int64_t Ledger::live(const std::string &kind) {
  std::lock_guard<std::mutex> lock(mutex_);
  const int index = kind_of(kind);
  return index < 0 ? -1 : live_[index];
}

int64_t Ledger::total(const std::string &kind) {
  std::lock_guard<std::mutex> lock(mutex_);
  const int index = kind_of(kind);
  return index < 0 ? -1 : total_[index];
}

int Ledger::due(const std::vector<std::string> &names) {
  int code = 0;
  for (Fault &fault : faults_) {
    if (std::find(names.begin(), names.end(), fault.name) == names.end()) continue;
    if (--fault.left == 0 && code == 0) code = fault.code;
  }
  std::erase_if(faults_, [](const Fault &fault) { return fault.left <= 0; });
  return code;
}

int Ledger::count_call(const char *function, const char *group) {
  std::lock_guard<std::mutex> lock(mutex_);
  calls_[function]++;
  calls_["any"]++;
  if (*group != '\0') calls_[group]++;
  return due({function, group, "any"});
}

int64_t Ledger::calls(const std::string &name) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = calls_.find(name);
  return found == calls_.end() ? 0 : found->second;
}

void Ledger::reset_calls() {
  std::lock_guard<std::mutex> lock(mutex_);
  calls_.clear();
}

void Ledger::fail(const std::string &name, int64_t nth, int code) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (nth >= 1) faults_.push_back({name, nth, code});
}

int64_t Ledger::clear_faults() {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto left = static_cast<int64_t>(faults_.size());
  faults_.clear();
  return left;
}

int Ledger::count_operation() {
  std::lock_guard<std::mutex> lock(mutex_);
  return due({OPERATION});
}

void Ledger::violation(const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  std::lock_guard<std::mutex> lock(mutex_);
  violations_.emplace_back(text);
}

int64_t Ledger::violations() {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int64_t>(violations_.size());
}

std::string Ledger::violation_text(int64_t index) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (index < 0 || index >= static_cast<int64_t>(violations_.size())) return "";
  return violations_[index];
}

void Ledger::clear_violations() {
  std::lock_guard<std::mutex> lock(mutex_);
  violations_.clear();
}

}  // namespace emulator
