package io.fourierft.spark;

import io.fourierft.bulk.OutputRecord;
import io.fourierft.spark.ExecutorWork.Numbered;
import io.fourierft.spark.OutputFolder.Presence;
import io.fourierft.spark.OutputKind.FileTask;
import io.fourierft.spark.OutputKind.PlannedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A job that writes an output an entry: the executors look at every entry; then, unless one is
 * broken, they write files under attempts' names, each of which the driver gives its own when it
 * arrives.
 */
final class OutputJob {
  /** Tasks for each core, so that the last ones end at about one time. */
  private static final int TASKS_A_CORE = 4;

  private final JavaSparkContext spark;
  private final JobScope scope;
  private final JobSettings settings;
  private final OutputKind kind;

  OutputJob(JavaSparkContext spark, JobScope scope, JobSettings settings, OutputKind kind) {
    this.spark = spark;
    this.scope = scope;
    this.settings = settings;
    this.kind = kind;
  }

  List<JobOutcome> run(List<AdapterEntry> entries, String output) throws IOException {
    FourierCluster.requireDistinct(entries);
    try (OutputFolder folder =
        OutputFolder.take(output, spark.sc().applicationId(), scope.configuration().hadoop())) {
      List<PlannedEntry> planned = plan(entries);
      Map<Integer, JobOutcome> outcomes = new HashMap<>();
      List<PlannedEntry> open = new ArrayList<>();
      for (PlannedEntry entry : planned) {
        JobOutcome settled = settled(entry, folder);
        if (settled == null) {
          open.add(entry);
        } else {
          outcomes.put(entry.index(), settled);
        }
      }
      requireNone(outcomes);
      write(open, folder, outcomes);
      return planned.stream().map(entry -> outcomes.get(entry.index())).toList();
    }
  }

  private void requireNone(Map<Integer, JobOutcome> outcomes) {
    List<JobOutcome> failed = outcomes.values().stream().filter(JobOutcome::isFailed).toList();
    if (!failed.isEmpty() && !settings.keepGoing()) {
      throw new SparkJobException(
          "adapter '%s'%s: %s; leave it out, or let the others go on without it (keepGoing)"
              .formatted(
                  failed.getFirst().name(),
                  failed.size() > 1 ? " (and %d more)".formatted(failed.size() - 1) : "",
                  failed.getFirst().reason()));
    }
  }

  private List<PlannedEntry> plan(List<AdapterEntry> entries) {
    List<Numbered> numbered = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      numbered.add(new Numbered(i, entries.get(i)));
    }
    ExecutorWork work = new ExecutorWork(scope, kind);
    List<PlannedEntry> planned = new ArrayList<>();
    StreamedResults.run(
        spark,
        spark.parallelize(numbered, tasks(numbered.size())),
        (task, some) -> work.plan(some),
        planned::add);
    planned.sort(Comparator.comparingInt(PlannedEntry::index));
    return planned;
  }

  private int tasks(int most) {
    return Math.max(1, Math.min(most, spark.defaultParallelism() * TASKS_A_CORE));
  }

  /** What is settled without writing: a failure, or an output that is there already. */
  private JobOutcome settled(PlannedEntry entry, OutputFolder folder) throws IOException {
    String name = entry.entry().name();
    Path target = folder.target(name + kind.extension());
    if (!entry.failure().isEmpty()) {
      return JobOutcome.failed(name, target.toString(), entry.failure());
    }
    if (!folder.exists(target)) {
      return null;
    }
    Optional<OutputRecord> before = settings.resume() ? folder.readRecord(name) : Optional.empty();
    Presence presence =
        before.isEmpty() ? Presence.ANOTHER : folder.presence(before.get().outputs());
    if (presence == Presence.WHOLE
        && before.get().isOfTheSame(OutputRecord.parse(entry.record()).orElseThrow())) {
      return new JobOutcome(name, JobOutcome.SKIPPED, target.toString(), 0, 0, "");
    }
    if (presence != Presence.ANOTHER) {
      return null;
    }
    return settings.overwrite()
        ? null
        : JobOutcome.failed(
            name,
            target.toString(),
            target + " exists already; give another name, or allow it to be replaced (overwrite)");
  }

  private void write(
      List<PlannedEntry> open, OutputFolder folder, Map<Integer, JobOutcome> outcomes)
      throws IOException {
    List<FileTask> tasks = new ArrayList<>();
    Map<String, List<PlannedEntry>> alike = new LinkedHashMap<>();
    for (PlannedEntry entry : open) {
      alike.computeIfAbsent(entry.contents().shapes(), key -> new ArrayList<>()).add(entry);
    }
    for (List<PlannedEntry> some : alike.values()) {
      for (PlannedEntry entry : some) {
        for (PlannedFile file : entry.contents().files()) {
          tasks.add(new FileTask(entry.index(), entry.entry(), entry.contents(), file));
        }
      }
    }
    if (tasks.isEmpty()) {
      return;
    }
    Map<Integer, PlannedEntry> byIndex = new HashMap<>();
    open.forEach(entry -> byIndex.put(entry.index(), entry));
    Arrivals arrivals = new Arrivals(folder, byIndex, outcomes);
    ExecutorWork work = new ExecutorWork(scope, kind);
    String temporary = folder.temporary().toString();
    JavaRDD<FileTask> partitions = spark.parallelize(tasks, tasks(tasks.size()));
    StreamedResults.run(
        spark, partitions, (task, some) -> work.write(task, some, temporary), arrivals::arrived);
    requireNone(outcomes);
  }

  /** The driver's side: an output of which all files have arrived gets its name. */
  private final class Arrivals {
    private final OutputFolder folder;
    private final Map<Integer, PlannedEntry> open;
    private final Map<Integer, JobOutcome> outcomes;
    private final Map<Integer, List<WrittenFile>> arrived = new HashMap<>();

    Arrivals(
        OutputFolder folder, Map<Integer, PlannedEntry> open, Map<Integer, JobOutcome> outcomes) {
      this.folder = folder;
      this.open = open;
      this.outcomes = outcomes;
    }

    void arrived(WrittenFile file) {
      try {
        take(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void take(WrittenFile file) throws IOException {
      PlannedEntry entry = open.get(file.index());
      String name = entry.entry().name();
      Path target = folder.target(name + kind.extension());
      if (!file.failure().isEmpty()) {
        outcomes.put(file.index(), JobOutcome.failed(name, target.toString(), file.failure()));
        return;
      }
      Path whole = new Path(file.temporary());
      if (!file.file().isEmpty()) {
        whole = new Path(folder.temporary(), "output-" + file.index());
        folder.move(new Path(file.temporary()), new Path(whole, file.file()), true);
      }
      List<WrittenFile> files = arrived.computeIfAbsent(file.index(), key -> new ArrayList<>());
      files.add(file);
      if (files.size() < entry.contents().files().size() || outcomes.containsKey(file.index())) {
        return;
      }
      arrived.remove(file.index());
      scope.requireUnchanged();
      boolean replaces =
          settings.overwrite() || (settings.resume() && folder.readRecord(name).isPresent());
      // In this order: a driver that is killed in between leaves no output that is another's
      // record, and none that its own record does not know to be in part.
      folder.free(target, replaces);
      folder.writeRecord(name, record(entry, files));
      folder.move(whole, target, false);
      outcomes.put(
          file.index(),
          new JobOutcome(
              name,
              JobOutcome.WRITTEN,
              target.toString(),
              entry.contents().tensors(),
              entry.contents().sizeInBytes(),
              ""));
    }

    /** With the files' lengths, but not their times, which a rename may change here. */
    private OutputRecord record(PlannedEntry entry, List<WrittenFile> files) {
      OutputRecord planned = OutputRecord.parse(entry.record()).orElseThrow();
      String name = entry.entry().name() + kind.extension();
      return new OutputRecord(
          planned.name(),
          planned.settings(),
          planned.base(),
          planned.inputs(),
          files.stream()
              .map(
                  file ->
                      new OutputRecord.FileRecord(
                          file.file().isEmpty() ? name : name + "/" + file.file(),
                          file.length(),
                          "",
                          ""))
              .toList());
    }
  }
}
