package io.fourierft.bulk;

import io.fourierft.internal.files.FileStamp;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One output that a job will write, or for which it is settled already that it will not.
 *
 * @param set what it is made of
 * @param target its final name
 * @param replaces whether something may have that name
 * @param stamps the adapters' files as they were when this was planned
 * @param size what will be written
 * @param settled what became of it; null of one that is to be written
 */
record PlannedOutput(
    AdapterSet set,
    Path target,
    boolean replaces,
    List<FileStamp> stamps,
    Size size,
    @Nullable BulkOutcome settled) {
  PlannedOutput {
    stamps = List.copyOf(stamps);
  }

  static PlannedOutput settled(AdapterSet set, BulkOutcome outcome) {
    return new PlannedOutput(set, outcome.output(), false, List.of(), Size.NOTHING, outcome);
  }

  /** The same as an outcome, for those who look at a plan. */
  BulkOutcome outcome() {
    return settled != null
        ? settled
        : new BulkOutcome(
            set.name(),
            BulkOutcome.Status.WRITTEN,
            target,
            size.tensors(),
            size.bytes(),
            size.notes(),
            null);
  }

  /**
   * How much an output is.
   *
   * @param tensors how many it has
   * @param bytes of all of them
   * @param shapes the same text for outputs whose tensors have the same shapes
   * @param notes what the user should know
   */
  record Size(int tensors, long bytes, String shapes, List<String> notes) {
    static final Size NOTHING = new Size(0, 0, "", List.of());

    Size {
      notes = List.copyOf(notes);
    }
  }
}
