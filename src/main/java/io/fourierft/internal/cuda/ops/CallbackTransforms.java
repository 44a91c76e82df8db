package io.fourierft.internal.cuda.ops;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.resident.ResidentPlaces;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.CallbackInfoStruct;
import io.fourierft.internal.cuda.struct.DivisorStruct;
import io.fourierft.internal.cuda.struct.OperatorStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.definition.DeltaScale;
import java.util.List;

/**
 * Enqueues the computation of ΔW with cuFFT's link-time callbacks, from sparse spectra straight
 * into the targets: no spectrum is stored, cleared or expanded, and no kernel follows the last
 * transform.
 */
public final class CallbackTransforms {
  private final SharedResources shared;

  CallbackTransforms(SharedResources shared) {
    this.shared = shared;
  }

  /** Whether callbacks are on and have this path. */
  boolean take(DensePlan plan) {
    return shared.device().callbacks() != null
        && (plan.path() == DensePath.FOLDED || plan.path() == DensePath.PRUNED);
  }

  /**
   * Gets all that {@link #enqueue} needs, so that it allocates nothing.
   *
   * @param table from {@link DenseTransforms#prepare}
   * @param targets device address of the targets
   * @param columns device memory of {@code columnBytes} for each adapter
   */
  void prepare(
      WorkStream stream,
      DensePlan plan,
      List<FourierAdapter> adapters,
      long table,
      long targets,
      long columns) {
    long rows = plan.rows();
    long half = PlanKey.half(plan.cols());
    int count = adapters.size();
    CallbackInfoStruct byRow =
        new CallbackInfoStruct(
            table,
            operators(stream, adapters),
            targets,
            columns,
            rows,
            plan.cols(),
            plan.slots(),
            DivisorStruct.of(half),
            DivisorStruct.of(rows),
            DivisorStruct.of(2 * half));
    if (plan.path() == DensePath.FOLDED) {
      stream.prepareCallbacks(whole(plan, count), byRow);
      return;
    }
    CallbackInfoStruct bySlot =
        byRow.loading(DivisorStruct.of(rows), DivisorStruct.of(plan.slots()));
    stream.prepareCallbacks(columns(plan, count), bySlot);
    stream.prepareCallbacks(rows(plan, count), byRow);
  }

  /** Device address of the spectra of one chunk, by columns. */
  private long operators(WorkStream stream, List<FourierAdapter> adapters) {
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

  private static PlanKey whole(DensePlan plan, long count) {
    return new PlanKey(PlanKey.Kind.CALLBACK_2D, plan.rows(), plan.cols(), count);
  }

  private static PlanKey columns(DensePlan plan, long count) {
    return new PlanKey(PlanKey.Kind.CALLBACK_COLUMNS, 1, plan.rows(), count * plan.slots());
  }

  private static PlanKey rows(DensePlan plan, long count) {
    return new PlanKey(PlanKey.Kind.CALLBACK_ROWS, 1, plan.cols(), count * plan.rows());
  }

  /**
   * Enqueues the transforms of a chunk that was prepared.
   *
   * @param count adapters of the chunk
   * @param scratch device memory of {@code resultBytes} for each adapter, for cuFFT alone
   * @param columns device memory of {@code columnBytes} for each adapter
   */
  void enqueue(WorkStream stream, DensePlan plan, int count, long scratch, long columns) {
    if (plan.path() == DensePath.FOLDED) {
      stream.plans().execute(whole(plan, count), scratch, scratch);
      return;
    }
    stream.plans().execute(columns(plan, count), columns, columns);
    stream.plans().execute(rows(plan, count), scratch, scratch);
  }
}
