package io.fourierft.internal.cuda.stream;

import io.fourierft.EngineClosedException;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.OpenResources;

/**
 * A graph with the stream that it was recorded on, whose memory, plans and tables it uses at every
 * launch, and the stream that it is launched on.
 */
public final class RecordedGraph implements CudaGraph {
  private final WorkStream recorded;
  private final WorkStream target;
  private final long executable;
  private final OpenResources streams;
  private final OpenResources graphs;
  private boolean closed;

  public RecordedGraph(
      WorkStream recorded,
      WorkStream target,
      long executable,
      OpenResources streams,
      OpenResources graphs) {
    this.streams = streams;
    this.recorded = recorded;
    this.target = target;
    this.executable = executable;
    this.graphs = graphs;
  }

  @Override
  public synchronized void launch() {
    if (closed) {
      throw new EngineClosedException("this graph was closed, by itself or with its engine");
    }
    target.submit(() -> target.context().driver().graphLaunch(executable, target.handle()));
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    CudaContext context = target.context();
    target.awaitIfOpen();
    context.release(() -> context.driver().graphExecDestroy(executable));
    streams.giveBack(recorded);
    graphs.forget(this);
  }
}
