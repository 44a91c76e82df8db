package io.fourierft.spark;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.OutputRecords;
import io.fourierft.cuda.DeviceLostException;
import io.fourierft.merge.OpenBase;
import io.fourierft.spark.OutputKind.FileTask;
import io.fourierft.spark.OutputKind.Job;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;

/** What the executors do of a job that writes. */
record ExecutorWork(JobScope scope, OutputKind kind) implements Serializable {
  /** An entry and its number. */
  record Numbered(int index, AdapterEntry entry) implements Serializable {}

  /** The first look at some entries. */
  ArrayList<PlannedEntry> plan(Iterator<Numbered> some) throws IOException {
    ArrayList<PlannedEntry> planned = new ArrayList<>();
    OpenBase base = scope.open();
    OutputRecords records = kind.records(base);
    while (some.hasNext()) {
      Numbered one = some.next();
      try {
        AdapterSet set = scope.set(one.entry());
        // The record first: what changes after it makes the record that of another content.
        String record = records.of(set).asText();
        planned.add(new PlannedEntry(one.index(), one.entry(), record, kind.plan(base, set), ""));
      } catch (FourierException | IOException e) {
        planned.add(PlannedEntry.failed(one.index(), one.entry(), words(e)));
      }
    }
    return planned;
  }

  /** Writes some files under names of this attempt's. */
  ArrayList<WrittenFile> write(TaskContext task, Iterator<FileTask> some, String temporary)
      throws IOException {
    OpenBase base = scope.open();
    FourierEngine engine = Executors.engine(task);
    List<FileTask> files = new ArrayList<>();
    some.forEachRemaining(files::add);
    AttemptSink sink = new AttemptSink(scope, task, new Path(temporary), new ArrayList<>());
    for (List<FileTask> batch : kind.batches(files)) {
      List<Job> jobs = new ArrayList<>();
      for (FileTask file : batch) {
        jobs.add(new Job(file, scope.set(file.entry())));
      }
      kind.write(base, jobs, engine, sink);
    }
    // Of a base that has changed meanwhile none of them can be right.
    scope.state().require(BaseState.of(base));
    return sink.written();
  }

  static String words(Exception e) {
    return e instanceof FourierException
        ? String.valueOf(e.getMessage())
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }

  /** Writes the files of one attempt, one after the other. */
  private record AttemptSink(
      JobScope scope, TaskContext task, Path temporary, ArrayList<WrittenFile> written)
      implements OutputKind.Sink {
    @Override
    public void write(Job job, AttemptFile.Content content) throws IOException {
      FileTask file = job.task();
      try {
        AttemptFile whole =
            AttemptFile.write(
                temporary, task, written.size(), scope.configuration().hadoop(), content);
        written.add(
            new WrittenFile(
                file.index(), file.file().name(), whole.path().toString(), whole.length(), ""));
      } catch (FourierException e) {
        fail(job, e);
      }
    }

    @Override
    public void fail(Job job, FourierException failure) {
      if (failure instanceof DeviceLostException) {
        // No fault of the adapter's: another attempt, on another device, may succeed.
        throw new IllegalStateException(failure.getMessage(), failure);
      }
      written.add(WrittenFile.failed(job.task().index(), words(failure)));
    }
  }
}
