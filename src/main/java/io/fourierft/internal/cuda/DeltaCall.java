package io.fourierft.internal.cuda;

import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.definition.NonFiniteDelta;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the ΔW of many adapters; those of one shape together, results in the caller's order. */
final class DeltaCall {
  private static final int TARGET_BYTES = 32;

  private final EngineCore core;
  private final DenseTransforms transforms;
  private final FusedTransforms fused;

  DeltaCall(EngineCore core, DenseTransforms transforms, FusedTransforms fused) {
    this.core = core;
    this.transforms = transforms;
    this.fused = fused;
  }

  /** Runs on {@code lane}; everything was checked. */
  void run(Lane lane, List<FourierAdapter> adapters, List<Matrix> out, DensePath wanted) {
    Map<Group, List<Integer>> shapes = new LinkedHashMap<>();
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      Group shape = new Group(adapter.rows(), adapter.cols(), NonFiniteDelta.isFinite(adapter));
      shapes.computeIfAbsent(shape, _ -> new ArrayList<>()).add(i);
    }
    for (List<Integer> group : shapes.values()) {
      runGroup(
          lane,
          group.stream().map(adapters::get).toList(),
          group.stream().map(out::get).toList(),
          wanted);
    }
  }

  /** What adapters that are computed together have in common. */
  private record Group(int rows, int cols, boolean finite) {}

  private void runGroup(
      Lane lane, List<FourierAdapter> adapters, List<Matrix> out, DensePath wanted) {
    DensePlan plan = DensePlan.of(core, adapters, wanted);
    long hostBytes = 0;
    for (Matrix matrix : out) {
      hostBytes = Math.max(hostBytes, hostBytes(matrix));
    }
    new ChunkedCall(
            core,
            lane,
            plan.resultBytes() + plan.columnBytes() + hostBytes,
            () ->
                "computing one delta of %d x %d on the %s path"
                    .formatted(plan.rows(), plan.cols(), plan.path()))
        .run(
            adapters.size(),
            (first, count) ->
                runChunk(
                    lane,
                    plan,
                    adapters.subList(first, first + count),
                    out.subList(first, first + count)));
  }

  /** Device memory that a matrix needs in scratch: none if it is on the device. */
  static long hostBytes(Matrix matrix) {
    return matrix instanceof HostMatrix
        ? (long) matrix.rows() * matrix.cols() * matrix.elementType().sizeInBytes()
        : 0;
  }

  private void runChunk(
      Lane lane, DensePlan plan, List<FourierAdapter> adapters, List<Matrix> out) {
    int count = adapters.size();
    ScratchLayout layout = new ScratchLayout();
    long columnsAt = layout.add(count * plan.columnBytes());
    long resultAt = layout.add(count * plan.resultBytes());
    long[] copies = new long[count];
    for (int i = 0; i < count; i++) {
      copies[i] = layout.add(hostBytes(out.get(i)));
    }
    long scratch = lane.scratch(layout.bytes());
    long table = transforms.prepare(lane, plan, adapters);
    TableWriter targets = new TableWriter(count, TARGET_BYTES);
    boolean plain = true;
    for (int i = 0; i < count; i++) {
      FourierAdapter adapter = adapters.get(i);
      float scale = transforms.scale(lane, adapter);
      copies[i] += scratch;
      putTarget(targets, adapter, scale, out.get(i), copies[i], false);
      plain &= scale == 1 && roundedTo(adapter) == ElementType.F32;
    }
    boolean callbacks = fused.take(plan);
    DirectTargets direct = callbacks ? null : DirectTargets.of(plan, out, copies, plain);
    long targetTable = direct == null ? lane.table(targets.finish()) : 0;
    long result = scratch + resultAt;
    long columns = scratch + columnsAt;
    if (callbacks) {
      long operators = fused.prepare(lane, adapters);
      fused.enqueue(lane, plan, count, table, operators, targetTable, result, columns);
    } else if (direct != null) {
      transforms.enqueue(lane, plan, adapters, table, result, columns, direct);
    } else {
      transforms.enqueue(lane, plan, adapters, table, result, columns);
      store(lane, plan, count, targetTable, result);
    }
    for (int i = 0; i < count; i++) {
      if (out.get(i) instanceof HostMatrix host) {
        lane.download(copies[i], HostRows.of(host));
      }
    }
  }

  /** From where the transforms left them. */
  private static void store(Lane lane, DensePlan plan, int count, long targets, long result) {
    lane.launch(
        Kernel.STORE_DELTA,
        count * plan.rows() * Kernel.groups(plan.cols(), Kernel.SEGMENT),
        lane.arguments()
            .add(targets)
            .add((long) count)
            .add(plan.rows())
            .add(plan.cols())
            .add(result)
            .add(plan.step())
            .add(plan.stride())
            .add(plan.distance()));
  }

  /** What a delta is rounded to before anything else. */
  private static ElementType roundedTo(FourierAdapter adapter) {
    return adapter.deltaType() == ElementType.F64 ? ElementType.F32 : adapter.deltaType();
  }

  /** One fourierft_target: the matrix itself, or its dense copy at {@code copy} if on the host. */
  static void putTarget(
      TableWriter table,
      FourierAdapter adapter,
      float scale,
      Matrix matrix,
      long copy,
      boolean transposed) {
    boolean onDevice = matrix instanceof DeviceView;
    table
        .put(matrix instanceof DeviceView view ? view.pointer() : copy)
        .put(onDevice ? matrix.stride() : matrix.cols())
        .put(ElementCode.of(matrix.elementType()))
        .put(ElementCode.of(roundedTo(adapter)))
        .put(scale)
        .put(transposed ? 1 : 0);
  }
}
