package io.fourierft.spark;

import io.fourierft.merge.OpenBase;
import io.fourierft.merge.ShardedMerge;
import io.fourierft.spark.OutputJob.Numbered;
import io.fourierft.spark.PlannedEntry.PlannedFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
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

  private record Models(MergeSettings merge) implements OutputJob.Kind {
    @Override
    public String extension() {
      return "";
    }

    @Override
    public String settings() {
      return "merge 1 " + merge;
    }

    @Override
    public PlannedEntry plan(OpenBase base, List<Path> adapters, Numbered numbered)
        throws IOException {
      ShardedMerge plan = ShardedMerge.plan(base, adapters, merge.options());
      List<PlannedFile> files = new ArrayList<>();
      long bytes = 0;
      for (String file : plan.weightFiles()) {
        files.add(new PlannedFile(file, plan.sizeInBytes(file)));
        bytes += plan.sizeInBytes(file);
      }
      plan.otherFiles().forEach(file -> files.add(new PlannedFile(file, 0)));
      return new PlannedEntry(
          numbered.index(),
          numbered.entry(),
          InputHashes.of(adapters),
          "",
          plan.edits(),
          bytes,
          files,
          "");
    }

    @Override
    public void write(
        OpenBase base, List<Path> adapters, String file, TaskContext task, OutputStream out)
        throws IOException {
      ShardedMerge plan = ShardedMerge.plan(base, adapters, merge.options());
      if (plan.weightFiles().contains(file)) {
        plan.write(Executors.engine(task), file, Channels.newChannel(out));
      } else {
        plan.writeOther(file, out);
      }
    }
  }
}
