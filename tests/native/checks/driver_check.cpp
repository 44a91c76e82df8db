/* The emulated driver: what it allows, what it refuses, what it counts. */
#include <atomic>
#include <thread>

#include "fourierft_kernels.h"
#include "session.h"

namespace {

/* Takes note of the violations that a case meant to cause. */
int64_t take_violations() {
  const int64_t count = emu_violations();
  emu_clear_violations();
  return count;
}

}  // namespace

CASE(copiesRunInOrderAndLater) {
  Session session;
  Array<int> device(4);
  void *pinned = nullptr;
  EXPECT(cuMemAllocHost_v2(&pinned, 16), CUDA_SUCCESS);
  int *values = static_cast<int *>(pinned);
  for (int i = 0; i < 4; i++) values[i] = i + 1;
  emu_hold(1);
  EXPECT(cuMemcpyHtoDAsync_v2(device.address(), pinned, 16, session.stream), CUDA_SUCCESS);
  EXPECT(cuStreamQuery(session.stream), CUDA_ERROR_NOT_READY);
  values[0] = 9; /* Before the copy has run: it must see this. */
  emu_hold(0);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  EXPECT(device.read()[0], 9);
  EXPECT(device.read()[3], 4);
  EXPECT(cuMemFreeHost(pinned), CUDA_SUCCESS);
}

CASE(freshMemoryIsPoisoned) {
  Session session;
  Array<float> device(3);
  EXPECT_TRUE(device.read()[2] != device.read()[2]);
}

CASE(eventsOrderStreamsAndMeasure) {
  Session session;
  CUstream other = nullptr;
  CUevent start = nullptr;
  CUevent end = nullptr;
  EXPECT(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  EXPECT(cuEventCreate(&start, CU_EVENT_DEFAULT), CUDA_SUCCESS);
  EXPECT(cuEventCreate(&end, CU_EVENT_DEFAULT), CUDA_SUCCESS);
  Array<int> a(std::vector<int>{1});
  Array<int> b(std::vector<int>{0});
  void *pinned = nullptr;
  EXPECT(cuMemAllocHost_v2(&pinned, 4), CUDA_SUCCESS);
  emu_set_delay(2000);
  EXPECT(cuEventRecord(start, session.stream), CUDA_SUCCESS);
  EXPECT(cuMemsetD8Async(a.address(), 7, 4, session.stream), CUDA_SUCCESS);
  EXPECT(cuEventRecord(end, session.stream), CUDA_SUCCESS);
  EXPECT(cuStreamWaitEvent(other, end, 0), CUDA_SUCCESS);
  EXPECT(cuMemcpyDtoHAsync_v2(pinned, a.address(), 4, other), CUDA_SUCCESS);
  EXPECT(cuStreamSynchronize(other), CUDA_SUCCESS);
  emu_set_delay(0);
  EXPECT(*static_cast<int *>(pinned), 0x07070707);
  float milliseconds = 0;
  EXPECT(cuEventElapsedTime(&milliseconds, start, end), CUDA_SUCCESS);
  EXPECT_TRUE(milliseconds >= 1);
  EXPECT(cuEventDestroy_v2(start), CUDA_SUCCESS);
  EXPECT(cuEventDestroy_v2(end), CUDA_SUCCESS);
  EXPECT(cuStreamDestroy_v2(other), CUDA_SUCCESS);
  EXPECT(cuMemFreeHost(pinned), CUDA_SUCCESS);
}

CASE(graphsReplayTheirWork) {
  Session session;
  Array<uint32_t> value(1);
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  value.zero(session.stream);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  EXPECT(cuStreamBeginCapture_v2(session.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
         CUDA_SUCCESS);
  EXPECT(session.launch("fourierft_abi_version", 1, value.address()), CUDA_SUCCESS);
  EXPECT(cuStreamEndCapture(session.stream, &graph), CUDA_SUCCESS);
  EXPECT(value.read()[0], 0);
  EXPECT(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
  for (int i = 0; i < 2; i++) {
    value.zero(session.stream);
    EXPECT(cuGraphLaunch(executable, session.stream), CUDA_SUCCESS);
    EXPECT(value.read()[0], FOURIERFT_KERNEL_ABI);
  }
  EXPECT(cuGraphExecDestroy(executable), CUDA_SUCCESS);
  EXPECT(cuGraphDestroy(graph), CUDA_SUCCESS);
}

CASE(waitingWhileRecordingSpoilsTheRecording) {
  Session session;
  CUgraph graph = nullptr;
  EXPECT(cuStreamBeginCapture_v2(session.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
         CUDA_SUCCESS);
  EXPECT(session.synchronize(), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT(cuStreamEndCapture(session.stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT_TRUE(graph == nullptr);
}

CASE(memoryHasALimit) {
  Session session;
  emu_set_memory(0, 4096);
  CUdeviceptr pointer = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 4097), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT(cuMemAlloc_v2(&pointer, 4096), CUDA_SUCCESS);
  size_t available = 1;
  size_t total = 0;
  EXPECT(cuMemGetInfo_v2(&available, &total), CUDA_SUCCESS);
  EXPECT(available, 0);
  EXPECT(total, 4096);
  EXPECT(cuMemFree_v2(pointer), CUDA_SUCCESS);
  emu_set_memory(0, 0);
}

CASE(misuseIsSeen) {
  Session session;
  CUdeviceptr pointer = 0;
  int host[4] = {};
  EXPECT(cuMemAlloc_v2(&pointer, 12), CUDA_SUCCESS);
  EXPECT(cuMemcpyHtoDAsync_v2(pointer, host, 16, session.stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
  EXPECT(cuMemcpyHtoDAsync_v2(reinterpret_cast<CUdeviceptr>(host), host, 4, session.stream),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
  EXPECT(cuMemFree_v2(pointer), CUDA_SUCCESS);
  EXPECT(cuMemFree_v2(pointer), CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
  EXPECT(cuMemcpyHtoDAsync_v2(pointer, host, 4, session.stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
  CUstream stream = nullptr;
  EXPECT(cuStreamCreate(&stream, 0), CUDA_SUCCESS);
  EXPECT(cuStreamDestroy_v2(stream), CUDA_SUCCESS);
  EXPECT(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
  EXPECT(take_violations(), 1);
}

/* AddressSanitizer stops at the very write that this case makes, so there it has nothing to see. */
CASE(damagedGuardsAreSeen) {
#ifndef __SANITIZE_ADDRESS__
  Session session;
  CUdeviceptr pointer = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 12), CUDA_SUCCESS);
  reinterpret_cast<char *>(pointer)[12] = 0;
  EXPECT(emu_check_guards(), 1);
  EXPECT(cuMemFree_v2(pointer), CUDA_SUCCESS);
  EXPECT(take_violations(), 2);
#endif
}

CASE(launchesAreChecked) {
  Session session;
  Array<int> value(1);
  CUfunction function = nullptr;
  EXPECT(cuModuleGetFunction(&function, session.module, "no_such_kernel"), CUDA_ERROR_NOT_FOUND);
  EXPECT(cuModuleGetFunction(&function, session.module, "fourierft_abi_version"), CUDA_SUCCESS);
  CUdeviceptr address = value.address();
  void *parameters[] = {&address};
  EXPECT(cuLaunchKernel(function, 0, 1, 1, 256, 1, 1, 0, session.stream, parameters, nullptr),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuLaunchKernel(function, 1, 1, 1, 2048, 1, 1, 0, session.stream, parameters, nullptr),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuLaunchKernel(function, 1, 1, 1, 256, 1, 1, 65536, session.stream, parameters, nullptr),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuLaunchKernel(function, 1, 1, 1, 128, 1, 1, 0, session.stream, parameters, nullptr),
         CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  EXPECT(take_violations(), 1);
  EXPECT(cuLaunchKernel(function, 1, 1, 1, 256, 1, 1, 0, session.stream, nullptr, nullptr),
         CUDA_ERROR_INVALID_VALUE);
}

CASE(aKernelOutsideItsBufferLosesTheContext) {
  {
    Session session;
    Array<char> small(sizeof(fourierft_addition));
    EXPECT(session.launch("fourierft_reduce_addition", 1, small.address(), int64_t{2},
                          small.address()),
           CUDA_SUCCESS);
    EXPECT(session.synchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT(take_violations(), 1);
    CUdeviceptr pointer = 0;
    EXPECT(cuMemAlloc_v2(&pointer, 8), CUDA_ERROR_ILLEGAL_ADDRESS);
  }
  Session fresh;
  Array<int> value(1);
  EXPECT(fresh.launch("fourierft_abi_version", 1, value.address()), CUDA_SUCCESS);
  EXPECT(value.read()[0], FOURIERFT_KERNEL_ABI);
}

CASE(faultsComeWhenTheyAreDue) {
  Session session;
  CUdeviceptr pointer = 0;
  emu_reset_calls();
  emu_fail("alloc", 2, CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT(cuMemAlloc_v2(&pointer, 8), CUDA_SUCCESS);
  EXPECT(cuMemFree_v2(pointer), CUDA_SUCCESS);
  EXPECT(cuMemAlloc_v2(&pointer, 8), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT(cuMemAlloc_v2(&pointer, 8), CUDA_SUCCESS);
  EXPECT(emu_calls("alloc"), 3);
  EXPECT(emu_calls("cuMemFree_v2"), 1);
  emu_fail_operation(1, CUDA_ERROR_LAUNCH_FAILED);
  EXPECT(cuMemsetD8Async(pointer, 0, 8, session.stream), CUDA_SUCCESS);
  EXPECT(session.synchronize(), CUDA_ERROR_LAUNCH_FAILED);
  EXPECT(cuMemFree_v2(pointer), CUDA_ERROR_LAUNCH_FAILED);
}

CASE(threadsHaveStreamsAndContextsOfTheirOwn) {
  Session session;
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      CUdeviceptr pointer = 0;
      if (cuMemAlloc_v2(&pointer, 4) != CUDA_ERROR_INVALID_CONTEXT) return;
      cuCtxPushCurrent_v2(session.context);
      CUstream stream = nullptr;
      CUfunction function = nullptr;
      int32_t version = 0;
      cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING);
      cuMemAlloc_v2(&pointer, 4);
      cuModuleGetFunction(&function, session.module, "fourierft_abi_version");
      void *parameters[] = {&pointer};
      for (int round = 0; round < 20; round++) {
        cuLaunchKernel(function, 1, 1, 1, 256, 1, 1, 0, stream, parameters, nullptr);
        cuMemcpyDtoHAsync_v2(&version, pointer, 4, stream);
      }
      cuStreamSynchronize(stream);
      if (version == FOURIERFT_KERNEL_ABI) right++;
      cuStreamDestroy_v2(stream);
      cuMemFree_v2(pointer);
      cuCtxPopCurrent_v2(nullptr);
    });
  }
  for (std::thread &thread : threads) thread.join();
  EXPECT(right.load(), 4);
}

CASE(whatAContextStillHoldsIsCounted) {
  EXPECT(cuInit(0), CUDA_SUCCESS);
  CUcontext context = nullptr;
  CUdeviceptr pointer = 0;
  EXPECT(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
  EXPECT(cuCtxPushCurrent_v2(context), CUDA_SUCCESS);
  EXPECT(cuMemAlloc_v2(&pointer, 8), CUDA_SUCCESS);
  EXPECT(emu_live("memory"), 1);
  cuCtxPopCurrent_v2(nullptr);
  EXPECT(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS);
  EXPECT(take_violations(), 1);
}

int main() { return check::run(expect_clean); }
