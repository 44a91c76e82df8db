/* The kernels by name, for the emulated driver. */
#ifndef KERNELS_H
#define KERNELS_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "block_scheduler.h"

namespace emulator {

/* Memory that a launch will touch, for the driver to check. */
struct Buffer {
  const char *name;
  const void *address;
  int64_t bytes;
  int64_t alignment;
};

/* Says whether a buffer lies in live device memory; whoever asks stops at the first no. */
using BufferCheck = std::function<bool(const Buffer &)>;

/* One launch with its parameters, copied when it was made. May run any number of times. */
class Launch {
 public:
  virtual ~Launch() = default;

  /* Asks about every buffer, tables first and then what they point to; false after a no. */
  virtual bool check_buffers(const LaunchShape &shape, const BufferCheck &check) const = 0;

  /* What one thread of the device does. */
  virtual void run_thread() const = 0;
};

struct Kernel {
  std::string name;
  bool takes_lines; /* one of fourierft_lines.h, which are launched in other ways */
  std::vector<size_t> parameter_sizes;
  std::function<std::shared_ptr<const Launch>(void **parameters)> prepare;
};

/* The kernel of that name, or null. */
const Kernel *find_kernel(const std::string &name);

/* Whether a kernel may be launched with so many threads and so much dynamic shared memory. */
bool fits_kernel(const Kernel &kernel, unsigned int threads, size_t shared);

}  // namespace emulator

#endif
