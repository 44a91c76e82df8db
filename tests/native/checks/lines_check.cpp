/* The transform in shared memory, run by the block scheduler, against transforms in float64. */
#include "lines.h"

#include <random>

#include "block_scheduler.h"
#include "check.h"
#include "dft.h"
#include "line_transform.h"

namespace {

/* The lengths that models have, and what they split into. */
const std::vector<int> WIDTHS = {768,  896,  1024, 1152, 1280, 1536,  2048,  2304,  2560,  3072,  3584,
                                 4096, 4608, 5120, 5632, 6144, 6912,  7168,  8192,  8960,  9728,  11008,
                                 12288, 13824, 14336, 16384};

using Numbers = std::vector<fourierft_complex>;

Numbers random_numbers(int count, unsigned int seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Numbers numbers(count);
  for (fourierft_complex &number : numbers) number = {normal(generator), normal(generator)};
  return numbers;
}

/* Loads lines from memory, or stores them there. */
struct MemoryEdge {
  fourierft_complex *numbers;
  int points;
  bool stores;

  template <int COUNT>
  void move(fourierft_complex (&a)[COUNT], int line, int first, int step) const {
    for (int k = 0; k < COUNT; k++) {
      fourierft_complex &number = numbers[line * points + first + k * step];
      if (stores) number = a[k];
      else a[k] = number;
    }
  }
};

/* Runs one of the two transforms on lines; frequencies start, and end, in shared memory. */
void run(const LinePlan &plan, unsigned int threads, bool inverse, Numbers &numbers) {
  const auto count = static_cast<int>(numbers.size()) / plan.line().points;
  const std::vector<char> image = plan.image();
  const auto *line = reinterpret_cast<const fourierft_line *>(image.data());
  const bool whole = emulator::run_grid({1, threads, plan.shared_bytes(count)}, false, [&] {
    auto *shared = dynamic_shared<fourierft_complex>();
    const auto total = static_cast<int>(numbers.size());
    const MemoryEdge edge = {numbers.data(), plan.line().points, inverse};
    if (inverse) {
      for (int i = threadIdx.x; i < total; i += blockDim.x) shared[padded(i)] = numbers[i];
      __syncthreads();
      transform_inverse<16>(line, count, shared, edge);
    } else {
      transform_forward<16>(line, count, shared, edge);
      for (int i = threadIdx.x; i < total; i += blockDim.x) numbers[i] = shared[padded(i)];
    }
  });
  EXPECT_TRUE(whole);
}

/* The error of one line against what float64 makes of it; positions are of the frequencies. */
double error_of(const LinePlan &plan, bool inverse, const fourierft_complex *before,
                const fourierft_complex *after) {
  const int points = plan.line().points;
  std::vector<std::complex<double>> exact(points);
  for (int i = 0; i < points; i++) {
    const fourierft_complex &number = before[inverse ? plan.position(i) : i];
    exact[i] = {number.re, number.im};
  }
  emulator::Dft(points).transform(exact, inverse ? 1 : -1);
  double error = 0;
  double norm = 0;
  for (int i = 0; i < points; i++) {
    const fourierft_complex &number = after[inverse ? i : plan.position(i)];
    error += std::norm(std::complex<double>(number.re, number.im) - exact[i]);
    norm += std::norm(exact[i]);
  }
  return std::sqrt(error / norm);
}

void expect_exact(const LinePlan &plan, unsigned int threads, int lines) {
  const int points = plan.line().points;
  for (const bool inverse : {false, true}) {
    const Numbers before = random_numbers(lines * points, points + lines);
    Numbers after = before;
    run(plan, threads, inverse, after);
    for (int i = 0; i < lines; i++) {
      const double error =
          error_of(plan, inverse, before.data() + i * points, after.data() + i * points);
      if (!(error < 5e-7)) std::printf("%d points, %u threads: %g\n", points, threads, error);
      EXPECT_TRUE(error < 5e-7);
    }
  }
}

}  // namespace

CASE(everyLengthUpTo300IsTransformed) {
  for (int points = 1; points <= 300; points++) expect_exact(LinePlan(points, false), 256, 1);
  expect_exact(LinePlan(FOURIERFT_LARGEST_RADIX, false), 512, 2);
}

CASE(everyWidthOfAModelIsTransformed) {
  for (const int width : WIDTHS) {
    expect_exact(LinePlan(width, false), 256, 1);
    expect_exact(LinePlan(width, true), 128, 1);
  }
}

CASE(severalLinesAreTransformedAtOnce) {
  for (const int points : {1, 6, 8, 11, 48, 60, 86, 90, 143, 384, 768}) {
    for (const int lines : {2, 3, 4}) expect_exact(LinePlan(points, false), 32, lines);
  }
}

CASE(theOrderOfTheRadicesIsFree) {
  for (const std::vector<int> &radices :
       {std::vector<int>{2, 3}, {8, 5, 3}, {4, 11, 13}, {3, 4, 7, 8}, {2, 61, 4}, {8, 3, 16, 16}}) {
    int points = 1;
    for (const int radix : radices) points *= radix;
    expect_exact(LinePlan(points, false, radices), 32, 2);
  }
}

CASE(theBitsDoNotDependOnTheThreads) {
  for (const int points : {96, 344, 1000}) {
    const LinePlan plan(points, false);
    for (const bool inverse : {false, true}) {
      Numbers few = random_numbers(2 * points, 1);
      Numbers many = few;
      run(plan, 32, inverse, few);
      run(plan, 512, inverse, many);
      EXPECT(std::memcmp(few.data(), many.data(), few.size() * sizeof few[0]), 0);
    }
  }
}

int main() { return check::run([] {}); }
