/* Plans and jobs of fourierft_lines.h for the checks, made from its documentation. */
#ifndef LINES_H
#define LINES_H

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <optional>
#include <vector>

#include "fourierft_kernels.h"

/* A plan with its tables, as it lies in device memory. */
class LinePlan {
 public:
  /* How many complex numbers stand for a real line. */
  static int64_t points_of(int64_t features, bool halved) {
    return halved && features % 2 == 0 ? features / 2 : features;
  }

  /* The radices of a length, large powers of two last; none if a prime is too large. */
  static std::optional<std::vector<int>> radices(int64_t points, unsigned int most) {
    std::vector<int> all;
    int64_t odd = points;
    int twos = 0;
    for (; odd % 2 == 0; odd /= 2) twos++;
    for (int prime = 3; odd > 1; prime += 2) {
      if (prime > FOURIERFT_LARGEST_RADIX) return std::nullopt;
      for (; odd % prime == 0; odd /= prime) all.insert(all.begin(), prime);
    }
    const int bits_of_most = std::countr_zero(most);
    const int passes = (twos + bits_of_most - 1) / bits_of_most;
    for (int i = 0; i < passes; i++) {
      const int bits = twos / passes + (i >= passes - twos % passes ? 1 : 0);
      all.push_back(1 << bits);
    }
    return all;
  }

  LinePlan(int64_t features, bool halve)
      : LinePlan(features, halve,
                 radices(points_of(features, halve),
                         halve ? FOURIERFT_TOKEN_RADIX : FOURIERFT_ROW_RADIX)
                     .value()) {}

  LinePlan(int64_t features, bool halve, const std::vector<int> &all) {
    line_.features = static_cast<int32_t>(features);
    line_.halved = halve && features % 2 == 0 ? 1 : 0;
    line_.points = static_cast<int32_t>(points_of(features, halve));
    line_.passes = static_cast<int32_t>(all.size());
    line_.pairs = line_.points / 2 + 1;
    int span = line_.points;
    for (int i = 0; i < line_.passes; i++) {
      fourierft_pass &pass = passes_.emplace_back();
      const int block = span;
      span /= all[i];
      pass.radix = all[i];
      pass.span = span;
      pass.magic = span == 1 ? 0 : static_cast<uint32_t>(((uint64_t{1} << 32) + span - 1) / span);
      pass.twiddles = static_cast<int32_t>(twiddles_.size());
      for (int q = 1; q < pass.radix && span > 1; q++) {
        for (int j = 0; j < span; j++) twiddles_.push_back(turn(-q * j, block));
      }
      pass.roots = static_cast<int32_t>(twiddles_.size());
      for (int t = 0; t < pass.radix && pass.radix > 8 && pass.radix != 16; t++) {
        twiddles_.push_back(turn(-t, pass.radix));
      }
    }
    for (int b = 0; b < line_.pairs; b++) {
      const int mirror = b == 0 ? 0 : line_.points - b;
      const fourierft_complex by = turn(-b, 2 * line_.points);
      pairs_.push_back({by.re, by.im, position(b), position(mirror)});
    }
    line_.passes_at = sizeof(fourierft_line);
    line_.twiddles_at = line_.passes_at + static_cast<int32_t>(passes_.size() * sizeof(fourierft_pass));
    line_.pairs_at =
        (line_.twiddles_at + static_cast<int32_t>(twiddles_.size() * 8) + 15) / 16 * 16;
    line_.bytes = line_.pairs_at + static_cast<int32_t>(pairs_.size() * sizeof(fourierft_pair));
  }

  /* Where the transform leaves a frequency. */
  int position(int frequency) const {
    int at = 0;
    for (int i = 0; i < line_.passes; i++) {
      at += frequency % passes_[i].radix * passes_[i].span;
      frequency /= passes_[i].radix;
    }
    return at;
  }

  const fourierft_line &line() const { return line_; }

  size_t shared_bytes(int64_t lines = 1) const {
    return FOURIERFT_LINE_BYTES(lines * line_.points);
  }

  // A line of one point has no passes, and an empty list no memory to copy from.
  template <class T>
  static void put(const std::vector<T> &list, std::vector<char> &bytes, size_t at) {
    if (!list.empty()) std::memcpy(bytes.data() + at, list.data(), list.size() * sizeof(T));
  }

  std::vector<char> image() const {
    std::vector<char> bytes(line_.bytes);
    std::memcpy(bytes.data(), &line_, sizeof line_);
    put(passes_, bytes, line_.passes_at);
    put(twiddles_, bytes, line_.twiddles_at);
    put(pairs_, bytes, line_.pairs_at);
    return bytes;
  }

  /* e^{2 pi i step / length}. */
  static fourierft_complex turn(int64_t step, int64_t length) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(step % length) / length;
    return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
  }

 private:
  fourierft_line line_ = {};
  std::vector<fourierft_pass> passes_;
  std::vector<fourierft_complex> twiddles_;
  std::vector<fourierft_pair> pairs_;
};

#endif
