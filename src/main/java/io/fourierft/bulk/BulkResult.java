package io.fourierft.bulk;

import java.util.List;

/**
 * What a job did.
 *
 * @param outcomes one for each adapter, in the order of the plan; without those that a cancelled
 *     job did not come to
 * @param cancelled whether it was cancelled before its end
 */
public record BulkResult(List<BulkOutcome> outcomes, boolean cancelled) {
  /** Copies the list. */
  public BulkResult {
    outcomes = List.copyOf(outcomes);
  }

  /** Those of one kind. */
  public List<BulkOutcome> with(BulkOutcome.Status status) {
    return outcomes.stream().filter(outcome -> outcome.status() == status).toList();
  }

  /** Bytes of all tensors that were written. */
  public long sizeInBytes() {
    return outcomes.stream().mapToLong(BulkOutcome::sizeInBytes).sum();
  }
}
