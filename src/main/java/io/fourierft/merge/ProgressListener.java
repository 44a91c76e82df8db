package io.fourierft.merge;

/** Hears how far a piece of work has come. Called from the thread that does the work. */
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
