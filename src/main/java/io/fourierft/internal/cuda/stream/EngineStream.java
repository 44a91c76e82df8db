package io.fourierft.internal.cuda.stream;

import io.fourierft.FourierException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.OpenResources;

/** A stream as its users see it. */
public final class EngineStream implements CudaStream {
  private final WorkStream work;
  private final OpenResources registry;

  public EngineStream(WorkStream work, OpenResources registry) {
    this.work = work;
    this.registry = registry;
  }

  /**
   * What {@code stream} stands for.
   *
   * @throws FourierException if it does not belong to the engine of {@code context}
   */
  public static EngineStream of(CudaStream stream, CudaContext context) {
    if (stream instanceof EngineStream mine && mine.work.context() == context) {
      return mine;
    }
    throw new FourierException(
        stream
            + " does not belong to the engine on "
            + context.device().engineName()
            + "; use a stream or view of that engine, or make one with its streamAt");
  }

  public WorkStream work() {
    return work;
  }

  @Override
  public long handle() {
    return work.handle();
  }

  @Override
  public void synchronize() {
    work.synchronize();
  }

  @Override
  public void close() {
    registry.giveBack(work);
  }

  @Override
  public String toString() {
    return "stream 0x%x of %s".formatted(work.handle(), work.context().device().engineName());
  }
}
