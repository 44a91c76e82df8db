package io.fourierft.cuda;

/**
 * A stream of work that this library may enqueue on: its own, or one that the caller made with
 * another binding in the same primary context. With it come the scratch memory and the plans that
 * the engine keeps for it. Any thread may use it; calls on one stream are enqueued one after
 * another.
 */
public interface CudaStream extends AutoCloseable {
  /** The CUstream, for other users of the same primary context. */
  long handle();

  /** Waits until everything enqueued so far is done. */
  void synchronize();

  /**
   * Waits for the stream and frees what the engine keeps for it. The stream itself is destroyed
   * only if this library made it. A second call does nothing.
   */
  @Override
  void close();
}
