/* Modules and launches. */
#include <algorithm>
#include <atomic>
#include <cstring>

#include "block_scheduler.h"
#include "driver.h"

using emulator::begin_free;
using emulator::Context;
using emulator::end_free;
using emulator::find_stream;
using emulator::Function;
using emulator::Handles;
using emulator::Ledger;
using emulator::Module;
using emulator::number;
using emulator::Stream;

namespace {

/* What stands for a fatbin where no nvcc was. */
constexpr char MARKER[] = "FOURIERFT-EMULATED-KERNELS";

/* The first bytes of a fatbin and of a cubin. */
constexpr unsigned char FATBIN[] = {0x50, 0xed, 0x55, 0xba};
constexpr unsigned char ELF[] = {0x7f, 'E', 'L', 'F'};

bool is_image(const void *image) {
  return memcmp(image, FATBIN, sizeof FATBIN) == 0 || memcmp(image, ELF, sizeof ELF) == 0 ||
         strncmp(static_cast<const char *>(image), MARKER, sizeof MARKER - 1) == 0;
}

/* What a launch that CUDA takes as it is would still do wrong with these kernels. */
bool fits_kernels(const Function &function, unsigned int grid_y, unsigned int grid_z,
                  unsigned int block_x, unsigned int block_y, unsigned int block_z,
                  unsigned int shared) {
  if (grid_y == 1 && grid_z == 1 && block_y == 1 && block_z == 1 &&
      emulator::fits_kernel(*function.kernel, block_x, shared)) {
    return true;
  }
  Ledger::get().violation(
      "cuLaunchKernel: %s is not made for blocks of %u x %u x %u, a grid of ? x %u x %u and %u bytes "
      "of dynamic shared memory",
      function.kernel->name.c_str(), block_x, block_y, block_z, grid_y, grid_z, shared);
  return false;
}

CUresult run(const Function &function, const emulator::Launch &launch,
             const emulator::LaunchShape &shape, bool backwards) {
  const char *kernel = function.kernel->name.c_str();
  CUresult problem = CUDA_SUCCESS;
  const bool valid = launch.check_buffers(shape, [&](const emulator::Buffer &buffer) {
    problem = emulator::check_buffer(std::string(kernel) + " parameter", buffer);
    return problem == CUDA_SUCCESS;
  });
  if (!valid) return problem == CUDA_SUCCESS ? CUDA_ERROR_ILLEGAL_ADDRESS : problem;
  if (!emulator::run_grid(shape, backwards, [&] { launch.run_thread(); })) {
    Ledger::get().violation("%s: a barrier that not all threads of a block reach", kernel);
    return CUDA_ERROR_LAUNCH_FAILED;
  }
  return CUDA_SUCCESS;
}

}  // namespace

EMULATED_API CUresult cuModuleLoadData(CUmodule *result, const void *image) {
  std::shared_ptr<Context> context;
  BEGIN("module", &context);
  if (result == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!is_image(image)) return CUDA_ERROR_INVALID_IMAGE;
  auto module = std::make_shared<Module>();
  module->handle = Handles::get().next();
  module->context = context;
  Handles::get().modules.put(module->handle, module);
  *result = reinterpret_cast<CUmodule>(module->handle);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuModuleUnload(CUmodule handle) {
  std::shared_ptr<Context> context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  if (Handles::get().modules.take(number(handle), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  for (const std::shared_ptr<Function> &function : Handles::get().functions.all()) {
    if (function->module == number(handle)) {
      Handles::get().functions.take(function->handle, __func__);
    }
  }
  return end_free(context);
}

EMULATED_API CUresult cuModuleGetFunction(CUfunction *result, CUmodule handle, const char *name) {
  std::shared_ptr<Context> context;
  BEGIN("module", &context);
  if (result == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (Handles::get().modules.get(number(handle), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  const emulator::Kernel *kernel = emulator::find_kernel(name);
  if (kernel == nullptr) return CUDA_ERROR_NOT_FOUND;
  for (const std::shared_ptr<Function> &known : Handles::get().functions.all()) {
    if (known->module == number(handle) && known->kernel == kernel) {
      *result = reinterpret_cast<CUfunction>(known->handle);
      return CUDA_SUCCESS;
    }
  }
  auto function = std::make_shared<Function>();
  function->handle = Handles::get().next();
  function->context = context;
  function->module = number(handle);
  function->kernel = kernel;
  Handles::get().functions.put(function->handle, function);
  *result = reinterpret_cast<CUfunction>(function->handle);
  return CUDA_SUCCESS;
}

/* Offsets are those of a struct of the parameters, as nvcc lays them out. */
EMULATED_API CUresult cuFuncGetParamInfo(CUfunction handle, size_t index, size_t *offset,
                                         size_t *size) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const auto function = Handles::get().functions.get(number(handle), __func__);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::vector<size_t> &sizes = function->kernel->parameter_sizes;
  if (offset == nullptr || index >= sizes.size()) return CUDA_ERROR_INVALID_VALUE;
  size_t at = 0;
  for (size_t i = 0; i <= index; i++) {
    const size_t alignment = std::min<size_t>(sizes[i], 8);
    at = (at + alignment - 1) / alignment * alignment;
    if (i < index) at += sizes[i];
  }
  *offset = at;
  if (size != nullptr) *size = sizes[index];
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute,
                                         int value) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const auto function = Handles::get().functions.get(number(handle), __func__);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) return CUDA_ERROR_NOT_SUPPORTED;
  if (value < 0 || value > emulator::most_shared_memory()) return CUDA_ERROR_INVALID_VALUE;
  function->most_shared = static_cast<unsigned int>(value);
  return CUDA_SUCCESS;
}

/* By threads and shared memory alone: what the registers allow only the compiler knows. */
EMULATED_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction handle,
                                                                  int threads, size_t shared) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const auto function = Handles::get().functions.get(number(handle), __func__);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (blocks == nullptr || threads < 1 || threads > 1024) return CUDA_ERROR_INVALID_VALUE;
  const auto reserved = static_cast<size_t>(emulator::RESERVED_SHARED_MEMORY);
  const auto all = static_cast<size_t>(emulator::most_shared_memory()) + reserved;
  *blocks = shared > function->most_shared.load()
                ? 0
                : static_cast<int>(std::min<size_t>(1024 / threads, all / (shared + reserved)));
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuLaunchKernel(CUfunction handle, unsigned int grid_x, unsigned int grid_y,
                                     unsigned int grid_z, unsigned int block_x,
                                     unsigned int block_y, unsigned int block_z,
                                     unsigned int shared, CUstream stream_handle,
                                     void **parameters, void **extra) {
  static std::atomic<uint64_t> launches{0};
  std::shared_ptr<Context> context;
  BEGIN("launch", &context);
  const auto function = Handles::get().functions.get(number(handle), __func__);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (function->context != context) {
    Ledger::get().violation("cuLaunchKernel: the kernel belongs to another context");
    return CUDA_ERROR_INVALID_HANDLE;
  }
  const std::shared_ptr<Stream> stream = find_stream(context, stream_handle, __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (grid_x == 0 || grid_y == 0 || grid_z == 0 || block_x == 0 || block_y == 0 || block_z == 0 ||
      grid_x > 2147483647u || grid_y > 65535 || grid_z > 65535 || block_x > 1024 ||
      block_y > 1024 || block_z > 64 || uint64_t{block_x} * block_y * block_z > 1024 ||
      shared > function->most_shared.load()) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  if (extra != nullptr) return CUDA_ERROR_NOT_SUPPORTED;
  if (!fits_kernels(*function, grid_y, grid_z, block_x, block_y, block_z, shared)) {
    return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  }
  if (parameters == nullptr) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < function->kernel->parameter_sizes.size(); i++) {
    if (parameters[i] == nullptr) return CUDA_ERROR_INVALID_VALUE;
  }
  const auto launch = function->kernel->prepare(parameters);
  const bool backwards = launches.fetch_add(1) % 2 == 1;
  const emulator::LaunchShape shape = {grid_x, block_x, shared};
  return stream->submit([=] { return run(*function, *launch, shape, backwards); });
}
