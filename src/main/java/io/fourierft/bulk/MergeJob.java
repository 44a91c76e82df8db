package io.fourierft.bulk;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.files.FileStamp;
import io.fourierft.merge.MergeOptions;
import io.fourierft.merge.MergeResult;
import io.fourierft.merge.ModelMerge;
import io.fourierft.merge.OpenBase;
import io.fourierft.merge.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Makes many models of one base: for each adapter set a folder of its name, as {@link ModelMerge}
 * writes it.
 *
 * <p>{@link #plan} opens the base and looks at every set; nothing is written. {@link #run} merges
 * several sets at a time. Each model appears under its name when it is whole. {@link
 * MergeOptions#untouched()} says whether weight files in which nothing changes are shared with the
 * base. {@link BulkOptions#resume} works as for a {@link DeltaJob}; {@link
 * BulkOptions#memoryInBytes} is not asked, since a merge holds what {@link ModelMerge} says.
 *
 * <p>{@link #cancel} may be called by any thread; everything else by one.
 */
public final class MergeJob implements AutoCloseable {
  private static final int MOST_AT_A_TIME = 4;

  private final OpenBase base;
  private final Path output;
  private final MergeOptions merge;
  private final BulkOptions options;
  private final Planner planner;
  private final List<PlannedOutput> planned;
  private final Cancellation cancellation = new Cancellation();

  private MergeJob(
      OpenBase base,
      Path output,
      MergeOptions merge,
      BulkOptions options,
      Planner planner,
      List<PlannedOutput> planned) {
    this.base = base;
    this.output = output;
    this.merge = merge;
    this.options = options;
    this.planner = planner;
    this.planned = planned;
  }

  /**
   * Opens the base and checks every set against it; writes nothing.
   *
   * @param base a model folder or file
   * @param sets all of different names
   * @param output the folder to write the models into; need not exist
   * @param merge how each is merged; whether outputs are replaced {@code options} say
   * @throws BulkException if a set does not fit, or its output exists, and the options do not say
   *     to go on
   * @throws FourierException if the base is none, two sets have one name, or the output folder is
   *     read from
   * @throws IOException if a file cannot be read
   */
  public static MergeJob plan(
      Path base, List<AdapterSet> sets, Path output, MergeOptions merge, BulkOptions options)
      throws IOException {
    OpenBase opened = OpenBase.open(base);
    try {
      Planner planner =
          new Planner(opened, output, "", OutputRecords.ofModels(opened, merge), options);
      List<PlannedOutput> planned =
          planner.plan(
              sets,
              (set, target, replaces) ->
                  size(
                      ModelMerge.plan(
                          opened, set.adapters(), target, merge.withOverwrite(replaces))));
      return new MergeJob(opened, output, merge, options, planner, planned);
    } catch (Throwable e) {
      try {
        opened.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private static PlannedOutput.Size size(MergeResult plan) {
    return new PlannedOutput.Size(plan.edits().size(), plan.totalSizeInBytes(), "", plan.notes());
  }

  /** What {@link #run} will do, one for each set, in their order; the tensors are those changed. */
  public List<BulkOutcome> planned() {
    return planned.stream().map(PlannedOutput::outcome).toList();
  }

  /**
   * Merges.
   *
   * @param engine computes; the caller keeps it
   * @return what became of each set; the tensors counted are those that changed
   * @throws BulkException if a set fails and the options do not say to go on; models that were
   *     written before stay
   * @throws FourierException if another job writes into the folder, or the base changes meanwhile:
   *     what was not yet written is not written then
   * @throws IOException if the folder cannot be written
   */
  public BulkResult run(FourierEngine engine, BulkListener listener) throws IOException {
    JobProgress progress = new JobProgress(planned, options.keepGoing(), listener);
    cancellation.of(progress);
    progress.begin();
    List<PlannedOutput> open = progress.open();
    if (!open.isEmpty() && !progress.isStopped()) {
      int threads =
          Math.clamp(
              Math.min(open.size(), Runtime.getRuntime().availableProcessors()), 1, MOST_AT_A_TIME);
      try (WorkFolder folder = WorkFolder.take(output);
          ExecutorService executor =
              Executors.newFixedThreadPool(threads, ParallelWork.threads("fourierft-merge-"))) {
        List<Future<?>> futures = new ArrayList<>();
        for (PlannedOutput one : open) {
          futures.add(executor.submit(() -> merge(one, engine, folder, progress)));
        }
        for (Future<?> future : futures) {
          ParallelWork.get(future);
        }
      }
    }
    return progress.result();
  }

  private void merge(
      PlannedOutput one, FourierEngine engine, WorkFolder folder, JobProgress progress) {
    if (progress.isStopped()) {
      return;
    }
    try {
      AtomicLong before = new AtomicLong();
      ProgressListener bytes = (done, total, what) -> progress.wrote(done - before.getAndSet(done));
      MergeResult result =
          ModelMerge.run(
              engine,
              base,
              one.set().adapters(),
              one.target(),
              merge.withOverwrite(one.replaces()),
              written -> record(one, written, folder),
              bytes);
      progress.settle(
          new BulkOutcome(
              one.set().name(),
              BulkOutcome.Status.WRITTEN,
              one.target(),
              result.edits().size(),
              result.totalSizeInBytes(),
              result.notes(),
              null));
    } catch (FourierException | IOException e) {
      stopIfTheBaseChanged(progress);
      progress.settle(BulkOutcome.failed(one.set().name(), one.target(), e));
    } catch (RuntimeException | Error e) {
      progress.stop(e);
    }
  }

  /** Since no other model could be right either. */
  private void stopIfTheBaseChanged(JobProgress progress) {
    try {
      base.requireUnchanged();
    } catch (FourierException | IOException changed) {
      progress.stop(changed);
    }
  }

  private void record(PlannedOutput one, Path written, WorkFolder folder) throws IOException {
    for (FileStamp stamp : one.stamps()) {
      stamp.requireUnchanged();
    }
    List<OutputRecord.FileRecord> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(written)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        files.add(OutputRecords.ofOutput(file, one.set().name() + "/" + written.relativize(file)));
      }
    }
    folder.journal().append(planner.record(one, files));
  }

  /** Ends a run soon: what is begun is ended, the rest is left undone. A later one is not begun. */
  public void cancel() {
    cancellation.cancel();
  }

  /**
   * Closes the base. Closing again does nothing.
   *
   * @throws IOException if one of its files cannot be closed
   */
  @Override
  public void close() throws IOException {
    base.close();
  }
}
