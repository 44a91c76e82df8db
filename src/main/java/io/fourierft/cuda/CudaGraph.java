package io.fourierft.cuda;

/**
 * Recorded work that is launched as a whole, for steps that are so short that enqueueing their
 * parts one by one would take longer than they do. It keeps the scratch memory, the plans and the
 * tables of the adapters that the work used; the matrices remain the caller's and must stay open.
 */
public interface CudaGraph extends AutoCloseable {
  /**
   * Does the recorded work again, on the stream of the engine that recorded it, in order with the
   * other work there.
   */
  void launch();

  /** Waits for the last launch and frees the graph; a second call does nothing. */
  @Override
  void close();
}
