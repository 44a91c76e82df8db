package io.fourierft.merge;

/**
 * Hears how far a piece of work has come. Called from the threads that do the work, one at a time.
 * What it throws ends the work, and it is not called again.
 */
@FunctionalInterface
public interface ProgressListener {
  /** A listener that does nothing. */
  ProgressListener NONE = (done, total, what) -> {};

  /**
   * Called after each tensor.
   *
   * @param bytesDone bytes written so far
   * @param bytesTotal bytes that will have been written at the end
   * @param what the tensor just finished
   */
  void progressed(long bytesDone, long bytesTotal, String what);
}
