/* The least of a test framework: named cases, and checks that go on after a failure. */
#ifndef CHECK_H
#define CHECK_H

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace check {

struct Case {
  const char *name;
  std::function<void()> body;
};

inline std::vector<Case> &cases() {
  static std::vector<Case> all;
  return all;
}

inline int &failures() {
  static int count = 0;
  return count;
}

struct Register {
  Register(const char *name, std::function<void()> body) { cases().push_back({name, body}); }
};

template <typename Left, typename Right>
void equal(const Left &left, const Right &right, const char *text, const char *file, int line) {
  if (left == static_cast<Left>(right)) return;
  failures()++;
  std::printf("%s:%d: %s: %s, not %s\n", file, line, text, std::to_string(left).c_str(),
              std::to_string(right).c_str());
}

inline void that(bool holds, const char *text, const char *file, int line) {
  if (holds) return;
  failures()++;
  std::printf("%s:%d: not true: %s\n", file, line, text);
}

inline int run(const std::function<void()> &after_each) {
  for (const Case &one : cases()) {
    const int before = failures();
    one.body();
    after_each();
    std::printf("%s %s\n", failures() == before ? "ok  " : "FAIL", one.name);
  }
  return failures() == 0 ? 0 : 1;
}

}  // namespace check

#define CASE(name)                                        \
  static void name();                                     \
  static const check::Register register_##name(#name, name); \
  static void name()
#define EXPECT(left, right) check::equal(left, right, #left, __FILE__, __LINE__)
#define EXPECT_TRUE(holds) check::that(holds, #holds, __FILE__, __LINE__)

#endif
