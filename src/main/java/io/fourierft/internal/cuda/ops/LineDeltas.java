package io.fourierft.internal.cuda.ops;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.kernels.LaunchArguments;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.resident.ResidentLineTables;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.AdditionStruct;
import io.fourierft.internal.cuda.struct.LineDeltaJobStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.cuda.struct.TargetStruct;
import io.fourierft.internal.definition.DeltaScale;
import java.util.List;

/**
 * Deltas whose rows never leave shared memory: spectra are summed there, transformed and stored, or
 * added to weights, in one launch for any number of adapters.
 */
public final class LineDeltas {
  /** Up to so many coefficients for each column summing them costs less than cuFFT's passes. */
  private static final int CHEAP_FREQUENCIES_PER_COLUMN = 3;

  private final SharedResources shared;
  private final FusedUse use;

  LineDeltas(SharedResources shared, FusedUse use) {
    this.shared = shared;
    this.use = use;
  }

  /** What the property says. */
  FusedUse use() {
    return use;
  }

  /** Whether a row of so many elements fits shared memory. */
  private boolean fits(long length) {
    return length <= Integer.MAX_VALUE
        && LinePlan.sharedBytes(length) <= mostSharedBytes()
        && LinePlan.isServed((int) length);
  }

  private long mostSharedBytes() {
    return shared.device().kernels().mostSharedBytes();
  }

  /**
   * Whether this moves fewer bytes than cuFFT's chain, which writes and reads a delta about five
   * times: the delta is written once, unless its columns had to be stored one by one; summing a row
   * costs as much as moving one element for some coefficients of it.
   *
   * @param transposed whether the target is
   */
  boolean isCheap(long rows, long cols, long frequencies, boolean transposed) {
    long length = transposed ? rows : cols;
    return fits(length)
        && LinePlan.isCheap(length)
        && frequencies <= CHEAP_FREQUENCIES_PER_COLUMN * length;
  }

  /** Refuses a shape of which neither rows nor columns fit. */
  void requireServed(long rows, long cols) {
    if (!fits(rows) && !fits(cols)) {
      throw new FourierException(
          "the fused path keeps a row in the %d bytes of shared memory of %s, which a delta of"
                  .formatted(mostSharedBytes(), shared.device().context().device().name())
              + " %d x %d does not fit: it takes up to %d elements with no prime factor above %d;"
                  .formatted(
                      rows, cols, LinePlan.mostPoints(mostSharedBytes()), LinePlan.LARGEST_RADIX)
              + " choose another dense path, or AUTO");
    }
  }

  /**
   * One launch.
   *
   * @param units blocks of work
   * @param table device address of the jobs
   * @param threads of a block
   * @param sharedBytes of a block
   */
  record Launch(long jobs, long units, long table, int threads, long sharedBytes) {}

  /**
   * Prepares the jobs of adapters of any shapes; allocates, as tables do.
   *
   * @param targets where each delta goes, with the factor that is applied last
   */
  Launch prepare(WorkStream stream, List<FourierAdapter> adapters, List<TargetStruct> targets) {
    StructTable table = new StructTable(LineDeltaJobStruct.LAYOUT, adapters.size());
    long units = 0;
    int threads = 0;
    long sharedBytes = 0;
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      TargetStruct target = targets.get(i);
      boolean exchanged = isExchanged(adapter, target.transposed() != 0);
      int rows = exchanged ? adapter.cols() : adapter.rows();
      int cols = exchanged ? adapter.rows() : adapter.cols();
      LinePlan plan = shared.adapters().lines().rowPlan(cols);
      table.add(job(stream, adapter, target, exchanged, plan, units));
      units += units(rows);
      threads = Math.max(threads, plan.threads(1));
      sharedBytes = Math.max(sharedBytes, plan.sharedBytes(1));
    }
    return new Launch(adapters.size(), units, stream.table(table.finish()), threads, sharedBytes);
  }

  /** Whether rows of ΔWᵀ are computed: they lie dense in a transposed target. */
  private boolean isExchanged(FourierAdapter adapter, boolean transposed) {
    return transposed ? fits(adapter.rows()) : !fits(adapter.cols());
  }

  /** Units of a job of so many rows. */
  private static long units(long rows) {
    return rows % 2 == 0 ? rows / 4 + 1 : (rows + 3) / 4;
  }

  private LineDeltaJobStruct job(
      WorkStream stream,
      FourierAdapter adapter,
      TargetStruct target,
      boolean exchanged,
      LinePlan plan,
      long firstUnit) {
    int rows = exchanged ? adapter.cols() : adapter.rows();
    int cols = exchanged ? adapter.rows() : adapter.cols();
    ResidentAdapters.Coefficients coefficients = shared.adapters().coefficients(stream, adapter);
    ResidentLineTables.Lists lists =
        shared
            .adapters()
            .places(adapter.locations(), places -> places.lines().delta(stream, exchanged, plan));
    boolean turned = (target.transposed() != 0) != exchanged;
    return new LineDeltaJobStruct(
        shared.adapters().lines().rowLine(stream, cols),
        lists.heads(),
        lists.entries(),
        coefficients.pointer(),
        shared.adapters().lines().roots(stream, rows),
        Long.divideUnsigned(-1, rows),
        firstUnit,
        new TargetStruct(
            target.data(),
            target.stride(),
            target.type(),
            target.deltaType(),
            target.scale(),
            turned ? 1 : 0),
        rows,
        cols,
        DeltaScale.of(adapter, coefficients.largest()).before(),
        adapter.nFrequency(),
        lists.pairs());
  }

  /** Writes the deltas. */
  static void store(WorkStream stream, Launch launch) {
    stream.launchLines(
        Kernel.LINE_DELTA,
        launch.units(),
        launch.threads(),
        launch.sharedBytes(),
        stream.arguments().add(launch.table()).add(launch.jobs()).add(launch.units()));
  }

  /**
   * Adds the deltas to weights.
   *
   * @param sign +1 or -1
   * @param partials device memory of an {@link AdditionStruct} for each unit, or 0
   */
  static void add(WorkStream stream, Launch launch, float sign, long partials) {
    boolean measured = partials != 0;
    long found = measured ? launch.threads() * AdditionStruct.LAYOUT.byteSize() : 0;
    LaunchArguments arguments =
        stream.arguments().add(launch.table()).add(launch.jobs()).add(launch.units()).add(sign);
    stream.launchLines(
        measured ? Kernel.LINE_ADD_MEASURED : Kernel.LINE_ADD,
        launch.units(),
        launch.threads(),
        Math.max(launch.sharedBytes(), found),
        measured ? arguments.add(partials) : arguments);
  }

  /** Units of the launch that adds one adapter. */
  long units(FourierAdapter adapter, boolean transposed) {
    return units(isExchanged(adapter, transposed) ? adapter.cols() : adapter.rows());
  }
}
