package io.fourierft.bulk;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.files.FileStamp;
import io.fourierft.internal.files.OutputFile;
import io.fourierft.merge.AdapterDeltas;
import io.fourierft.merge.DeltaBuffer;
import io.fourierft.merge.DeltaExport;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One run of a {@link DeltaJob}. The calling thread binds and computes a batch in one of two
 * buffers, while others write what the other buffer holds.
 */
final class DeltaRun {
  private static final int BUFFERS = 2;
  private static final int MOST_WRITERS = 4;

  private final OpenBase base;
  private final ResolveOptions resolve;
  private final BulkOptions options;
  private final Planner planner;
  private final WorkFolder folder;
  private final FourierEngine engine;
  private final JobProgress progress;

  DeltaRun(
      OpenBase base,
      ResolveOptions resolve,
      BulkOptions options,
      Planner planner,
      WorkFolder folder,
      FourierEngine engine,
      JobProgress progress) {
    this.base = base;
    this.resolve = resolve;
    this.options = options;
    this.planner = planner;
    this.folder = folder;
    this.engine = engine;
    this.progress = progress;
  }

  void run() throws IOException {
    long room = Math.max(1, options.memoryInBytes() / BUFFERS);
    List<List<PlannedOutput>> batches =
        DeltaBatches.of(progress.open(), one -> one.size().shapes(), DeltaRun::needed, room);
    long largest =
        batches.stream()
            .mapToLong(batch -> batch.stream().mapToLong(DeltaRun::needed).sum())
            .filter(needed -> needed <= room)
            .max()
            .orElse(0);
    int writers = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_WRITERS);
    try (Arena arena = Arena.ofShared();
        ExecutorService executor =
            Executors.newFixedThreadPool(writers, ParallelWork.threads("fourierft-writer-"))) {
      BlockingQueue<DeltaBuffer> buffers = new ArrayBlockingQueue<>(BUFFERS);
      for (int i = 0; i < BUFFERS && largest > 0; i++) {
        buffers.add(new DeltaBuffer(arena.allocate(largest, 64)));
      }
      for (List<PlannedOutput> batch : batches) {
        if (progress.isStopped()) {
          break;
        }
        if (batch.size() == 1 && needed(batch.getFirst()) > room) {
          writeInParts(batch.getFirst(), room);
        } else {
          write(batch, take(buffers), buffers, executor);
        }
      }
    }
  }

  /** An upper bound of what it takes in a buffer. */
  private static long needed(PlannedOutput planned) {
    return DeltaBuffer.bound(planned.size().bytes(), planned.size().tensors());
  }

  private static DeltaBuffer take(BlockingQueue<DeltaBuffer> buffers) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return buffers.take();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Computes a batch and leaves it to the writers, the last of whom gives the buffer back. */
  private void write(
      List<PlannedOutput> batch,
      DeltaBuffer buffer,
      BlockingQueue<DeltaBuffer> buffers,
      ExecutorService executor)
      throws IOException {
    List<Bound> bound = bind(batch);
    List<FourierAdapter> adapters = new ArrayList<>();
    bound.forEach(one -> adapters.addAll(one.deltas().adapters()));
    try {
      buffer.compute(engine, adapters);
    } catch (FourierException e) {
      if (bound.size() > 1) {
        // One of them may be at fault alone.
        buffers.add(buffer);
        for (Bound one : bound) {
          write(List.of(one.planned()), take(buffers), buffers, executor);
        }
        return;
      }
      bound.forEach(one -> fail(one.planned(), e));
      bound = List.of();
    }
    if (bound.isEmpty()) {
      buffers.add(buffer);
      return;
    }
    AtomicInteger left = new AtomicInteger(bound.size());
    int first = 0;
    for (Bound one : bound) {
      int start = first;
      executor.execute(
          () -> {
            try {
              writeWhole(one, buffer, start);
            } finally {
              if (left.decrementAndGet() == 0) {
                buffers.add(buffer);
              }
            }
          });
      first += one.deltas().adapters().size();
    }
  }

  private List<Bound> bind(List<PlannedOutput> batch) throws IOException {
    return ParallelWork.map(batch, this::bind).stream().flatMap(Optional::stream).toList();
  }

  private Optional<Bound> bind(PlannedOutput planned) {
    try {
      AdapterDeltas deltas = AdapterDeltas.of(base.bind(planned.set().single(), resolve));
      for (FileStamp stamp : planned.stamps()) {
        stamp.requireUnchanged();
      }
      return Optional.of(new Bound(planned, deltas));
    } catch (FourierException | IOException e) {
      fail(planned, e);
      return Optional.empty();
    }
  }

  private void fail(PlannedOutput planned, Exception failure) {
    progress.settle(BulkOutcome.failed(planned.set().name(), planned.target(), failure));
  }

  private void writeWhole(Bound bound, DeltaBuffer buffer, int first) {
    write(
        bound,
        writer -> {
          bound.deltas().writeFrom(buffer, first, writer);
          progress.wrote(bound.planned().size().bytes());
        });
  }

  /** An adapter whose ΔWs are too large for a buffer: as many of them at a time as fit, or one. */
  private void writeInParts(PlannedOutput planned, long room) throws IOException {
    for (Bound bound : bind(List.of(planned))) {
      AtomicLong before = new AtomicLong();
      write(
          bound,
          writer ->
              bound
                  .deltas()
                  .writeTo(
                      engine,
                      writer,
                      room,
                      (done, total, what) -> progress.wrote(done - before.getAndSet(done))));
    }
  }

  /** Writes one file; whatever becomes of it is told to the progress. */
  private void write(Bound bound, Content content) {
    PlannedOutput planned = bound.planned();
    AdapterDeltas deltas = bound.deltas();
    if (progress.isStopped()) {
      return;
    }
    try (OutputFile file = OutputFile.create(planned.target(), planned.replaces())) {
      try (SafetensorsWriter writer = DeltaExport.writer(file.path(), deltas)) {
        content.writeTo(writer);
        writer.commit();
      }
      requireBase();
      String name = String.valueOf(planned.target().getFileName());
      folder
          .journal()
          .append(planner.record(planned, List.of(OutputRecords.ofOutput(file.path(), name))));
      file.commit();
      progress.settle(planned.outcome());
    } catch (FourierException | IOException e) {
      fail(planned, e);
    } catch (RuntimeException | Error e) {
      progress.stop(e);
    }
  }

  /** A base that has changed ends the job, since no other output could be right either. */
  private void requireBase() throws IOException {
    try {
      base.requireUnchanged();
    } catch (FourierException e) {
      progress.stop(e);
      throw e;
    }
  }

  /** What a file is filled with. */
  @FunctionalInterface
  private interface Content {
    void writeTo(SafetensorsWriter writer) throws IOException;
  }

  /** An output and the ΔWs of its adapter. */
  private record Bound(PlannedOutput planned, AdapterDeltas deltas) {}
}
