package io.fourierft.spark;

import java.io.Serializable;

/**
 * How a job treats what is there already, and what fails.
 *
 * @param overwrite replace outputs that exist
 * @param resume pass over outputs that an earlier job wrote from the same inputs
 * @param keepGoing go on with the others when one fails
 */
public record JobSettings(boolean overwrite, boolean resume, boolean keepGoing)
    implements Serializable {
  /** Nothing is replaced or passed over, and the first failure ends the job. */
  public static JobSettings defaults() {
    return new JobSettings(false, false, false);
  }
}
