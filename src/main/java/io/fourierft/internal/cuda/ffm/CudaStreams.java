package io.fourierft.internal.cuda.ffm;

/** The part of {@link CudaDriver} that orders work: streams, events, recordings and graphs. */
public interface CudaStreams {
  /** CU_STREAM_NON_BLOCKING: no implicit order with the null stream. */
  int STREAM_NON_BLOCKING = 1;

  /** CU_EVENT_DEFAULT: an event that takes the time. */
  int EVENT_DEFAULT = 0;

  /** CU_EVENT_DISABLE_TIMING: an event for order alone. */
  int EVENT_DISABLE_TIMING = 2;

  /** CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may go on allocating meanwhile. */
  int CAPTURE_THREAD_LOCAL = 1;

  /** A stream of work. */
  long streamCreate(int flags);

  /** Gives a stream up; its queued work still runs. */
  void streamDestroy(long stream);

  /** Waits for a stream. */
  void streamSynchronize(long stream);

  /** Lets the stream's later work wait for an event. */
  void streamWaitEvent(long stream, long event);

  /** The context that a stream belongs to. */
  long streamGetCtx(long stream);

  /** Begins to record a stream's work instead of running it. */
  void streamBeginCapture(long stream, int mode);

  /** Ends the recording; returns a graph, or 0 if it was made invalid. */
  long streamEndCapture(long stream);

  /** Whether the stream is being recorded. */
  boolean streamIsCapturing(long stream);

  /** Makes a recorded graph ready to run. */
  long graphInstantiate(long graph);

  /** Runs a graph on a stream. */
  void graphLaunch(long executable, long stream);

  /** Frees a graph that was made ready. */
  void graphExecDestroy(long executable);

  /** Frees a recorded graph. */
  void graphDestroy(long graph);

  /** An event. */
  long eventCreate(int flags);

  /** Frees an event. */
  void eventDestroy(long event);

  /** Marks the present end of a stream. */
  void eventRecord(long event, long stream);

  /** Waits for an event. */
  void eventSynchronize(long event);

  /** Whether an event is over; does not wait. */
  boolean eventIsOver(long event);

  /** Milliseconds between two events that take the time. */
  float eventElapsedTime(long start, long end);
}
