package io.fourierft.internal.cuda.stream;

import io.fourierft.EngineClosedException;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.internal.cuda.device.CudaContext;
import java.util.Set;

/**
 * A graph with the stream that it was recorded on, whose memory, plans and tables it uses at every
 * launch, and the stream that it is launched on.
 */
public final class RecordedGraph implements CudaGraph {
  private final WorkStream recorded;
  private final WorkStream target;
  private final long executable;
  private final Set<WorkStream> streams;
  private final Set<AutoCloseable> registry;
  private boolean closed;

  public RecordedGraph(
      WorkStream recorded,
      WorkStream target,
      long executable,
      Set<WorkStream> streams,
      Set<AutoCloseable> registry) {
    this.streams = streams;
    this.recorded = recorded;
    this.target = target;
    this.executable = executable;
    this.registry = registry;
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
    registry.remove(this);
    CudaContext context = target.context();
    context.quietly(() -> context.driver().streamSynchronize(target.handle()));
    context.release(() -> context.driver().graphExecDestroy(executable));
    streams.remove(recorded);
    recorded.close();
  }
}
