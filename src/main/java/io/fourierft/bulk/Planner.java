package io.fourierft.bulk;

import io.fourierft.FourierException;
import io.fourierft.internal.files.FileStamp;
import io.fourierft.internal.files.InputFile;
import io.fourierft.merge.OpenBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Looks at every adapter of a job before the first output is written. */
final class Planner {
  private final OpenBase base;
  private final Path folder;
  private final String extension;
  private final OutputRecords records;
  private final BulkOptions options;
  private final Map<String, OutputRecord> journal;

  /**
   * Plans for one folder.
   *
   * @param extension what follows a set's name in that of its output
   * @param records make the record of each output
   */
  Planner(OpenBase base, Path folder, String extension, OutputRecords records, BulkOptions options)
      throws IOException {
    this.base = base;
    this.folder = folder;
    this.extension = extension;
    this.records = records;
    this.options = options;
    WorkFolder.requireFolder(folder);
    this.journal = options.resume() ? Journal.read(folder) : Map.of();
  }

  /**
   * Plans all.
   *
   * @throws BulkException if one fails and the job does not go on without it
   */
  List<PlannedOutput> plan(List<AdapterSet> sets, Sizing sizing) throws IOException {
    AdapterSets.requireDistinct(sets);
    requireApart(sets);
    List<PlannedOutput> planned = ParallelWork.map(sets, set -> plan(set, sizing));
    List<BulkOutcome> failed =
        planned.stream()
            .map(PlannedOutput::outcome)
            .filter(outcome -> outcome.failure() != null)
            .toList();
    if (!failed.isEmpty() && !options.keepGoing()) {
      throw failure(failed.getFirst(), failed.size(), sets.size());
    }
    return planned;
  }

  /** The failure of a job that ends at the first. */
  static BulkException failure(BulkOutcome outcome, int failed, int all) {
    Exception cause = outcome.failure();
    String others = failed > 1 ? " (and %d more of %d fail)".formatted(failed - 1, all) : "";
    return new BulkException(
        outcome.name(),
        "adapter '%s'%s: %s; leave it out, or let the others go on without it (keepGoing)"
            .formatted(outcome.name(), others, reason(cause)),
        cause == null ? new IllegalStateException() : cause);
  }

  /** What an exception says, with its kind where its message is a bare name. */
  static String reason(@Nullable Exception failure) {
    return failure instanceof NoSuchFileException missing && missing.getReason() == null
        ? missing.getFile() + ": no such file or folder"
        : failure instanceof FourierException
            ? String.valueOf(failure.getMessage())
            : String.valueOf(failure);
  }

  /** Outputs may not fall among the files that are read. */
  private void requireApart(List<AdapterSet> sets) throws IOException {
    if (!InputFile.isThere(folder)) {
      return;
    }
    for (Path file : base.files()) {
      requireOther(file.resolveSibling(""));
    }
    for (AdapterSet set : sets) {
      for (Path adapter : set.adapters()) {
        requireOther(adapter);
      }
    }
  }

  private void requireOther(Path source) throws IOException {
    if (InputFile.isThere(source) && Files.isSameFile(source, folder)) {
      throw new FourierException(
          "the output folder %s is read from; give another folder".formatted(folder));
    }
  }

  private PlannedOutput plan(AdapterSet set, Sizing sizing) {
    Path target = InputFile.resolve(folder, set.name() + extension);
    try {
      List<FileStamp> stamps = OutputRecords.stamps(set);
      OutputRecord entry = journal.get(set.name());
      boolean ours = false;
      if (entry != null && OutputRecords.areThere(folder, entry.outputs())) {
        if (records.isUnchanged(entry, stamps)) {
          return PlannedOutput.settled(set, BulkOutcome.skipped(set.name(), target));
        }
        ours = true;
      }
      boolean replaces = options.overwrite() || ours;
      PlannedOutput.Size size = sizing.size(set, target, replaces);
      for (FileStamp stamp : stamps) {
        stamp.requireUnchanged();
      }
      return new PlannedOutput(set, target, replaces, stamps, size, null);
    } catch (FourierException | IOException e) {
      return PlannedOutput.settled(set, BulkOutcome.failed(set.name(), target, e));
    }
  }

  /** The record of an output that is about to get its name. */
  OutputRecord record(PlannedOutput planned, List<OutputRecord.FileRecord> outputs)
      throws IOException {
    return records.of(planned.set().name(), planned.stamps(), outputs);
  }

  /** Reads a set, checks it against the base and the output's name, and says how much it makes. */
  @FunctionalInterface
  interface Sizing {
    PlannedOutput.Size size(AdapterSet set, Path target, boolean replaces) throws IOException;
  }
}
