/* One cuFFT plan: what it transforms, where the elements stand, what it needs. */
#ifndef PLAN_H
#define PLAN_H

#include <atomic>
#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "bridge.h"
#include "cufft_api.h"
#include "dft.h"

namespace emulator {

/* Where the elements of one side stand. */
struct Layout {
  std::vector<int64_t> embed;
  int64_t stride;
  int64_t distance;

  int64_t place(int64_t batch, const std::vector<int64_t> &index) const;
};

/* A callback and its caller info; none if null. */
struct Hook {
  const Callback *callback = nullptr;
  void *info = nullptr;
};

/* What is transformed; immutable once made, so that enqueued work may keep it. */
struct Transform {
  std::vector<int64_t> sizes;
  cufftType type;
  int64_t batch;
  bool basic;
  Layout input;
  Layout output;
  std::vector<Dft> dfts;
  Hook load;
  Hook store;

  /* Lengths of the input and output arrays: the last one halved on the Hermitian side. */
  std::vector<int64_t> input_sizes() const;
  std::vector<int64_t> output_sizes() const;

  /* Layouts that hold for an execution; the basic one depends on whether it is in place. */
  Layout input_layout(bool in_place) const;
  Layout output_layout(bool in_place) const;

  /* Bytes from the first element to the end of the last. */
  int64_t input_bytes(bool in_place) const;
  int64_t output_bytes(bool in_place) const;

  int64_t work_bytes() const;

  /* Elements of all inputs with the room between them. */
  int64_t input_elements() const;

  /* sign is that of C2C; the others have their own. */
  void run(float *input, float *output, int sign) const;

 private:
  std::vector<std::complex<double>> read(float *from, const Layout &layout, int64_t b) const;
  void write(const std::vector<std::complex<double>> &result, float *to, const Layout &layout,
             int64_t b) const;

  /* Adds what sets this plan's rounding apart from every other plan's; see perturbation.h. */
  void perturb(std::vector<std::complex<double>> &result, bool in_place) const;
};

struct Plan {
  std::shared_ptr<const Transform> transform;
  uint64_t context = 0;
  void *stream = nullptr;
  bool automatic = true;
  void *own_area = nullptr;
  void *work_area = nullptr;
  Hook load;
  Hook store;
  bool unlinked = false;
  std::atomic<bool> busy{false};
};

}  // namespace emulator

#endif
