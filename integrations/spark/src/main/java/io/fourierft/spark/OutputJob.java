package io.fourierft.spark;

import io.fourierft.FourierException;
import io.fourierft.merge.OpenBase;
import io.fourierft.spark.PlannedEntry.PlannedFile;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
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
  private final Kind kind;

  OutputJob(JavaSparkContext spark, JobScope scope, JobSettings settings, Kind kind) {
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
    Planning planning = new Planning(scope, kind);
    List<PlannedEntry> planned = new ArrayList<>();
    StreamedResults.run(
        spark,
        spark.parallelize(numbered, tasks(numbered.size())),
        (task, some) -> planning.plan(some),
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
    boolean ours = folder.readRecord(name).equals(record(entry));
    if (settings.resume() && ours) {
      return new JobOutcome(name, JobOutcome.SKIPPED, target.toString(), 0, 0, "");
    }
    boolean recorded = settings.resume() && !folder.readRecord(name).isEmpty();
    return settings.overwrite() || recorded
        ? null
        : JobOutcome.failed(
            name,
            target.toString(),
            target + " exists already; give another name, or allow it to be replaced (overwrite)");
  }

  private String record(PlannedEntry entry) {
    return "%s\n%s\n%s".formatted(kind.settings(), scope.state().files(), entry.inputs());
  }

  private void write(
      List<PlannedEntry> open, OutputFolder folder, Map<Integer, JobOutcome> outcomes)
      throws IOException {
    List<FileTask> tasks = new ArrayList<>();
    Map<String, List<PlannedEntry>> alike = new LinkedHashMap<>();
    for (PlannedEntry entry : open) {
      alike.computeIfAbsent(entry.shapes(), key -> new ArrayList<>()).add(entry);
    }
    for (List<PlannedEntry> some : alike.values()) {
      for (PlannedEntry entry : some) {
        for (PlannedFile file : entry.files()) {
          tasks.add(new FileTask(entry.index(), entry.entry(), file));
        }
      }
    }
    if (tasks.isEmpty()) {
      return;
    }
    Map<Integer, PlannedEntry> byIndex = new HashMap<>();
    open.forEach(entry -> byIndex.put(entry.index(), entry));
    Arrivals arrivals = new Arrivals(folder, byIndex, outcomes);
    Writing writing = new Writing(scope, kind, folder.temporary().toString(), settings.keepGoing());
    JavaRDD<FileTask> partitions = spark.parallelize(tasks, tasks(tasks.size()));
    StreamedResults.run(
        spark, partitions, (task, some) -> writing.write(task, some), arrivals::arrived);
    requireNone(outcomes);
  }

  /** The driver's side: an output of which all files have arrived gets its name. */
  private final class Arrivals {
    private final OutputFolder folder;
    private final Map<Integer, PlannedEntry> open;
    private final Map<Integer, JobOutcome> outcomes;
    private final Map<Integer, Integer> arrived = new HashMap<>();

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
      if (arrived.merge(file.index(), 1, Integer::sum) < entry.files().size()
          || outcomes.containsKey(file.index())) {
        return;
      }
      scope.requireUnchanged();
      boolean replaces =
          settings.overwrite() || (settings.resume() && !folder.readRecord(name).isEmpty());
      // In this order: a driver that is killed in between leaves no output that is another's record.
      folder.free(target, replaces);
      folder.writeRecord(name, record(entry));
      folder.move(whole, target, false);
      outcomes.put(
          file.index(),
          new JobOutcome(
              name,
              JobOutcome.WRITTEN,
              target.toString(),
              entry.tensors(),
              entry.sizeInBytes(),
              ""));
    }
  }

  /** What outputs are made of and how. */
  interface Kind extends Serializable {
    /** What follows a name in that of its output. */
    String extension();

    /** The job and its options, as a text. */
    String settings();

    /** Checks an entry against the base, and says what will be written. */
    PlannedEntry plan(OpenBase base, List<java.nio.file.Path> adapters, Numbered numbered)
        throws IOException;

    /** Writes one file. */
    void write(
        OpenBase base,
        List<java.nio.file.Path> adapters,
        String file,
        TaskContext task,
        java.io.OutputStream out)
        throws IOException;
  }

  /** An entry and its number. */
  record Numbered(int index, AdapterEntry entry) implements Serializable {}

  /** One file of one output. */
  record FileTask(int index, AdapterEntry entry, PlannedFile file) implements Serializable {}

  /** The executors' first look. */
  private record Planning(JobScope scope, Kind kind) implements Serializable {
    ArrayList<PlannedEntry> plan(java.util.Iterator<Numbered> some) {
      ArrayList<PlannedEntry> planned = new ArrayList<>();
      try {
        OpenBase base = scope.open();
        while (some.hasNext()) {
          planned.add(plan(base, some.next()));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return planned;
    }

    private PlannedEntry plan(OpenBase base, Numbered numbered) {
      try {
        return kind.plan(base, scope.paths(numbered.entry()), numbered);
      } catch (FourierException | IOException e) {
        return PlannedEntry.failed(numbered.index(), numbered.entry(), words(e));
      }
    }
  }

  /** The executors' work. */
  private record Writing(JobScope scope, Kind kind, String temporary, boolean keepGoing)
      implements Serializable {
    ArrayList<WrittenFile> write(TaskContext task, java.util.Iterator<FileTask> some) {
      ArrayList<WrittenFile> written = new ArrayList<>();
      try {
        OpenBase base = scope.open();
        while (some.hasNext()) {
          FileTask file = some.next();
          try {
            written.add(write(base, task, file, written.size()));
          } catch (FourierException e) {
            written.add(new WrittenFile(file.index(), "", "", 0, words(e)));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return written;
    }

    private WrittenFile write(OpenBase base, TaskContext task, FileTask file, int number)
        throws IOException {
      List<java.nio.file.Path> adapters = scope.paths(file.entry());
      Path path =
          AttemptFile.write(
              new Path(temporary),
              task,
              number,
              scope.configuration().hadoop(),
              out -> kind.write(base, adapters, file.file().name(), task, out));
      scope.state().require(BaseState.of(base));
      return new WrittenFile(
          file.index(), file.file().name(), path.toString(), file.file().sizeInBytes(), "");
    }
  }

  static String words(Exception e) {
    return e instanceof FourierException
        ? String.valueOf(e.getMessage())
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
