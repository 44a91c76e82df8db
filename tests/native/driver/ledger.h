/* What the emulated driver counts, what it was told to fail, and what it saw go wrong. */
#ifndef LEDGER_H
#define LEDGER_H

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace emulator {

enum Kind {
  MEMORY,
  MEMORY_BYTES,
  PINNED,
  PINNED_BYTES,
  CONTEXT,
  STREAM,
  EVENT,
  MODULE,
  GRAPH,
  GRAPH_EXEC,
  PLAN,
  PRIMARY,
  BLAS,
  KINDS
};

/* Thread-safe. There is one, which lives as long as the process. */
class Ledger {
 public:
  static Ledger &get();

  void add(Kind kind, int64_t amount = 1);
  void remove(Kind kind, int64_t amount = 1);
  int64_t live(const std::string &kind);
  int64_t total(const std::string &kind);

  /* Counts one call under its name, its group and "any"; returns the fault that is due, or 0. */
  int count_call(const char *function, const char *group);
  int64_t calls(const std::string &name);
  void reset_calls();

  void fail(const std::string &name, int64_t nth, int code);
  void fail_operation(int64_t nth, int code) { fail(OPERATION, nth, code); }
  int64_t clear_faults();

  /* Counts one operation that a stream runs; returns the fault that is due, or 0. */
  int count_operation();

  void violation(const char *format, ...) __attribute__((format(printf, 2, 3)));
  int64_t violations();
  std::string violation_text(int64_t index);
  void clear_violations();

 private:
  struct Fault {
    std::string name;
    int64_t left;
    int code;
  };
  static constexpr const char *OPERATION = "(operation)";

  int due(const std::vector<std::string> &names);

  std::mutex mutex_;
  std::array<int64_t, KINDS> live_{};
  std::array<int64_t, KINDS> total_{};
  std::map<std::string, int64_t> calls_;
  std::vector<Fault> faults_;
  std::vector<std::string> violations_;
};

}  // namespace emulator

#endif
