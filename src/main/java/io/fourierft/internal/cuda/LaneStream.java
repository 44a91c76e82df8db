package io.fourierft.internal.cuda;

import io.fourierft.cuda.CudaStream;
import java.util.Set;

/** A lane as its users see it. */
final class LaneStream implements CudaStream {
  private final Lane lane;
  private final Set<Lane> registry;

  LaneStream(Lane lane, Set<Lane> registry) {
    this.lane = lane;
    this.registry = registry;
  }

  Lane lane() {
    return lane;
  }

  @Override
  public long handle() {
    return lane.stream();
  }

  @Override
  public void synchronize() {
    lane.synchronize();
  }

  @Override
  public void close() {
    registry.remove(lane);
    lane.close();
  }

  @Override
  public String toString() {
    return "stream 0x%x of %s".formatted(lane.stream(), lane.context().device().engineName());
  }
}
