package io.fourierft.bulk;

import io.fourierft.FourierException;

/**
 * How a job over many adapters treats what is there already, and what fails.
 *
 * @param overwrite replace outputs that exist
 * @param resume pass over outputs that an earlier run wrote from the same inputs, and replace those
 *     that it wrote from others
 * @param keepGoing go on with the other adapters when one fails, and report it at the end
 * @param memoryInBytes what the job may hold of results that wait to be written; one tensor is held
 *     in any case
 */
public record BulkOptions(
    boolean overwrite, boolean resume, boolean keepGoing, long memoryInBytes) {
  private static final long ORDINARY_MEMORY = 512L << 20;

  /** Checks the memory. */
  public BulkOptions {
    if (memoryInBytes < 1) {
      throw new FourierException(
          "memoryInBytes is " + memoryInBytes + "; it must be at least 1 byte");
    }
  }

  /** Nothing is replaced or passed over, the first failure ends the job; 512 MiB. */
  public static BulkOptions defaults() {
    return new BulkOptions(false, false, false, ORDINARY_MEMORY);
  }

  /** The same, replacing or not replacing outputs that exist. */
  public BulkOptions withOverwrite(boolean value) {
    return new BulkOptions(value, resume, keepGoing, memoryInBytes);
  }

  /** The same, passing or not passing over what an earlier run has written. */
  public BulkOptions withResume(boolean value) {
    return new BulkOptions(overwrite, value, keepGoing, memoryInBytes);
  }

  /** The same, going on or ending at the first failure. */
  public BulkOptions withKeepGoing(boolean value) {
    return new BulkOptions(overwrite, resume, value, memoryInBytes);
  }

  /** The same with another bound of memory. */
  public BulkOptions withMemoryInBytes(long value) {
    return new BulkOptions(overwrite, resume, keepGoing, value);
  }
}
