package io.fourierft.internal.cuda.ops;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.AdapterStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.definition.DeltaScale;
import io.fourierft.internal.definition.NonFiniteDelta;
import java.util.List;

/** Enqueues the computation of ΔW, up to where the result stands as float32 in scratch memory. */
public final class DenseTransforms {
  private final SharedResources shared;

  DenseTransforms(SharedResources shared) {
    this.shared = shared;
  }

  /**
   * Prepares what the adapters of one chunk need on the device: tables and plans. After this,
   * {@link #enqueue} allocates nothing but cuFFT's work area.
   *
   * @return device address of the table
   */
  long prepare(WorkStream stream, DensePlan plan, List<FourierAdapter> adapters) {
    StructTable table = new StructTable(AdapterStruct.LAYOUT, adapters.size());
    for (FourierAdapter adapter : adapters) {
      ResidentAdapters.Coefficients coefficients = shared.adapters().coefficients(stream, adapter);
      shared
          .adapters()
          .places(
              adapter.locations(),
              places ->
                  table.add(
                      new AdapterStruct(
                          places.rows(stream),
                          places.columns(stream),
                          coefficients.pointer(),
                          plan.slots() > 0 ? places.slots(stream) : 0,
                          adapter.nFrequency(),
                          DeltaScale.of(adapter, coefficients.largest()).before())));
    }
    return stream.table(table.finish());
  }

  /** The factor that the result still needs. */
  float scale(WorkStream stream, FourierAdapter adapter) {
    return DeltaScale.of(adapter, shared.adapters().coefficients(stream, adapter).largest())
        .after();
  }

  /**
   * Enqueues the transforms, which leave what still needs {@link #scale} in {@code result}.
   *
   * @param table from {@link #prepare}
   * @param result device memory of {@code resultBytes} for each adapter
   * @param columns device memory of {@code columnBytes} for each adapter
   */
  void enqueue(
      WorkStream stream,
      DensePlan plan,
      List<FourierAdapter> adapters,
      long table,
      long result,
      long columns) {
    enqueueFirst(stream, plan, adapters, table, result, columns);
    long count = adapters.size();
    switch (plan.path()) {
      case FOLDED ->
          stream
              .plans()
              .execute(
                  new PlanKey(
                      PlanKey.Kind.HALF_TO_REAL_2D_IN_PLACE, plan.rows(), plan.cols(), count),
                  result,
                  result);
      case PRUNED ->
          stream
              .plans()
              .execute(
                  new PlanKey(
                      PlanKey.Kind.HALF_TO_REAL_LINES_IN_PLACE,
                      1,
                      plan.cols(),
                      count * plan.rows()),
                  result,
                  result);
      default -> {}
    }
  }

  /**
   * Enqueues the transforms on the folded or pruned path, the last of which writes the deltas.
   *
   * @param result memory that is overwritten
   */
  void enqueue(
      WorkStream stream,
      DensePlan plan,
      List<FourierAdapter> adapters,
      long table,
      long result,
      long columns,
      DirectTargets targets) {
    enqueueFirst(stream, plan, adapters, table, result, columns);
    int together = targets.together();
    PlanKey last = last(plan, together);
    for (int i = 0; i < adapters.size(); i += together) {
      stream.plans().execute(last, result + i * plan.resultBytes(), targets.pointers()[i]);
    }
  }

  /**
   * Makes the plans of transforms that write the deltas, so that running them allocates nothing.
   */
  void prepare(WorkStream stream, DensePlan plan, int count, DirectTargets targets) {
    if (plan.path() == DensePath.PRUNED) {
      stream.plans().prepare(columns(plan, count));
    }
    stream.plans().prepare(last(plan, targets.together()));
  }

  private static PlanKey columns(DensePlan plan, long count) {
    return new PlanKey(PlanKey.Kind.COMPLEX_LINES, 1, plan.rows(), count * plan.slots());
  }

  private static PlanKey last(DensePlan plan, long together) {
    return plan.path() == DensePath.FOLDED
        ? new PlanKey(PlanKey.Kind.HALF_TO_REAL_2D, plan.rows(), plan.cols(), together)
        : new PlanKey(PlanKey.Kind.HALF_TO_REAL_LINES, 1, plan.cols(), together * plan.rows());
  }

  /** All but the last transform of the folded and the pruned path, which goes to reals. */
  private void enqueueFirst(
      WorkStream stream,
      DensePlan plan,
      List<FourierAdapter> adapters,
      long table,
      long result,
      long columns) {
    long count = adapters.size();
    long most = 0;
    for (FourierAdapter adapter : adapters) {
      most = Math.max(most, adapter.nFrequency());
    }
    long scatterWork = count * Kernel.groups(most, Kernel.BLOCK);
    long rows = plan.rows();
    long cols = plan.cols();
    switch (plan.path()) {
      case REFERENCE -> {
        clear(stream, result, count * plan.resultBytes());
        stream.launch(
            Kernel.SCATTER_FULL,
            scatterWork,
            stream.arguments().add(table).add(count).add(most).add(rows).add(cols).add(result));
        stream
            .plans()
            .execute(new PlanKey(PlanKey.Kind.COMPLEX_2D, rows, cols, count), result, result);
      }
      case FOLDED -> {
        clear(stream, result, count * plan.resultBytes());
        stream.launch(
            Kernel.SCATTER_HALF,
            scatterWork,
            stream.arguments().add(table).add(count).add(most).add(rows).add(cols).add(result));
      }
      case PRUNED -> {
        long slots = plan.slots();
        clear(stream, columns, count * plan.columnBytes());
        stream.launch(
            Kernel.SCATTER_COLUMNS,
            scatterWork,
            stream
                .arguments()
                .add(table)
                .add(count)
                .add(most)
                .add(rows)
                .add(cols)
                .add(slots)
                .add(columns));
        stream.plans().execute(columns(plan, count), columns, columns);
        stream.launch(
            Kernel.EXPAND_COLUMNS,
            count
                * Kernel.groups(rows, Kernel.TILE)
                * Kernel.groups(PlanKey.half(cols), Kernel.TILE),
            stream
                .arguments()
                .add(table)
                .add(count)
                .add(rows)
                .add(cols)
                .add(slots)
                .add(columns)
                .add(result));
      }
      case DIRECT -> {
        stream.launch(
            Kernel.DIRECT_DELTA,
            count * Kernel.groups(rows, Kernel.TILE) * Kernel.groups(cols, Kernel.TILE),
            stream.arguments().add(table).add(count).add(rows).add(cols).add(result));
        for (int i = 0; i < count; i++) {
          if (!adapters.get(i).isFinite()) {
            uploadNonFinite(stream, adapters.get(i), result + i * plan.resultBytes());
          }
        }
      }
      case AUTO, FUSED ->
          throw new IllegalStateException(plan.path() + " is no chain of transforms");
    }
  }

  private static void uploadNonFinite(WorkStream stream, FourierAdapter adapter, long result) {
    NonFiniteDelta delta = new NonFiniteDelta(adapter);
    float[] row = new float[adapter.cols()];
    for (int p = 0; p < adapter.rows(); p++) {
      delta.row(p, row);
      stream.upload(HostBytes.of(row), result + (long) p * row.length * Float.BYTES);
    }
  }

  private void clear(WorkStream stream, long pointer, long bytes) {
    shared.device().context().driver().memsetD8Async(pointer, (byte) 0, bytes, stream.handle());
  }
}
