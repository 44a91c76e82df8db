/* Initialisation, devices and contexts. */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "driver.h"

using emulator::begin_call;
using emulator::Context;
using emulator::current_contexts;
using emulator::Handles;
using emulator::Machine;
using emulator::number;

namespace {

bool is_device(CUdevice device) { return device >= 0 && device < Machine::get().devices(); }

/* "9.0" as 9 and 0. */
void capability(int *major, int *minor) {
  const char *text = getenv("EMULATED_CUDA_CAPABILITY");
  if (text == nullptr || sscanf(text, "%d.%d", major, minor) != 2) {
    *major = 9;
    *minor = 0;
  }
}

int attribute_value(int attribute) {
  int major;
  int minor;
  capability(&major, &minor);
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
      return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
      return 64;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
      return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
      return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
      return 49152;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
      return emulator::most_shared_memory();
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
      return emulator::most_shared_memory() + emulator::RESERVED_SHARED_MEMORY;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
      return 32;
    case CU_DEVICE_ATTRIBUTE_MAX_PITCH:
      return emulator::MAX_PITCH;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
      return 1000000;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
      return 2;
    case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
      return 1;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      return major;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      return minor;
    default:
      return 0;
  }
}

}  // namespace

int emulator::most_shared_memory() {
  int major;
  int minor;
  capability(&major, &minor);
  switch (10 * major + minor) {
    case 70:
      return 96 * 1024;
    case 75:
      return 64 * 1024;
    case 80:
    case 87:
      return 163 * 1024;
    case 90:
    case 100:
    case 103:
      return 227 * 1024;
    default:
      return 99 * 1024;
  }
}

EMULATED_API CUresult cuInit(unsigned int flags) {
  const int fault = emulator::Ledger::get().count_call(__func__, "");
  if (fault != 0) return static_cast<CUresult>(fault);
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  return Machine::get().initialize();
}

EMULATED_API CUresult cuDriverGetVersion(int *version) {
  const int fault = emulator::Ledger::get().count_call(__func__, "");
  if (fault != 0) return static_cast<CUresult>(fault);
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const char *text = getenv("EMULATED_CUDA_VERSION");
  *version = text == nullptr ? 13000 : atoi(text);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuDeviceGetCount(int *count) {
  BEGIN("", nullptr);
  if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *count = Machine::get().devices();
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  BEGIN("", nullptr);
  if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
  *device = ordinal;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  BEGIN("", nullptr);
  if (name == nullptr || length < 1) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  snprintf(name, length, "Emulated CUDA device %d", Machine::get().physical(device));
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
  BEGIN("", nullptr);
  if (uuid == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  memcpy(uuid->bytes, "emulated-device", 15);
  uuid->bytes[15] = static_cast<char>(Machine::get().physical(device));
  return CUDA_SUCCESS;
}

#ifndef EMULATOR_CHECKS_AGAINST_CUDA_H /* which makes one name of both */
EMULATED_API CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device) {
  return cuDeviceGetUuid_v2(uuid, device);
}
#endif

EMULATED_API CUresult cuDeviceGetPCIBusId(char *id, int length, CUdevice device) {
  BEGIN("", nullptr);
  if (id == nullptr || length < 13) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  snprintf(id, length, "0000:%02x:00.0", Machine::get().physical(device) + 1);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                                           CUdevice device) {
  BEGIN("", nullptr);
  if (value == nullptr || attribute < 1) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  *value = attribute_value(attribute);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  BEGIN("", nullptr);
  if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  *bytes = Machine::get().memory(device);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  BEGIN("", nullptr);
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  uint64_t handle = 0;
  const CUresult result = Machine::get().retain_primary(device, &handle);
  if (result == CUDA_SUCCESS) *context = reinterpret_cast<CUcontext>(handle);
  return result;
}

EMULATED_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  BEGIN("", nullptr);
  return Machine::get().release_primary(device);
}

EMULATED_API CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
  BEGIN("", nullptr);
  return Machine::get().reset_primary(device);
}

EMULATED_API CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned int *flags,
                                                 int *active) {
  BEGIN("", nullptr);
  if (flags == nullptr || active == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  *flags = 0;
  *active = Machine::get().primary(device) == nullptr ? 0 : 1;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxCreate_v2(CUcontext *context, unsigned int, CUdevice device) {
  BEGIN("", nullptr);
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (!is_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  const uint64_t handle = Machine::get().make_context(device, false)->handle;
  current_contexts().push_back(handle);
  *context = reinterpret_cast<CUcontext>(handle);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxDestroy_v2(CUcontext context) {
  BEGIN("", nullptr);
  const std::shared_ptr<Context> ended =
      Handles::get().contexts.get(number(context), __func__);
  if (ended == nullptr || ended->primary) return CUDA_ERROR_INVALID_CONTEXT;
  std::vector<uint64_t> &stack = current_contexts();
  if (!stack.empty() && stack.back() == ended->handle) stack.pop_back();
  Machine::get().end_context(ended, __func__);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxPushCurrent_v2(CUcontext context) {
  BEGIN("", nullptr);
  if (Handles::get().contexts.get(number(context), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  current_contexts().push_back(number(context));
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  BEGIN("", nullptr);
  std::vector<uint64_t> &stack = current_contexts();
  if (stack.empty()) return CUDA_ERROR_INVALID_CONTEXT;
  if (context != nullptr) *context = reinterpret_cast<CUcontext>(stack.back());
  stack.pop_back();
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxSetCurrent(CUcontext context) {
  BEGIN("", nullptr);
  if (context != nullptr && Handles::get().contexts.get(number(context), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  std::vector<uint64_t> &stack = current_contexts();
  if (!stack.empty()) stack.pop_back();
  if (context != nullptr) stack.push_back(number(context));
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxGetCurrent(CUcontext *context) {
  BEGIN("", nullptr);
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::vector<uint64_t> &stack = current_contexts();
  *context = stack.empty() ? nullptr : reinterpret_cast<CUcontext>(stack.back());
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxGetDevice(CUdevice *device) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *device = context->device;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxGetApiVersion(CUcontext context, unsigned int *version) {
  BEGIN("", nullptr);
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (context != nullptr && Handles::get().contexts.get(number(context), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  *version = 3020;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuCtxSynchronize() {
  std::shared_ptr<Context> context;
  BEGIN("sync", &context);
  if (emulator::spoils_recording() || emulator::spoils_recordings_of(context)) {
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  emulator::drain(context);
  return static_cast<CUresult>(context->lost.load());
}
