package io.fourierft.bulk;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of one adapter, or set of adapters.
 *
 * @param name its name
 * @param status whether its output was written
 * @param output the output's final name
 * @param tensors tensors of the output; 0 if it was not written
 * @param sizeInBytes their bytes; 0 if it was not written
 * @param notes what the user should know
 * @param failure why it was not written; null unless it failed
 */
public record BulkOutcome(
    String name,
    Status status,
    Path output,
    int tensors,
    long sizeInBytes,
    List<String> notes,
    @Nullable Exception failure) {
  /** Copies the notes. */
  public BulkOutcome {
    notes = List.copyOf(notes);
  }

  /** Whether an output was written. */
  public enum Status {
    /** It was, or, in a plan, it will be. */
    WRITTEN,
    /** An earlier run has written it, from the same inputs. */
    SKIPPED,
    /** It was not, and nothing of it is left. */
    FAILED
  }

  static BulkOutcome failed(String name, Path output, Exception failure) {
    return new BulkOutcome(name, Status.FAILED, output, 0, 0, List.of(), failure);
  }

  static BulkOutcome skipped(String name, Path output) {
    return new BulkOutcome(name, Status.SKIPPED, output, 0, 0, List.of(), null);
  }
}
