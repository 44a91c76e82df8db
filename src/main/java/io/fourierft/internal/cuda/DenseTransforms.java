package io.fourierft.internal.cuda;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.internal.definition.NonFiniteDelta;
import java.util.List;

/** Enqueues the computation of ΔW, up to where the result stands as float32 in scratch memory. */
final class DenseTransforms {
  private static final int ADAPTER_BYTES = 48;

  private final EngineCore core;

  DenseTransforms(EngineCore core) {
    this.core = core;
  }

  /**
   * Prepares what the adapters of one chunk need on the device: tables and plans. After this,
   * {@link #enqueue} allocates nothing but cuFFT's work area.
   *
   * @return device address of the table
   */
  long prepare(Lane lane, DensePlan plan, List<FourierAdapter> adapters) {
    TableWriter table = new TableWriter(adapters.size(), ADAPTER_BYTES);
    for (FourierAdapter adapter : adapters) {
      ResidentAdapters.Coefficients coefficients = core.adapters().coefficients(lane, adapter);
      core.adapters()
          .places(
              adapter.locations(),
              places ->
                  table
                      .put(places.rows(lane))
                      .put(places.columns(lane))
                      .put(coefficients.pointer())
                      .put(plan.slots() > 0 ? places.slots(lane) : 0L)
                      .put((long) adapter.nFrequency())
                      .put(DeltaScale.of(adapter, coefficients.largest()).before())
                      .put(0));
    }
    return lane.table(table.finish());
  }

  /** The factor that the result still needs. */
  float scale(Lane lane, FourierAdapter adapter) {
    return DeltaScale.of(adapter, core.adapters().coefficients(lane, adapter).largest()).after();
  }

  /**
   * Enqueues the transforms, which leave what still needs {@link #scale} in {@code result}.
   *
   * @param table from {@link #prepare}
   * @param result device memory of {@code resultBytes} for each adapter
   * @param columns device memory of {@code columnBytes} for each adapter
   */
  void enqueue(
      Lane lane,
      DensePlan plan,
      List<FourierAdapter> adapters,
      long table,
      long result,
      long columns) {
    enqueueFirst(lane, plan, adapters, table, result, columns);
    long count = adapters.size();
    switch (plan.path()) {
      case FOLDED ->
          lane.plans()
              .execute(
                  new PlanKey(
                      PlanKey.Kind.HALF_TO_REAL_2D_IN_PLACE, plan.rows(), plan.cols(), count),
                  result,
                  result);
      case PRUNED ->
          lane.plans()
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
      Lane lane,
      DensePlan plan,
      List<FourierAdapter> adapters,
      long table,
      long result,
      long columns,
      DirectTargets targets) {
    enqueueFirst(lane, plan, adapters, table, result, columns);
    int together = targets.together();
    PlanKey last =
        plan.path() == DensePath.FOLDED
            ? new PlanKey(PlanKey.Kind.HALF_TO_REAL_2D, plan.rows(), plan.cols(), together)
            : new PlanKey(PlanKey.Kind.HALF_TO_REAL_LINES, 1, plan.cols(), together * plan.rows());
    for (int i = 0; i < adapters.size(); i += together) {
      lane.plans().execute(last, result + i * plan.resultBytes(), targets.pointers()[i]);
    }
  }

  /** All but the last transform of the folded and the pruned path, which goes to reals. */
  private void enqueueFirst(
      Lane lane,
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
        clear(lane, result, count * plan.resultBytes());
        lane.launch(
            Kernel.SCATTER_FULL,
            scatterWork,
            lane.arguments().add(table).add(count).add(most).add(rows).add(cols).add(result));
        lane.plans()
            .execute(new PlanKey(PlanKey.Kind.COMPLEX_2D, rows, cols, count), result, result);
      }
      case FOLDED -> {
        clear(lane, result, count * plan.resultBytes());
        lane.launch(
            Kernel.SCATTER_HALF,
            scatterWork,
            lane.arguments().add(table).add(count).add(most).add(rows).add(cols).add(result));
      }
      case PRUNED -> {
        long slots = plan.slots();
        clear(lane, columns, count * plan.columnBytes());
        lane.launch(
            Kernel.SCATTER_COLUMNS,
            scatterWork,
            lane.arguments()
                .add(table)
                .add(count)
                .add(most)
                .add(rows)
                .add(cols)
                .add(slots)
                .add(columns));
        lane.plans()
            .execute(
                new PlanKey(PlanKey.Kind.COMPLEX_LINES, 1, rows, count * slots), columns, columns);
        lane.launch(
            Kernel.EXPAND_COLUMNS,
            count
                * Kernel.groups(rows, Kernel.TILE)
                * Kernel.groups(PlanKey.half(cols), Kernel.TILE),
            lane.arguments()
                .add(table)
                .add(count)
                .add(rows)
                .add(cols)
                .add(slots)
                .add(columns)
                .add(result));
      }
      case DIRECT -> {
        lane.launch(
            Kernel.DIRECT_DELTA,
            count * Kernel.groups(rows, Kernel.TILE) * Kernel.groups(cols, Kernel.TILE),
            lane.arguments().add(table).add(count).add(rows).add(cols).add(result));
        for (int i = 0; i < count; i++) {
          if (!NonFiniteDelta.isFinite(adapters.get(i))) {
            uploadNonFinite(lane, adapters.get(i), result + i * plan.resultBytes());
          }
        }
      }
      case AUTO -> throw new IllegalStateException("no path was chosen");
    }
  }

  private static void uploadNonFinite(Lane lane, FourierAdapter adapter, long result) {
    NonFiniteDelta delta = new NonFiniteDelta(adapter);
    float[] row = new float[adapter.cols()];
    for (int p = 0; p < adapter.rows(); p++) {
      delta.row(p, row);
      lane.upload(HostRows.of(row), result + (long) p * row.length * Float.BYTES);
    }
  }

  private void clear(Lane lane, long pointer, long bytes) {
    core.context().driver().memsetD8Async(pointer, (byte) 0, bytes, lane.stream());
  }
}
