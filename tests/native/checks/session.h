/* A context, a stream, device arrays and launches, for the checks. */
#ifndef SESSION_H
#define SESSION_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "cuda_api.h"
#include "emulator.h"

extern "C" {
CUresult cuInit(unsigned int);
CUresult cuDevicePrimaryCtxRetain(CUcontext *, CUdevice);
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice);
CUresult cuCtxPushCurrent_v2(CUcontext);
CUresult cuCtxPopCurrent_v2(CUcontext *);
CUresult cuCtxSynchronize();
CUresult cuMemAlloc_v2(CUdeviceptr *, size_t);
CUresult cuMemFree_v2(CUdeviceptr);
CUresult cuMemAllocHost_v2(void **, size_t);
CUresult cuMemFreeHost(void *);
CUresult cuMemGetInfo_v2(size_t *, size_t *);
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr, const void *, size_t, CUstream);
CUresult cuMemcpyDtoHAsync_v2(void *, CUdeviceptr, size_t, CUstream);
CUresult cuMemcpyDtoH_v2(void *, CUdeviceptr, size_t);
CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *, CUstream);
CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D *);
CUresult cuMemsetD8Async(CUdeviceptr, unsigned char, size_t, CUstream);
CUresult cuMemsetD2D8Async(CUdeviceptr, size_t, unsigned char, size_t, size_t, CUstream);
CUresult cuStreamCreate(CUstream *, unsigned int);
CUresult cuStreamDestroy_v2(CUstream);
CUresult cuStreamSynchronize(CUstream);
CUresult cuStreamQuery(CUstream);
CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned int);
CUresult cuStreamBeginCapture_v2(CUstream, CUstreamCaptureMode);
CUresult cuStreamEndCapture(CUstream, CUgraph *);
CUresult cuGraphInstantiateWithFlags(CUgraphExec *, CUgraph, unsigned long long);
CUresult cuGraphLaunch(CUgraphExec, CUstream);
CUresult cuGraphExecDestroy(CUgraphExec);
CUresult cuGraphDestroy(CUgraph);
CUresult cuEventCreate(CUevent *, unsigned int);
CUresult cuEventDestroy_v2(CUevent);
CUresult cuEventRecord(CUevent, CUstream);
CUresult cuEventSynchronize(CUevent);
CUresult cuEventElapsedTime(float *, CUevent, CUevent);
CUresult cuModuleLoadData(CUmodule *, const void *);
CUresult cuModuleUnload(CUmodule);
CUresult cuModuleGetFunction(CUfunction *, CUmodule, const char *);
CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int);
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *, CUfunction, int, size_t);
CUresult cuLaunchKernel(CUfunction, unsigned int, unsigned int, unsigned int, unsigned int,
                        unsigned int, unsigned int, unsigned int, CUstream, void **, void **);
}

/* The primary context of device 0 with a stream and the kernels, for the length of a case. */
class Session {
 public:
  Session() {
    EXPECT(cuInit(0), CUDA_SUCCESS);
    EXPECT(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
    EXPECT(cuCtxPushCurrent_v2(context), CUDA_SUCCESS);
    EXPECT(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    EXPECT(cuModuleLoadData(&module, "FOURIERFT-EMULATED-KERNELS"), CUDA_SUCCESS);
  }

  ~Session() {
    cuStreamDestroy_v2(stream);
    cuModuleUnload(module);
    cuCtxPopCurrent_v2(nullptr);
    EXPECT(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS);
  }

  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  template <typename... Parameters>
  CUresult launch(const char *name, unsigned int grid, Parameters... parameters) {
    CUfunction function = nullptr;
    EXPECT(cuModuleGetFunction(&function, module, name), CUDA_SUCCESS);
    void *values[] = {&parameters...};
    return cuLaunchKernel(function, grid, 1, 1, 256, 1, 1, 0, stream, values, nullptr);
  }

  /* One of the kernels that keep lines in shared memory. */
  template <typename... Parameters>
  CUresult launch_lines(const char *name, unsigned int grid, unsigned int threads, size_t shared,
                        Parameters... parameters) {
    CUfunction function = nullptr;
    EXPECT(cuModuleGetFunction(&function, module, name), CUDA_SUCCESS);
    EXPECT(cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                              static_cast<int>(shared)),
           CUDA_SUCCESS);
    void *values[] = {&parameters...};
    return cuLaunchKernel(function, grid, 1, 1, threads, 1, 1, static_cast<unsigned int>(shared),
                          stream, values, nullptr);
  }

  CUresult synchronize() { return cuStreamSynchronize(stream); }

  CUcontext context = nullptr;
  CUstream stream = nullptr;
  CUmodule module = nullptr;
};

/* An array in device memory. */
template <typename Element>
class Array {
 public:
  explicit Array(size_t count) : count_(count) {
    EXPECT(cuMemAlloc_v2(&address_, count * sizeof(Element)), CUDA_SUCCESS);
  }

  explicit Array(const std::vector<Element> &values) : Array(values.size()) { write(values); }

  void write(const std::vector<Element> &values) {
    EXPECT(cuMemcpyHtoDAsync_v2(address_, values.data(), values.size() * sizeof(Element), nullptr),
           CUDA_SUCCESS);
    EXPECT(cuCtxSynchronize(), CUDA_SUCCESS);
  }

  Array(Array &&other) noexcept
      : count_(other.count_), address_(std::exchange(other.address_, 0)) {}
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  ~Array() {
    if (address_ != 0) cuMemFree_v2(address_);
  }

  CUdeviceptr address() const { return address_; }
  Element *pointer() const { return reinterpret_cast<Element *>(address_); }

  void zero(CUstream stream) {
    EXPECT(cuMemsetD8Async(address_, 0, count_ * sizeof(Element), stream), CUDA_SUCCESS);
  }

  /* Waits for the whole context first. */
  std::vector<Element> read() const {
    std::vector<Element> values(count_);
    EXPECT(cuCtxSynchronize(), CUDA_SUCCESS);
    EXPECT(cuMemcpyDtoH_v2(values.data(), address_, count_ * sizeof(Element)), CUDA_SUCCESS);
    return values;
  }

 private:
  size_t count_;
  CUdeviceptr address_ = 0;
};

/* After a case nothing may be left, and nobody may have misused the driver unnoticed. */
inline void expect_clean() {
  for (const char *kind : {"memory", "pinned", "context", "stream", "event", "module", "graph",
                           "graph_exec", "plan", "blas", "primary"}) {
    check::that(emu_live(kind) == 0, kind, __FILE__, __LINE__);
  }
  for (int64_t i = 0; i < emu_violations(); i++) {
    char text[512];
    emu_violation(i, text, sizeof text);
    check::that(false, text, __FILE__, __LINE__);
  }
  emu_clear_violations();
  emu_clear_faults();
}

#endif
