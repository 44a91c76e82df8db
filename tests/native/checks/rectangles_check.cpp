/* The emulated driver's copies and memsets of rows that stand apart. */
#include <cstring>

#include "session.h"

namespace {

constexpr size_t WIDTH = 3;
constexpr size_t ROWS = 4;
constexpr size_t PITCH = 7;

/* Pinned memory for the length of a case. */
struct Pinned {
  Pinned() { EXPECT(cuMemAllocHost_v2(&memory, ROWS * WIDTH), CUDA_SUCCESS); }
  ~Pinned() { cuMemFreeHost(memory); }
  Pinned(const Pinned &) = delete;
  Pinned &operator=(const Pinned &) = delete;
  char *bytes() const { return static_cast<char *>(memory); }
  void *memory = nullptr;
};

CUDA_MEMCPY2D to_device(CUdeviceptr to, const void *from) {
  CUDA_MEMCPY2D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = from;
  copy.srcPitch = WIDTH;
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = to;
  copy.dstPitch = PITCH;
  copy.WidthInBytes = WIDTH;
  copy.Height = ROWS;
  return copy;
}

CUDA_MEMCPY2D to_host(void *to, CUdeviceptr from) {
  CUDA_MEMCPY2D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = from;
  copy.srcPitch = PITCH;
  copy.dstMemoryType = CU_MEMORYTYPE_HOST;
  copy.dstHost = to;
  copy.dstPitch = WIDTH;
  copy.WidthInBytes = WIDTH;
  copy.Height = ROWS;
  return copy;
}

int64_t take_violations() {
  const int64_t count = emu_violations();
  emu_clear_violations();
  return count;
}

}  // namespace

CASE(rowsAreCopiedLaterInOrderAndWithoutWhatIsBetween) {
  Session session;
  /* The memory ends with the last row: a whole last pitch would reach beyond it. */
  Array<char> device((ROWS - 1) * PITCH + WIDTH);
  Pinned host;
  std::memset(host.memory, 1, ROWS * WIDTH);
  emu_hold(1);
  EXPECT(cuMemsetD8Async(device.address(), 9, (ROWS - 1) * PITCH + WIDTH, session.stream),
         CUDA_SUCCESS);
  const CUDA_MEMCPY2D up = to_device(device.address(), host.memory);
  EXPECT(cuMemcpy2DAsync_v2(&up, session.stream), CUDA_SUCCESS);
  EXPECT(cuStreamQuery(session.stream), CUDA_ERROR_NOT_READY);
  host.bytes()[2 * WIDTH] = 5; /* Before the copy has run: it must see this. */
  emu_hold(0);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  const std::vector<char> there = device.read();
  for (size_t i = 0; i < there.size(); i++) {
    EXPECT(there[i], i % PITCH >= WIDTH ? 9 : i == 2 * PITCH ? 5 : 1);
  }
  std::memset(host.memory, 0, ROWS * WIDTH);
  const CUDA_MEMCPY2D down = to_host(host.memory, device.address());
  EXPECT(cuMemcpy2DAsync_v2(&down, session.stream), CUDA_SUCCESS);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  for (size_t i = 0; i < ROWS * WIDTH; i++) EXPECT(host.bytes()[i], i == 2 * WIDTH ? 5 : 1);
}

CASE(rowsAreSetWithoutWhatIsBetween) {
  Session session;
  Array<char> device((ROWS - 1) * PITCH + WIDTH);
  device.zero(session.stream);
  EXPECT(cuMemsetD2D8Async(device.address(), PITCH, 4, WIDTH, ROWS, session.stream), CUDA_SUCCESS);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  const std::vector<char> there = device.read();
  for (size_t i = 0; i < there.size(); i++) EXPECT(there[i], i % PITCH < WIDTH ? 4 : 0);
  EXPECT(cuMemsetD2D8Async(device.address(), 2, 4, WIDTH, ROWS, session.stream),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemsetD2D8Async(device.address(), PITCH, 4, WIDTH, ROWS + 1, session.stream),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
}

CASE(rectanglesThatCudaRefusesAreRefused) {
  Session session;
  Array<char> device((ROWS - 1) * PITCH + WIDTH);
  Pinned host;
  const CUDA_MEMCPY2D good = to_device(device.address(), host.memory);
  EXPECT(cuMemcpy2DAsync_v2(nullptr, session.stream), CUDA_ERROR_INVALID_VALUE);
  CUDA_MEMCPY2D bad = good;
  bad.dstPitch = WIDTH - 1;
  EXPECT(cuMemcpy2DAsync_v2(&bad, session.stream), CUDA_ERROR_INVALID_VALUE);
  bad = good;
  bad.dstXInBytes = PITCH - WIDTH + 1;
  EXPECT(cuMemcpy2DAsync_v2(&bad, session.stream), CUDA_ERROR_INVALID_VALUE);
  bad = good;
  bad.srcPitch = 0;
  EXPECT(cuMemcpy2DAsync_v2(&bad, session.stream), CUDA_ERROR_INVALID_VALUE);
  bad = good;
  bad.dstPitch = size_t{1} << 31;
  EXPECT(cuMemcpy2DAsync_v2(&bad, session.stream), CUDA_ERROR_INVALID_VALUE);
  bad = good;
  bad.srcMemoryType = CU_MEMORYTYPE_ARRAY;
  EXPECT(cuMemcpy2DAsync_v2(&bad, session.stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 0);
}

CASE(rectanglesBeyondTheirBuffersAreSeen) {
  Session session;
  Array<char> device((ROWS - 1) * PITCH + WIDTH);
  Pinned host;
  CUDA_MEMCPY2D copy = to_device(device.address(), host.memory);
  copy.dstXInBytes = 1;
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
  copy = to_device(device.address(), host.memory);
  copy.srcPitch = WIDTH + 1;
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
  copy = to_host(host.memory, reinterpret_cast<CUdeviceptr>(host.memory));
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT(take_violations(), 1);
}

CASE(recordedRectanglesRunWhenTheGraphDoes) {
  Session session;
  Array<char> device((ROWS - 1) * PITCH + WIDTH);
  Pinned host;
  device.zero(session.stream);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  CUDA_MEMCPY2D copy = to_device(device.address(), host.memory);
  EXPECT(cuStreamBeginCapture_v2(session.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
         CUDA_SUCCESS);
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_SUCCESS);
  EXPECT(cuMemsetD2D8Async(device.address(), PITCH, 8, 1, ROWS, session.stream), CUDA_SUCCESS);
  EXPECT(cuStreamEndCapture(session.stream, &graph), CUDA_SUCCESS);
  copy.Height = 0; /* The driver has read it. */
  EXPECT(device.read()[PITCH], 0);
  EXPECT(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
  std::memset(host.memory, 6, ROWS * WIDTH);
  EXPECT(cuGraphLaunch(executable, session.stream), CUDA_SUCCESS);
  EXPECT(device.read()[PITCH], 8);
  EXPECT(device.read()[PITCH + 1], 6);
  EXPECT(cuGraphExecDestroy(executable), CUDA_SUCCESS);
  EXPECT(cuGraphDestroy(graph), CUDA_SUCCESS);
}

CASE(aRecordingTakesNoPageableRectangleAndNoneThatWaits) {
  Session session;
  Array<char> device((ROWS - 1) * PITCH + WIDTH);
  char pageable[ROWS * WIDTH] = {};
  CUgraph graph = nullptr;
  const CUDA_MEMCPY2D copy = to_device(device.address(), pageable);
  EXPECT(cuStreamBeginCapture_v2(session.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
         CUDA_SUCCESS);
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_SUCCESS);
  EXPECT(take_violations(), 1);
  EXPECT(cuMemcpy2D_v2(&copy), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  EXPECT(cuStreamEndCapture(session.stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

CASE(rectanglesFailOnDemandAndAreCounted) {
  Session session;
  Array<char> device((ROWS - 1) * PITCH + WIDTH);
  Pinned host;
  const CUDA_MEMCPY2D copy = to_device(device.address(), host.memory);
  emu_reset_calls();
  emu_fail("cuMemcpy2DAsync_v2", 2, CUDA_ERROR_INVALID_VALUE);
  emu_fail("copy", 3, CUDA_ERROR_UNKNOWN);
  emu_fail("memset", 1, CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_SUCCESS);
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_ERROR_UNKNOWN);
  EXPECT(cuMemsetD2D8Async(device.address(), PITCH, 0, WIDTH, ROWS, session.stream),
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(emu_calls("cuMemcpy2DAsync_v2"), 3);
  EXPECT(emu_calls("copy"), 3);
  EXPECT(emu_calls("memset"), 1);
  EXPECT(session.synchronize(), CUDA_SUCCESS);
  emu_fail_operation(1, CUDA_ERROR_LAUNCH_FAILED);
  EXPECT(cuMemcpy2DAsync_v2(&copy, session.stream), CUDA_SUCCESS);
  EXPECT(session.synchronize(), CUDA_ERROR_LAUNCH_FAILED);
}

int main() { return check::run(expect_clean); }
