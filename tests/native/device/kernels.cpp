#include "kernels.h"

#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "kernel_buffers.h"

/* The kernels themselves, compiled for the host. */
#include "fourierft.cu"

namespace emulator {
namespace {

template <typename... Parameters>
class TypedLaunch : public Launch {
 public:
  using Function = void (*)(Parameters...);
  using Touch = void (*)(Touched &, Parameters...);

  TypedLaunch(Function function, Touch touch, void **parameters)
      : TypedLaunch(function, touch, parameters, std::index_sequence_for<Parameters...>()) {}

  bool check_buffers(const LaunchShape &shape, const BufferCheck &check) const override {
    Touched touched(shape, check);
    std::apply([&](const Parameters &...values) { touch_(touched, values...); }, values_);
    return touched.valid;
  }

  void run_thread() const override { std::apply(function_, values_); }

 private:
  template <size_t... Index>
  TypedLaunch(Function function, Touch touch, void **parameters, std::index_sequence<Index...>)
      : function_(function), touch_(touch) {
    (std::memcpy(&std::get<Index>(values_), parameters[Index], sizeof(Parameters)), ...);
  }

  Function function_;
  Touch touch_;
  std::tuple<Parameters...> values_;
};

template <typename... Parameters>
Kernel describe(const char *name, void (*function)(Parameters...),
                void (*touch)(Touched &, Parameters...)) {
  return {name, false, {sizeof(Parameters)...}, [=](void **parameters) {
            return std::make_shared<const TypedLaunch<Parameters...>>(function, touch, parameters);
          }};
}

std::map<std::string, Kernel> all_kernels() {
  std::map<std::string, Kernel> kernels;
#define EMULATED_KERNEL(name) kernels.emplace(#name, describe(#name, ::name, touch::name));
  FOURIERFT_KERNEL_LIST(EMULATED_KERNEL)
#undef EMULATED_KERNEL
#define EMULATED_KERNEL(name) kernels.at(#name).takes_lines = true;
  FOURIERFT_LINE_KERNEL_LIST(EMULATED_KERNEL)
#undef EMULATED_KERNEL
  return kernels;
}

}  // namespace

const Kernel *find_kernel(const std::string &name) {
  /* Never freed: launches may outlive the end of main. */
  static const auto *kernels = new std::map<std::string, Kernel>(all_kernels());
  const auto found = kernels->find(name);
  return found == kernels->end() ? nullptr : &found->second;
}

bool fits_kernel(const Kernel &kernel, unsigned int threads, size_t shared) {
  if (!kernel.takes_lines) return threads == FOURIERFT_BLOCK && shared == 0;
  return threads >= 32 && threads <= FOURIERFT_LINE_BLOCK && (threads & (threads - 1)) == 0;
}

}  // namespace emulator
