package io.fourierft.internal.cuda.stream;

import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;

/**
 * The recording of what a stream is given, instead of running it. Used with the context current.
 */
final class StreamCapture {
  private final CudaContext context;
  private final long stream;

  StreamCapture(CudaContext context, long stream) {
    this.context = context;
    this.stream = stream;
  }

  /** Records {@code work}; returns a graph that is ready to run. */
  long graphOf(Runnable work) {
    CudaDriver driver = context.driver();
    driver.streamBeginCapture(stream, CudaDriver.CAPTURE_THREAD_LOCAL);
    boolean complete = false;
    long graph = 0;
    try {
      work.run();
      complete = true;
    } finally {
      graph = end(complete);
    }
    try {
      return driver.graphInstantiate(graph);
    } finally {
      long recorded = graph;
      context.release(() -> driver.graphDestroy(recorded));
    }
  }

  /** Ends the recording; after a failure of the work whatever was recorded is thrown away. */
  private long end(boolean complete) {
    boolean ended = false;
    try {
      if (complete) {
        long graph = context.driver().streamEndCapture(stream);
        ended = true;
        return graph;
      }
      return 0;
    } finally {
      if (!ended) {
        context.quietly(this::abandon);
      }
    }
  }

  private void abandon() {
    CudaDriver driver = context.driver();
    if (driver.streamIsCapturing(stream)) {
      long graph = driver.streamEndCapture(stream);
      if (graph != 0) {
        driver.graphDestroy(graph);
      }
    }
  }
}
