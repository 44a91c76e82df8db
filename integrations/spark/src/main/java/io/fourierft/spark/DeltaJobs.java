package io.fourierft.spark;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.DeltaBatches;
import io.fourierft.bulk.OutputRecords;
import io.fourierft.merge.AdapterDeltas;
import io.fourierft.merge.DeltaBuffer;
import io.fourierft.merge.DeltaExport;
import io.fourierft.merge.OpenBase;
import io.fourierft.merge.ProgressListener;
import io.fourierft.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** The ΔW of many adapters, one file each; those of a task are computed in batches. */
final class DeltaJobs {
  private final OutputJob job;

  DeltaJobs(JavaSparkContext spark, JobScope scope, ResolveSettings resolve, JobSettings settings) {
    job = new OutputJob(spark, scope, settings, new Deltas(resolve));
  }

  List<JobOutcome> run(List<AdapterEntry> adapters, String output) throws IOException {
    return job.run(adapters, output);
  }

  /** An adapter that is bound to its base. */
  private record Bound(OutputKind.Job job, AdapterDeltas deltas) {}

  private record Deltas(ResolveSettings resolve) implements OutputKind {
    /** What a task holds of results; one tensor in any case. */
    private static final long MEMORY_BYTES = 256L << 20;

    @Override
    public String extension() {
      return ".safetensors";
    }

    @Override
    public OutputRecords records(OpenBase base) throws IOException {
      return OutputRecords.ofDeltas(base, resolve.options());
    }

    @Override
    public Contents plan(OpenBase base, AdapterSet set) throws IOException {
      AdapterDeltas deltas = AdapterDeltas.of(base.bind(set.single(), resolve.options()));
      long bytes = deltas.sizeInBytes();
      return new Contents(
          deltas.shapes(),
          deltas.declarations().size(),
          bytes,
          List.of(new PlannedFile("", bytes)));
    }

    @Override
    public List<List<FileTask>> batches(List<FileTask> files) {
      return DeltaBatches.of(
          files,
          file -> file.contents().shapes(),
          file -> DeltaBuffer.bound(file.contents().sizeInBytes(), file.contents().tensors()),
          MEMORY_BYTES);
    }

    @Override
    public void write(OpenBase base, List<Job> batch, FourierEngine engine, Sink sink)
        throws IOException {
      List<Bound> bound = new ArrayList<>();
      for (Job one : batch) {
        try {
          bound.add(
              new Bound(one, AdapterDeltas.of(base.bind(one.set().single(), resolve.options()))));
        } catch (FourierException e) {
          sink.fail(one, e);
        }
      }
      write(bound, engine, sink);
    }

    private static void write(List<Bound> bound, FourierEngine engine, Sink sink)
        throws IOException {
      List<FourierAdapter> adapters = new ArrayList<>();
      bound.forEach(one -> adapters.addAll(one.deltas().adapters()));
      if (bound.size() == 1 && DeltaBuffer.needed(adapters) > MEMORY_BYTES) {
        Bound large = bound.getFirst();
        write(
            large,
            sink,
            writer -> large.deltas().writeTo(engine, writer, MEMORY_BYTES, ProgressListener.NONE));
        return;
      }
      try (Arena arena = Arena.ofShared()) {
        DeltaBuffer buffer =
            new DeltaBuffer(arena.allocate(Math.max(1, DeltaBuffer.needed(adapters)), 64));
        try {
          buffer.compute(engine, adapters);
        } catch (FourierException e) {
          if (bound.size() == 1) {
            sink.fail(bound.getFirst().job(), e);
            return;
          }
          // One of them may be at fault alone.
          for (Bound one : bound) {
            write(List.of(one), engine, sink);
          }
          return;
        }
        int first = 0;
        for (Bound one : bound) {
          int start = first;
          write(one, sink, writer -> one.deltas().writeFrom(buffer, start, writer));
          first += one.deltas().adapters().size();
        }
      }
    }

    private static void write(Bound one, Sink sink, Filling filling) throws IOException {
      sink.write(one.job(), out -> fill(one, out, filling));
    }

    private static void fill(Bound one, OutputStream out, Filling filling) throws IOException {
      try (SafetensorsWriter writer =
          DeltaExport.writer(one.job().set().single(), Channels.newChannel(out), one.deltas())) {
        filling.fill(writer);
        writer.commit();
      }
    }

    /** Writes the tensors of one file. */
    @FunctionalInterface
    private interface Filling {
      void fill(SafetensorsWriter writer) throws IOException;
    }
  }
}
