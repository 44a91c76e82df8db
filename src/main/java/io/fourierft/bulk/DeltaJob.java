package io.fourierft.bulk;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.files.OutputFile;
import io.fourierft.merge.AdapterDeltas;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.ResolveOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the ΔW of many adapters of one base: for each a safetensors file of its name, as {@link
 * io.fourierft.merge.DeltaExport} writes it, byte for byte.
 *
 * <p>{@link #plan} opens the base and looks at every adapter; nothing is written. {@link #run}
 * computes adapters of equal shapes together and writes some while others are computed. Each file
 * appears under its name when it is whole. A hidden journal in the output folder has the size, time
 * and hash of every input, by which {@link BulkOptions#resume} tells what need not be done again.
 *
 * <p>{@link #cancel} may be called by any thread; everything else by one.
 */
public final class DeltaJob implements AutoCloseable {
  /** What follows an adapter's name in that of its file. */
  public static final String EXTENSION = ".safetensors";

  private final OpenBase base;
  private final Path output;
  private final ResolveOptions resolve;
  private final BulkOptions options;
  private final Planner planner;
  private final List<PlannedOutput> planned;
  private final Cancellation cancellation = new Cancellation();

  private DeltaJob(
      OpenBase base,
      Path output,
      ResolveOptions resolve,
      BulkOptions options,
      Planner planner,
      List<PlannedOutput> planned) {
    this.base = base;
    this.output = output;
    this.resolve = resolve;
    this.options = options;
    this.planner = planner;
    this.planned = planned;
  }

  /**
   * Opens the base and checks every adapter against it; writes nothing.
   *
   * @param base a model folder or file, read for its names and shapes alone
   * @param adapters one adapter each, all of different names
   * @param output the folder to write to; need not exist
   * @param resolve how the adapters are to be understood
   * @throws BulkException if an adapter is broken or does not fit, or its output exists, and the
   *     options do not say to go on
   * @throws FourierException if the base is none, two adapters have one name, or the output folder
   *     is read from
   * @throws IOException if a file cannot be read
   */
  public static DeltaJob plan(
      Path base,
      List<AdapterSet> adapters,
      Path output,
      ResolveOptions resolve,
      BulkOptions options)
      throws IOException {
    OpenBase opened = OpenBase.open(base);
    try {
      Planner planner =
          new Planner(opened, output, EXTENSION, OutputRecords.ofDeltas(opened, resolve), options);
      List<PlannedOutput> planned =
          planner.plan(
              adapters,
              (set, target, replaces) -> {
                OutputFile.requireFree(target, replaces);
                return size(AdapterDeltas.of(opened.bind(set.single(), resolve)));
              });
      return new DeltaJob(opened, output, resolve, options, planner, planned);
    } catch (Throwable e) {
      try {
        opened.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private static PlannedOutput.Size size(AdapterDeltas deltas) {
    return new PlannedOutput.Size(
        deltas.declarations().size(), deltas.sizeInBytes(), deltas.shapes(), deltas.notes());
  }

  /** What {@link #run} will do, one for each adapter, in their order. */
  public List<BulkOutcome> planned() {
    return planned.stream().map(PlannedOutput::outcome).toList();
  }

  /**
   * Computes and writes.
   *
   * @param engine computes; the caller keeps it
   * @return what became of each adapter
   * @throws BulkException if an adapter fails and the options do not say to go on; those that were
   *     written before stay
   * @throws FourierException if another job writes into the folder, or the base changes meanwhile:
   *     what was not yet written is not written then
   * @throws IOException if the folder cannot be written
   */
  public BulkResult run(FourierEngine engine, BulkListener listener) throws IOException {
    JobProgress progress = new JobProgress(planned, options.keepGoing(), listener);
    cancellation.of(progress);
    progress.begin();
    if (!progress.open().isEmpty() && !progress.isStopped()) {
      try (WorkFolder folder = WorkFolder.take(output)) {
        new DeltaRun(base, resolve, options, planner, folder, engine, progress).run();
      }
    }
    return progress.result();
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
