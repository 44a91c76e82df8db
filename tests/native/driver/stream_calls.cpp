/* Streams, events, recording and graphs. */
#include <chrono>

#include "driver.h"

using emulator::begin_free;
using emulator::Context;
using emulator::end_free;
using emulator::Event;
using emulator::find_stream;
using emulator::Graph;
using emulator::GraphExec;
using emulator::Handles;
using emulator::Mark;
using emulator::number;
using emulator::Recording;
using emulator::Stream;

namespace {

std::shared_ptr<Mark> mark_of(const std::shared_ptr<Event> &event) {
  std::lock_guard<std::mutex> lock(event->mutex);
  return event->mark;
}

CUresult wait_for_event(const std::shared_ptr<Event> &event, bool wait) {
  const std::shared_ptr<Mark> mark = mark_of(event);
  if (mark == nullptr) return CUDA_SUCCESS;
  if (mark->recording != nullptr) {
    mark->recording->broken = true;
    return CUDA_ERROR_CAPTURED_EVENT;
  }
  if (wait) mark->wait();
  std::lock_guard<std::mutex> lock(mark->mutex);
  return mark->done ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

}  // namespace

EMULATED_API CUresult cuStreamCreate(CUstream *result, unsigned int flags) {
  std::shared_ptr<Context> context;
  BEGIN("stream", &context);
  if (result == nullptr || flags > CU_STREAM_NON_BLOCKING) return CUDA_ERROR_INVALID_VALUE;
  const uint64_t handle = Handles::get().next();
  Handles::get().streams.put(
      handle, std::make_shared<Stream>(handle, context, flags != CU_STREAM_NON_BLOCKING));
  *result = reinterpret_cast<CUstream>(handle);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuStreamCreateWithPriority(CUstream *result, unsigned int flags, int) {
  return cuStreamCreate(result, flags);
}

EMULATED_API CUresult cuStreamDestroy_v2(CUstream handle) {
  std::shared_ptr<Context> context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  const std::shared_ptr<Stream> stream = Handles::get().streams.take(number(handle), __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (const std::shared_ptr<Recording> recording = stream->recording()) {
    recording->broken = true;
    emulator::recording_ended(recording);
  }
  stream->stop();
  return end_free(context);
}

EMULATED_API CUresult cuStreamSynchronize(CUstream handle) {
  std::shared_ptr<Context> context;
  BEGIN("sync", &context);
  const std::shared_ptr<Stream> stream = find_stream(context, handle, __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (const std::shared_ptr<Recording> recording = stream->recording()) {
    recording->broken = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  stream->drain();
  return static_cast<CUresult>(context->lost.load());
}

EMULATED_API CUresult cuStreamQuery(CUstream handle) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const std::shared_ptr<Stream> stream = find_stream(context, handle, __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return stream->idle() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

EMULATED_API CUresult cuStreamGetCtx(CUstream handle, CUcontext *result) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  if (result == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (number(handle) <= 1) {
    *result = reinterpret_cast<CUcontext>(context->handle);
    return CUDA_SUCCESS;
  }
  const std::shared_ptr<Stream> stream = Handles::get().streams.get(number(handle), __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  *result = reinterpret_cast<CUcontext>(stream->context()->handle);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuStreamGetFlags(CUstream handle, unsigned int *flags) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const std::shared_ptr<Stream> stream = find_stream(context, handle, __func__);
  if (stream == nullptr || flags == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  *flags = stream->blocking() ? CU_STREAM_DEFAULT : CU_STREAM_NON_BLOCKING;
  return CUDA_SUCCESS;
}

/* A stream that waits for an event of a recording becomes part of that recording. */
EMULATED_API CUresult cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned int) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const std::shared_ptr<Stream> stream = find_stream(context, handle, __func__);
  const std::shared_ptr<Event> event = Handles::get().events.get(number(event_handle), __func__);
  if (stream == nullptr || event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::shared_ptr<Mark> mark = mark_of(event);
  if (mark == nullptr) return CUDA_SUCCESS;
  const std::shared_ptr<Recording> own = stream->recording();
  if (own != nullptr && mark->recording == nullptr) {
    own->broken = true;
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
  }
  if (mark->recording == nullptr) {
    stream->wait_for(mark);
    return CUDA_SUCCESS;
  }
  if (own != nullptr && own != mark->recording) {
    own->broken = true;
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  }
  const std::shared_ptr<Stream> origin = mark->recording->origin.lock();
  const std::shared_ptr<Stream> recorder = mark->recorder.lock();
  if (own == nullptr) {
    stream->record_into(mark->recording);
    mark->recording->forks++;
  } else if (stream == origin && recorder != nullptr && recorder != origin &&
             recorder->recording() == own) {
    recorder->record_into(nullptr);
    own->forks--;
  }
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
  std::shared_ptr<Context> context;
  BEGIN("graph", &context);
  if (number(handle) <= 1) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  const std::shared_ptr<Stream> stream = find_stream(context, handle, __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (stream->recording() != nullptr) return CUDA_ERROR_ILLEGAL_STATE;
  auto recording = std::make_shared<Recording>();
  recording->origin = stream;
  recording->thread = std::this_thread::get_id();
  recording->mode = mode;
  emulator::recording_began(recording);
  stream->record_into(recording);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuStreamEndCapture(CUstream handle, CUgraph *result) {
  std::shared_ptr<Context> context;
  BEGIN("graph", &context);
  if (result == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *result = nullptr;
  const std::shared_ptr<Stream> stream = find_stream(context, handle, __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::shared_ptr<Recording> recording = stream->recording();
  if (recording == nullptr) return CUDA_ERROR_ILLEGAL_STATE;
  if (recording->origin.lock() != stream) return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  if (recording->mode != CU_STREAM_CAPTURE_MODE_RELAXED &&
      recording->thread != std::this_thread::get_id()) {
    return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  }
  emulator::recording_ended(recording);
  for (const std::shared_ptr<Stream> &other : Handles::get().streams_of(context)) {
    if (other->recording() == recording) other->record_into(nullptr);
  }
  if (recording->broken) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (recording->forks > 0) return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  auto graph = std::make_shared<Graph>();
  graph->handle = Handles::get().next();
  graph->context = context;
  graph->operations = recording->operations;
  Handles::get().graphs.put(graph->handle, graph);
  *result = reinterpret_cast<CUgraph>(graph->handle);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  if (status == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::shared_ptr<Stream> stream = find_stream(context, handle, __func__);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::shared_ptr<Recording> recording = stream->recording();
  *status = recording == nullptr ? CU_STREAM_CAPTURE_STATUS_NONE
            : recording->broken  ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                 : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuGraphInstantiateWithFlags(CUgraphExec *result, CUgraph handle,
                                                  unsigned long long) {
  std::shared_ptr<Context> context;
  BEGIN("graph", &context);
  const std::shared_ptr<Graph> graph = Handles::get().graphs.get(number(handle), __func__);
  if (result == nullptr || graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
  auto executable = std::make_shared<GraphExec>();
  executable->handle = Handles::get().next();
  executable->context = context;
  executable->operations = graph->operations;
  Handles::get().graph_execs.put(executable->handle, executable);
  *result = reinterpret_cast<CUgraphExec>(executable->handle);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuGraphLaunch(CUgraphExec handle, CUstream stream_handle) {
  std::shared_ptr<Context> context;
  BEGIN("exec", &context);
  const auto executable = Handles::get().graph_execs.get(number(handle), __func__);
  const std::shared_ptr<Stream> stream = find_stream(context, stream_handle, __func__);
  if (executable == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return stream->submit([executable] {
    for (const emulator::Operation &operation : executable->operations) {
      if (const CUresult result = operation(); result != CUDA_SUCCESS) return result;
    }
    return CUDA_SUCCESS;
  });
}

EMULATED_API CUresult cuGraphGetNodes(CUgraph handle, CUgraphNode *nodes, size_t *count) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const std::shared_ptr<Graph> graph = Handles::get().graphs.get(number(handle), __func__);
  if (graph == nullptr || count == nullptr || nodes != nullptr) return CUDA_ERROR_INVALID_VALUE;
  *count = graph->operations.size();
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuGraphExecDestroy(CUgraphExec handle) {
  std::shared_ptr<Context> context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  if (Handles::get().graph_execs.take(number(handle), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  return end_free(context);
}

EMULATED_API CUresult cuGraphDestroy(CUgraph handle) {
  std::shared_ptr<Context> context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  if (Handles::get().graphs.take(number(handle), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  return end_free(context);
}

EMULATED_API CUresult cuEventCreate(CUevent *result, unsigned int flags) {
  std::shared_ptr<Context> context;
  BEGIN("event", &context);
  if (result == nullptr) return CUDA_ERROR_INVALID_VALUE;
  auto event = std::make_shared<Event>();
  event->handle = Handles::get().next();
  event->context = context;
  event->timed = (flags & CU_EVENT_DISABLE_TIMING) == 0;
  Handles::get().events.put(event->handle, event);
  *result = reinterpret_cast<CUevent>(event->handle);
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuEventDestroy_v2(CUevent handle) {
  std::shared_ptr<Context> context;
  if (const CUresult refused = begin_free(__func__, "free", &context)) return refused;
  if (Handles::get().events.take(number(handle), __func__) == nullptr) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  return end_free(context);
}

EMULATED_API CUresult cuEventRecord(CUevent handle, CUstream stream_handle) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const std::shared_ptr<Event> event = Handles::get().events.get(number(handle), __func__);
  const std::shared_ptr<Stream> stream = find_stream(context, stream_handle, __func__);
  if (event == nullptr || stream == nullptr || event->context != context) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  const std::shared_ptr<Mark> mark = stream->mark();
  std::lock_guard<std::mutex> lock(event->mutex);
  event->mark = mark;
  return CUDA_SUCCESS;
}

EMULATED_API CUresult cuEventSynchronize(CUevent handle) {
  std::shared_ptr<Context> context;
  BEGIN("sync", &context);
  const std::shared_ptr<Event> event = Handles::get().events.get(number(handle), __func__);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const CUresult result = wait_for_event(event, true);
  return context->lost != 0 ? static_cast<CUresult>(context->lost.load()) : result;
}

EMULATED_API CUresult cuEventQuery(CUevent handle) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const std::shared_ptr<Event> event = Handles::get().events.get(number(handle), __func__);
  if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  return wait_for_event(event, false);
}

EMULATED_API CUresult cuEventElapsedTime(float *milliseconds, CUevent start_handle,
                                         CUevent end_handle) {
  std::shared_ptr<Context> context;
  BEGIN("", &context);
  const std::shared_ptr<Event> start = Handles::get().events.get(number(start_handle), __func__);
  const std::shared_ptr<Event> end = Handles::get().events.get(number(end_handle), __func__);
  if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (start == nullptr || end == nullptr || !start->timed || !end->timed) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  const std::shared_ptr<Mark> from = mark_of(start);
  const std::shared_ptr<Mark> to = mark_of(end);
  if (from == nullptr || to == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (const CUresult result = wait_for_event(start, false)) return result;
  if (const CUresult result = wait_for_event(end, false)) return result;
  *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return CUDA_SUCCESS;
}

#ifndef EMULATOR_CHECKS_AGAINST_CUDA_H /* which makes one name of both */
EMULATED_API CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start, CUevent end) {
  return cuEventElapsedTime(milliseconds, start, end);
}
#endif
