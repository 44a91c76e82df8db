package io.fourierft.bulk;

/**
 * Hears how far a job has come. Called from threads of the job, by one at a time; what it throws
 * ends the job.
 */
@FunctionalInterface
public interface BulkListener {
  /** A listener that does nothing. */
  BulkListener NONE = (outcome, done, total) -> {};

  /**
   * Called for each adapter, when it is settled what became of it.
   *
   * @param outcome what did
   * @param done adapters of which that is settled
   * @param total adapters of the job
   */
  void finished(BulkOutcome outcome, int done, int total);

  /**
   * Called as bytes are written; by default it does nothing.
   *
   * @param bytesDone bytes written so far
   * @param bytesTotal bytes that will have been written at the end
   */
  default void progressed(long bytesDone, long bytesTotal) {}
}
