package io.fourierft.internal.cuda.ops;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.resident.ResidentPlaces;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.DivisorStruct;
import io.fourierft.internal.cuda.struct.FusedStruct;
import io.fourierft.internal.cuda.struct.OperatorStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.definition.DeltaScale;
import java.util.List;

/**
 * Enqueues the computation of ΔW with cuFFT's link-time callbacks, from sparse spectra straight
 * into the targets: no spectrum is stored, cleared or expanded, and no kernel follows the last
 * transform.
 */
public final class FusedTransforms {
  private final SharedResources shared;

  FusedTransforms(SharedResources shared) {
    this.shared = shared;
  }

  /** Whether callbacks are on and have this path. */
  boolean take(DensePlan plan) {
    return shared.device().callbacks() != null
        && (plan.path() == DensePath.FOLDED || plan.path() == DensePath.PRUNED);
  }

  /** Device address of the spectra of one chunk, by columns; allocates, as tables do. */
  long prepare(WorkStream stream, List<FourierAdapter> adapters) {
    StructTable table = new StructTable(OperatorStruct.LAYOUT, adapters.size());
    for (FourierAdapter adapter : adapters) {
      ResidentAdapters.Coefficients coefficients = shared.adapters().coefficients(stream, adapter);
      ResidentPlaces.Rows columns =
          shared
              .adapters()
              .places(adapter.locations(), places -> places.compressedRows(stream, true));
      float scale = DeltaScale.of(adapter, coefficients.largest()).before();
      table.add(columns.operator(coefficients.pointer(), scale, adapter.nFrequency()));
    }
    return stream.table(table.finish());
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
      WorkStream stream,
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
    FusedStruct byRow =
        new FusedStruct(
            adapters,
            operators,
            targets,
            columns,
            rows,
            cols,
            plan.slots(),
            DivisorStruct.of(half),
            DivisorStruct.of(rows),
            DivisorStruct.of(2 * half));
    if (plan.path() == DensePath.FOLDED) {
      stream.transformFused(new PlanKey(PlanKey.Kind.FUSED_2D, rows, cols, count), byRow, scratch);
      return;
    }
    long slots = plan.slots();
    FusedStruct bySlot = byRow.loading(DivisorStruct.of(rows), DivisorStruct.of(slots));
    stream.transformFused(
        new PlanKey(PlanKey.Kind.FUSED_COLUMNS, 1, rows, count * slots), bySlot, columns);
    stream.transformFused(
        new PlanKey(PlanKey.Kind.FUSED_ROWS, 1, cols, count * rows), byRow, scratch);
  }
}
