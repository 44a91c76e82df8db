package io.fourierft.spark;

import java.io.Serializable;

/**
 * What became of one output.
 *
 * @param name its name
 * @param status {@code written}, {@code skipped} or {@code failed}
 * @param output its final path
 * @param tensors tensors written, or changed by a merge
 * @param sizeInBytes their bytes
 * @param reason why it failed; empty unless it did
 */
public record JobOutcome(
    String name, String status, String output, int tensors, long sizeInBytes, String reason)
    implements Serializable {
  static final String WRITTEN = "written";
  static final String SKIPPED = "skipped";
  static final String FAILED = "failed";

  static JobOutcome failed(String name, String output, String reason) {
    return new JobOutcome(name, FAILED, output, 0, 0, reason);
  }

  /** Whether it failed. */
  public boolean isFailed() {
    return status.equals(FAILED);
  }
}
