package io.fourierft.spark;

import io.fourierft.FourierException;
import io.fourierft.merge.DeltaExport;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.spark.OutputJob.Numbered;
import io.fourierft.spark.PlannedEntry.PlannedFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;

/** The ΔW of many adapters, one file each. */
final class DeltaJobs {
  private final OutputJob job;

  DeltaJobs(JavaSparkContext spark, JobScope scope, ResolveSettings resolve, JobSettings settings) {
    job = new OutputJob(spark, scope, settings, new Deltas(resolve));
  }

  List<JobOutcome> run(List<AdapterEntry> adapters, String output) throws IOException {
    return job.run(adapters, output);
  }

  private record Deltas(ResolveSettings resolve) implements OutputJob.Kind {
    /** What a task holds of results besides one tensor. */
    private static final long MEMORY_BYTES = 256L << 20;

    @Override
    public String extension() {
      return ".safetensors";
    }

    @Override
    public String settings() {
      return "delta 1 " + resolve;
    }

    @Override
    public PlannedEntry plan(OpenBase base, List<Path> adapters, Numbered numbered)
        throws IOException {
      if (adapters.size() != 1) {
        throw new FourierException(
            "'%s' names %d adapters, but only a merge puts several together"
                .formatted(numbered.entry().name(), adapters.size()));
      }
      ResolvedAdapter adapter = base.bind(adapters.getFirst(), resolve.options());
      long bytes = 0;
      for (ResolvedModule module : adapter.modules()) {
        bytes += (long) module.adapter().rows() * module.adapter().cols() * Float.BYTES;
      }
      String shapes =
          adapter.modules().stream()
              .map(one -> one.adapter().rows() + "x" + one.adapter().cols())
              .sorted()
              .collect(Collectors.joining(" "));
      return new PlannedEntry(
          numbered.index(),
          numbered.entry(),
          InputHashes.of(adapters),
          shapes,
          adapter.modules().size(),
          bytes,
          List.of(new PlannedFile("", bytes)),
          "");
    }

    @Override
    public void write(
        OpenBase base, List<Path> adapters, String file, TaskContext task, OutputStream out)
        throws IOException {
      DeltaExport.write(
          Executors.engine(task),
          base.bind(adapters.getFirst(), resolve.options()),
          adapters.getFirst(),
          Channels.newChannel(out),
          MEMORY_BYTES);
    }
  }
}
