/* Allocation, copies and memsets. */
#include <cinttypes>
#include <cstring>
#include <optional>
#include <string>

#include "driver.h"

using emulator::begin_free;
using emulator::Context;
using emulator::end_free;
using emulator::find_stream;
using emulator::Ledger;
using emulator::Machine;
using emulator::Memory;
using emulator::Operation;
using emulator::Space;
using emulator::Stream;

namespace {

using ContextPointer = std::shared_ptr<Context>;
using StreamPointer = std::shared_ptr<Stream>;

uint64_t address(const void *pointer) { return reinterpret_cast<uint64_t>(pointer); }

void *pointer(uint64_t address) { return reinterpret_cast<void *>(address); }

bool is_pinned(uint64_t host) {
  const auto found = Memory::get().find(host);
  return found && found->space == Space::PINNED;
}

/* Memory of another device can be copied, as with unified addressing; of no device it cannot. */
bool check_device(uint64_t range, int64_t bytes, const std::string &what) {
  return Memory::get().check_device(range, bytes, what);
}

/* Rows of bytes from one place to another. */
struct Copy {
  uint64_t to;
  uint64_t from;
  int64_t width;
  int64_t rows;
  int64_t to_pitch;
  int64_t from_pitch;
  bool to_device;
  bool from_device;

  int64_t extent(int64_t pitch) const { return rows == 0 ? 0 : (rows - 1) * pitch + width; }

  bool valid(const std::string &what) const {
    Memory &memory = Memory::get();
    const int64_t written = extent(to_pitch);
    const int64_t read = extent(from_pitch);
    return (to_device ? memory.check_device(to, written, what + " destination")
                      : memory.check_host(to, written, what + " destination")) &&
           (from_device ? memory.check_device(from, read, what + " source")
                        : memory.check_host(from, read, what + " source"));
  }

  void run() const {
    for (int64_t row = 0; row < rows; row++) {
      std::memmove(pointer(to + row * to_pitch), pointer(from + row * from_pitch), width);
    }
  }
};

/*
 * As the driver does it: a source in pageable host memory is taken before the call returns, and a
 * pageable destination is waited for; only pinned memory is read and written later.
 */
CUresult enqueue(const StreamPointer &stream, const Copy &copy, const char *function) {
  if (copy.width == 0 || copy.rows == 0) return CUDA_SUCCESS;
  if (!copy.valid(function)) return CUDA_ERROR_INVALID_VALUE;
  const bool recorded = stream->recording() != nullptr;
  const bool pageable_source = !copy.from_device && !is_pinned(copy.from);
  const bool pageable_destination = !copy.to_device && !is_pinned(copy.to);
  if (recorded && (pageable_source || pageable_destination)) {
    Ledger::get().violation("%s: pageable host memory in a recording", function);
  }
  const std::string what = function;
  Operation operation = [copy, what] {
    if (!copy.valid(what)) return CUDA_ERROR_ILLEGAL_ADDRESS;
    copy.run();
    return CUDA_SUCCESS;
  };
  if (!recorded && pageable_source) {
    auto staged = std::make_shared<std::string>(static_cast<const char *>(pointer(copy.from)),
                                                copy.extent(copy.from_pitch));
    operation = [copy, what, staged] {
      if (!Memory::get().check_device(copy.to, copy.extent(copy.to_pitch), what)) {
        return CUDA_ERROR_ILLEGAL_ADDRESS;
      }
      Copy from_staged = copy;
      from_staged.from = address(staged->data());
      from_staged.run();
      return CUDA_SUCCESS;
    };
    if (!copy.to_device) operation = [copy] { copy.run(); return CUDA_SUCCESS; };
  }
  const CUresult result = stream->submit(operation);
  if (result == CUDA_SUCCESS && !recorded && pageable_destination) {
    stream->drain();
    return static_cast<CUresult>(stream->context()->lost.load());
  }
  return result;
}

CUresult copy_async(const char *function, CUstream stream_handle, const std::optional<Copy> &copy) {
  ContextPointer context;
  if (const CUresult refused = emulator::begin_call(function, "copy", &context)) return refused;
  const StreamPointer stream = find_stream(context, stream_handle, function);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return copy ? enqueue(stream, *copy, function) : CUDA_ERROR_INVALID_VALUE;
}

CUresult copy_and_wait(const char *function, const std::optional<Copy> &copy) {
  ContextPointer context;
  if (const CUresult refused = emulator::begin_call(function, "copy", &context)) return refused;
  if (emulator::spoils_recording()) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  if (!copy) return CUDA_ERROR_INVALID_VALUE;
  const CUresult result = enqueue(context->legacy, *copy, function);
  if (result != CUDA_SUCCESS) return result;
  context->legacy->drain();
  return static_cast<CUresult>(context->lost.load());
}

Copy line(uint64_t to, bool to_device, uint64_t from, bool from_device, size_t bytes) {
  Copy copy{};
  copy.to = to;
  copy.from = from;
  copy.width = static_cast<int64_t>(bytes);
  copy.rows = 1;
  copy.to_device = to_device;
  copy.from_device = from_device;
  return copy;
}

/*
 * What cuda.h says of a copy of rows: pitches hold the row and are within the device's limit. A
 * pitch may be left at 0 for a single row.
 */
std::optional<Copy> rectangle(const CUDA_MEMCPY2D *of) {
  if (of == nullptr) return std::nullopt;
  const auto known = [](CUmemorytype type) {
    return type == CU_MEMORYTYPE_HOST || type == CU_MEMORYTYPE_DEVICE;
  };
  const auto fits = [of](size_t pitch, size_t x, size_t y) {
    if (pitch == 0) return of->Height <= 1 && y == 0;
    return pitch >= of->WidthInBytes + x && pitch <= emulator::MAX_PITCH;
  };
  if (!known(of->srcMemoryType) || !known(of->dstMemoryType) ||
      !fits(of->srcPitch, of->srcXInBytes, of->srcY) ||
      !fits(of->dstPitch, of->dstXInBytes, of->dstY)) {
    return std::nullopt;
  }
  Copy copy{};
  copy.from_device = of->srcMemoryType == CU_MEMORYTYPE_DEVICE;
  copy.to_device = of->dstMemoryType == CU_MEMORYTYPE_DEVICE;
  copy.width = static_cast<int64_t>(of->WidthInBytes);
  copy.rows = static_cast<int64_t>(of->Height);
  copy.from_pitch = static_cast<int64_t>(of->srcPitch);
  copy.to_pitch = static_cast<int64_t>(of->dstPitch);
  copy.from = (copy.from_device ? of->srcDevice : address(of->srcHost)) +
              of->srcY * of->srcPitch + of->srcXInBytes;
  copy.to = (copy.to_device ? of->dstDevice : address(of->dstHost)) + of->dstY * of->dstPitch +
            of->dstXInBytes;
  return copy;
}

/* A value of one or four bytes to be set over rows of `width` bytes. */
struct Fill {
  uint64_t to;
  uint32_t value;
  int64_t value_bytes;
  int64_t width;
  int64_t rows;
  int64_t pitch;

  bool valid(const std::string &what) const {
    return check_device(to, (rows - 1) * pitch + width, what);
  }

  void run() const {
    for (int64_t row = 0; row < rows; row++) {
      auto *place = static_cast<char *>(pointer(to + row * pitch));
      for (int64_t i = 0; i < width; i += value_bytes) std::memcpy(place + i, &value, value_bytes);
    }
  }
};

Fill run_of(uint64_t to, uint32_t value, int64_t value_bytes, size_t count) {
  return {to, value, value_bytes, static_cast<int64_t>(count) * value_bytes, 1, 0};
}

CUresult enqueue(const StreamPointer &stream, const Fill &fill, const char *function) {
  if (fill.width == 0 || fill.rows == 0) return CUDA_SUCCESS;
  if (fill.rows > 1 && fill.pitch < fill.width) return CUDA_ERROR_INVALID_VALUE;
  if (fill.to % fill.value_bytes != 0 || !fill.valid(function)) return CUDA_ERROR_INVALID_VALUE;
  const std::string what = function;
  return stream->submit([=] {
    if (!fill.valid(what)) return CUDA_ERROR_ILLEGAL_ADDRESS;
    fill.run();
    return CUDA_SUCCESS;
  });
}

CUresult set_async(const char *function, const Fill &fill, CUstream stream_handle) {
  ContextPointer context;
  if (const CUresult refused = emulator::begin_call(function, "memset", &context)) return refused;
  const StreamPointer stream = find_stream(context, stream_handle, function);
  return stream == nullptr ? CUDA_ERROR_INVALID_HANDLE : enqueue(stream, fill, function);
}

CUresult set_now(const char *function, const Fill &fill) {
  ContextPointer context;
  if (const CUresult refused = emulator::begin_call(function, "memset", &context)) return refused;
  if (emulator::spoils_recording()) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  return enqueue(context->legacy, fill, function);
}

}  // namespace

EMULATED_API CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  ContextPointer context;
  BEGIN("", &context);
  if (free == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const int64_t all = Machine::get().memory(context->device);
  const int64_t used = Memory::get().used(context->device);
  *total = all;
  *free = used < all ? all - used : 0;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuMemAlloc_v2(CUdeviceptr *result, size_t bytes) {
  ContextPointer context;
  BEGIN("alloc", &context);
  if (emulator::spoils_recording()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (result == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const int64_t limit = Machine::get().memory(context->device);
  const int64_t used = Memory::get().used(context->device);
  const auto wanted = static_cast<int64_t>((bytes + 511) / 512 * 512);
  if (wanted < 0 || wanted > limit - used) return CUDA_ERROR_OUT_OF_MEMORY;
  const uint64_t base =
      Memory::get().allocate(Space::DEVICE, static_cast<int64_t>(bytes), context->handle,
                             context->device);
  if (base == 0) return CUDA_ERROR_OUT_OF_MEMORY;
  *result = base;
  return CUDA_SUCCESS;
}

/* Waits for the context's work first, as the real one does, although it need not. */
EMULATED_API CUresult cuMemFree_v2(CUdeviceptr base) {
  ContextPointer context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  if (base == 0) return end_free(context);
  if (emulator::spoils_recording()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  emulator::drain(context);
  if (!Memory::get().release(Space::DEVICE, base, __func__)) return CUDA_ERROR_INVALID_VALUE;
  return end_free(context);
}

/* Memory of the device's own pool, which belongs to no context. */
EMULATED_API CUresult cuMemAllocAsync(CUdeviceptr *result, size_t bytes, CUstream stream_handle) {
  ContextPointer context;
  BEGIN("alloc", &context);
  if (find_stream(context, stream_handle, __func__) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (result == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const uint64_t base =
      Memory::get().allocate(Space::DEVICE, static_cast<int64_t>(bytes), 0, context->device);
  if (base == 0) return CUDA_ERROR_OUT_OF_MEMORY;
  *result = base;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuMemFreeAsync(CUdeviceptr base, CUstream stream_handle) {
  ContextPointer context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  const StreamPointer stream = find_stream(context, stream_handle, __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return stream->submit([base] {
    return Memory::get().release(Space::DEVICE, base, "cuMemFreeAsync") ? CUDA_SUCCESS
                                                                       : CUDA_ERROR_INVALID_VALUE;
  });
}

EMULATED_API CUresult cuMemAllocHost_v2(void **result, size_t bytes) {
  ContextPointer context;
  BEGIN("pinned", &context);
  if (emulator::spoils_recording()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (result == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const uint64_t base = Memory::get().allocate(Space::PINNED, static_cast<int64_t>(bytes),
                                               context->handle, context->device);
  if (base == 0) return CUDA_ERROR_OUT_OF_MEMORY;
  *result = pointer(base);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuMemHostAlloc(void **result, size_t bytes, unsigned int) {
  return cuMemAllocHost_v2(result, bytes);
}

EMULATED_API CUresult cuMemFreeHost(void *host) {
  ContextPointer context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  if (emulator::spoils_recording()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  emulator::drain(context);
  if (!Memory::get().release(Space::PINNED, address(host), __func__)) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  return end_free(context);
}

EMULATED_API CUresult cuMemGetAddressRange_v2(CUdeviceptr *base, size_t *bytes,
                                              CUdeviceptr inside) {
  ContextPointer context;
  BEGIN("", &context);
  const auto found = Memory::get().find(inside);
  if (!found || !found->live || found->space != Space::DEVICE) return CUDA_ERROR_NOT_FOUND;
  if (base != nullptr) *base = found->base;
  if (bytes != nullptr) *bytes = found->bytes;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuPointerGetAttribute(void *data, CUpointer_attribute attribute,
                                            CUdeviceptr inside) {
  BEGIN("", nullptr);
  if (data == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto found = Memory::get().find(inside);
  if (!found || !found->live || inside < found->base ||
      inside >= found->base + found->bytes) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  const bool device = found->space == Space::DEVICE;
  switch (attribute) {
    case CU_POINTER_ATTRIBUTE_CONTEXT:
      *static_cast<uint64_t *>(data) = found->context;
      return CUDA_SUCCESS;
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      *static_cast<unsigned int *>(data) = device ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST;
      return CUDA_SUCCESS;
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
      *static_cast<uint64_t *>(data) = inside;
      return CUDA_SUCCESS;
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
      if (device) return CUDA_ERROR_INVALID_VALUE;
      *static_cast<uint64_t *>(data) = inside;
      return CUDA_SUCCESS;
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      *static_cast<unsigned int *>(data) = 0;
      return CUDA_SUCCESS;
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
      *static_cast<int *>(data) = found->device;
      return CUDA_SUCCESS;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
      *static_cast<uint64_t *>(data) = found->base;
      return CUDA_SUCCESS;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
      *static_cast<size_t *>(data) = found->bytes;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

EMULATED_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                                           CUstream stream) {
  return copy_async(__func__, stream, line(to, true, address(from), false, bytes));
}

EMULATED_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                                           CUstream stream) {
  return copy_async(__func__, stream, line(address(to), false, from, true, bytes));
}

EMULATED_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                                           CUstream stream) {
  return copy_async(__func__, stream, line(to, true, from, true, bytes));
}

EMULATED_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  return copy_and_wait(__func__, line(to, true, address(from), false, bytes));
}

EMULATED_API CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  return copy_and_wait(__func__, line(address(to), false, from, true, bytes));
}

EMULATED_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return copy_and_wait(__func__, line(to, true, from, true, bytes));
}

EMULATED_API CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *what, CUstream stream) {
  return copy_async(__func__, stream, rectangle(what));
}

EMULATED_API CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D *what) {
  return copy_and_wait(__func__, rectangle(what));
}

EMULATED_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count,
                                      CUstream stream) {
  return set_async(__func__, run_of(to, value, 1, count), stream);
}

EMULATED_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t count,
                                       CUstream stream) {
  return set_async(__func__, run_of(to, value, 4, count), stream);
}

EMULATED_API CUresult cuMemsetD2D8Async(CUdeviceptr to, size_t pitch, unsigned char value,
                                        size_t width, size_t rows, CUstream stream) {
  return set_async(__func__, {to, value, 1, static_cast<int64_t>(width),
                              static_cast<int64_t>(rows), static_cast<int64_t>(pitch)}, stream);
}

EMULATED_API CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
  return set_now(__func__, run_of(to, value, 1, count));
}

EMULATED_API CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned int value, size_t count) {
  return set_now(__func__, run_of(to, value, 4, count));
}
