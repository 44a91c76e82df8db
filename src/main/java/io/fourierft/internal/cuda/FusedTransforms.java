package io.fourierft.internal.cuda;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import java.util.List;

/**
 * Enqueues the computation of ΔW with cuFFT's link-time callbacks, from sparse spectra straight
 * into the targets: no spectrum is stored, cleared or expanded, and no kernel follows the last
 * transform.
 */
final class FusedTransforms {
  private static final int OPERATOR_BYTES = 40;

  private final EngineCore core;

  FusedTransforms(EngineCore core) {
    this.core = core;
  }

  /** Whether callbacks are on and have this path. */
  boolean take(DensePlan plan) {
    return core.callbacks() != null
        && (plan.path() == DensePath.FOLDED || plan.path() == DensePath.PRUNED);
  }

  /** Device address of the spectra of one chunk, by columns; allocates, as tables do. */
  long prepare(Lane lane, List<FourierAdapter> adapters) {
    TableWriter table = new TableWriter(adapters.size(), OPERATOR_BYTES);
    for (FourierAdapter adapter : adapters) {
      ResidentAdapters.Coefficients coefficients = core.adapters().coefficients(lane, adapter);
      ResidentPlaces.Rows columns =
          core.adapters().places(adapter.locations(), places -> places.compressedRows(lane, true));
      table
          .put(columns.binStart())
          .put(columns.source())
          .put(columns.frequency())
          .put(coefficients.pointer())
          .put(DeltaScale.of(adapter, coefficients.largest()).before())
          .put(adapter.nFrequency());
    }
    return lane.table(table.finish());
  }

  /**
   * Enqueues the transforms.
   *
   * @param count adapters of the chunk
   * @param adapters from {@link DenseTransforms#prepare}
   * @param operators from {@link #prepare}
   * @param targets device address of their targets
   * @param scratch device memory of {@code resultBytes} for each adapter, for cuFFT alone
   * @param columns device memory of {@code columnBytes} for each adapter
   */
  void enqueue(
      Lane lane,
      DensePlan plan,
      int count,
      long adapters,
      long operators,
      long targets,
      long scratch,
      long columns) {
    long rows = plan.rows();
    long cols = plan.cols();
    long half = PlanKey.half(cols);
    byte[] byRow = FusedTable.of(plan, adapters, operators, targets, columns, half, rows);
    if (plan.path() == DensePath.FOLDED) {
      lane.transformFused(new PlanKey(PlanKey.Kind.FUSED_2D, rows, cols, count), byRow, scratch);
      return;
    }
    long slots = plan.slots();
    byte[] bySlot = FusedTable.of(plan, adapters, operators, targets, columns, rows, slots);
    lane.transformFused(
        new PlanKey(PlanKey.Kind.FUSED_COLUMNS, 1, rows, count * slots), bySlot, columns);
    lane.transformFused(
        new PlanKey(PlanKey.Kind.FUSED_ROWS, 1, cols, count * rows), byRow, scratch);
  }
}
