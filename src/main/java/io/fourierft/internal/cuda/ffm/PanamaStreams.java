package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Streams, events, recordings and graphs of the CUDA driver. */
public abstract class PanamaStreams extends PanamaMemory implements CudaStreams {
  private static final int CAPTURE_STATUS_NONE = 0;

  PanamaStreams(DriverFunctions functions) {
    super(functions);
  }

  @Override
  public long streamCreate(int flags) {
    return read(
        "cuStreamCreate",
        out -> (int) f.cuStreamCreate.invokeExact(out, flags),
        () -> "creating a stream");
  }

  @Override
  public void streamDestroy(long stream) {
    call(
        "cuStreamDestroy_v2",
        () -> (int) f.cuStreamDestroy_v2.invokeExact(stream),
        () -> "destroying a stream");
  }

  @Override
  public void streamSynchronize(long stream) {
    call(
        "cuStreamSynchronize",
        () -> (int) f.cuStreamSynchronize.invokeExact(stream),
        () -> "waiting for a stream");
  }

  @Override
  public void streamWaitEvent(long stream, long event) {
    call(
        "cuStreamWaitEvent",
        () -> (int) f.cuStreamWaitEvent.invokeExact(stream, event, 0),
        () -> "letting a stream wait for an event");
  }

  @Override
  public long streamGetCtx(long stream) {
    return read(
        "cuStreamGetCtx",
        out -> (int) f.cuStreamGetCtx.invokeExact(stream, out),
        () -> "looking up the context of stream 0x%x".formatted(stream));
  }

  @Override
  public void streamBeginCapture(long stream, int mode) {
    call(
        "cuStreamBeginCapture_v2",
        () -> (int) f.cuStreamBeginCapture_v2.invokeExact(stream, mode),
        () -> "beginning to record a stream");
  }

  @Override
  public long streamEndCapture(long stream) {
    return read(
        "cuStreamEndCapture",
        out -> (int) f.cuStreamEndCapture.invokeExact(stream, out),
        () -> "ending the recording of a stream");
  }

  @Override
  public boolean streamIsCapturing(long stream) {
    long status =
        read(
            "cuStreamIsCapturing",
            out -> (int) f.cuStreamIsCapturing.invokeExact(stream, out),
            () -> "asking whether a stream is being recorded");
    return (int) status != CAPTURE_STATUS_NONE;
  }

  @Override
  public long graphInstantiate(long graph) {
    return read(
        "cuGraphInstantiateWithFlags",
        out -> (int) f.cuGraphInstantiateWithFlags.invokeExact(out, graph, 0L),
        () -> "making a graph ready to run");
  }

  @Override
  public void graphLaunch(long executable, long stream) {
    call(
        "cuGraphLaunch",
        () -> (int) f.cuGraphLaunch.invokeExact(executable, stream),
        () -> "running a graph");
  }

  @Override
  public void graphExecDestroy(long executable) {
    call(
        "cuGraphExecDestroy",
        () -> (int) f.cuGraphExecDestroy.invokeExact(executable),
        () -> "freeing a graph that was made ready");
  }

  @Override
  public void graphDestroy(long graph) {
    call(
        "cuGraphDestroy",
        () -> (int) f.cuGraphDestroy.invokeExact(graph),
        () -> "freeing a recorded graph");
  }

  @Override
  public long eventCreate(int flags) {
    return read(
        "cuEventCreate",
        out -> (int) f.cuEventCreate.invokeExact(out, flags),
        () -> "creating an event");
  }

  @Override
  public void eventDestroy(long event) {
    call(
        "cuEventDestroy_v2",
        () -> (int) f.cuEventDestroy_v2.invokeExact(event),
        () -> "destroying an event");
  }

  @Override
  public void eventRecord(long event, long stream) {
    call(
        "cuEventRecord",
        () -> (int) f.cuEventRecord.invokeExact(event, stream),
        () -> "recording an event");
  }

  @Override
  public void eventSynchronize(long event) {
    call(
        "cuEventSynchronize",
        () -> (int) f.cuEventSynchronize.invokeExact(event),
        () -> "waiting for an event");
  }

  @Override
  public boolean eventIsOver(long event) {
    return isReady(
        "cuEventQuery",
        () -> (int) f.cuEventQuery.invokeExact(event),
        () -> "asking whether an event is over");
  }

  @Override
  public float eventElapsedTime(long start, long end) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment milliseconds = arena.allocate(JAVA_FLOAT);
      call(
          "cuEventElapsedTime",
          () -> (int) f.cuEventElapsedTime.invokeExact(milliseconds, start, end),
          () -> "measuring the time between two events");
      return milliseconds.get(JAVA_FLOAT, 0);
    }
  }
}
