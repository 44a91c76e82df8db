package io.fourierft.internal.cuda;

import io.fourierft.EngineClosedException;
import io.fourierft.cuda.CudaGraph;
import java.util.Set;

/**
 * A graph with the lane that it was recorded on, whose memory, plans and tables it uses at every
 * launch, and the lane that it is launched on.
 */
final class RecordedGraph implements CudaGraph {
  private final Lane recorded;
  private final Lane target;
  private final long executable;
  private final Set<Lane> lanes;
  private final Set<AutoCloseable> registry;
  private boolean closed;

  RecordedGraph(
      Lane recorded, Lane target, long executable, Set<Lane> lanes, Set<AutoCloseable> registry) {
    this.lanes = lanes;
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
    target.submit(() -> target.context().driver().graphLaunch(executable, target.stream()));
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    registry.remove(this);
    CudaContext context = target.context();
    context.quietly(() -> context.driver().streamSynchronize(target.stream()));
    context.quietly(() -> context.driver().graphExecDestroy(executable));
    lanes.remove(recorded);
    recorded.close();
  }
}
