package io.fourierft.spark;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.OutputRecords;
import io.fourierft.merge.OpenBase;
import io.fourierft.merge.ShardedMerge;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Models of one base with adapter sets merged in, weight files in parallel. */
final class MergeJobs {
  private final OutputJob job;

  MergeJobs(JavaSparkContext spark, JobScope scope, MergeSettings merge, JobSettings settings) {
    job = new OutputJob(spark, scope, settings, new Models(merge));
  }

  List<JobOutcome> run(List<AdapterEntry> sets, String output) throws IOException {
    return job.run(sets, output);
  }

  private record Models(MergeSettings merge) implements OutputKind {
    @Override
    public String extension() {
      return "";
    }

    @Override
    public OutputRecords records(OpenBase base) throws IOException {
      return OutputRecords.ofModels(base, merge.options());
    }

    @Override
    public Contents plan(OpenBase base, AdapterSet set) throws IOException {
      ShardedMerge plan = ShardedMerge.plan(base, set.adapters(), merge.options());
      List<PlannedFile> files = new ArrayList<>();
      long bytes = 0;
      for (String file : plan.weightFiles()) {
        files.add(new PlannedFile(file, plan.sizeInBytes(file)));
        bytes += plan.sizeInBytes(file);
      }
      plan.otherFiles().forEach(file -> files.add(new PlannedFile(file, 0)));
      return new Contents("", plan.edits(), bytes, files);
    }

    /** The files of one model that a task has: they are planned once. */
    @Override
    public List<List<FileTask>> batches(List<FileTask> files) {
      List<List<FileTask>> batches = new ArrayList<>();
      for (FileTask file : files) {
        if (batches.isEmpty() || batches.getLast().getLast().index() != file.index()) {
          batches.add(new ArrayList<>());
        }
        batches.getLast().add(file);
      }
      return batches;
    }

    @Override
    public void write(OpenBase base, List<Job> batch, FourierEngine engine, Sink sink)
        throws IOException {
      ShardedMerge plan;
      try {
        plan = ShardedMerge.plan(base, batch.getFirst().set().adapters(), merge.options());
      } catch (FourierException e) {
        batch.forEach(job -> sink.fail(job, e));
        return;
      }
      for (Job job : batch) {
        String file = job.task().file().name();
        sink.write(
            job,
            out -> {
              if (plan.weightFiles().contains(file)) {
                plan.write(engine, file, Channels.newChannel(out));
              } else {
                plan.writeOther(file, out);
              }
            });
      }
    }
  }
}
