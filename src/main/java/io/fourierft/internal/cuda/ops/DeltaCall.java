package io.fourierft.internal.cuda.ops;

import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.ElementCode;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.cuda.struct.TargetStruct;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the ΔW of many adapters; those of one shape together, results in the caller's order. */
public final class DeltaCall {
  private final SharedResources shared;
  private final DenseTransforms transforms;
  private final CallbackTransforms callbacks;
  private final LineDeltas lines;

  DeltaCall(
      SharedResources shared,
      DenseTransforms transforms,
      CallbackTransforms callbacks,
      LineDeltas lines) {
    this.shared = shared;
    this.transforms = transforms;
    this.callbacks = callbacks;
    this.lines = lines;
  }

  /** Runs on {@code stream}; everything was checked. */
  public void run(
      WorkStream stream, List<FourierAdapter> adapters, List<Matrix> out, DensePath wanted) {
    if (adapters.size() == 1) {
      DensePlan plan = DensePlan.of(shared, lines, adapters, false, wanted);
      if (plan.path() == DensePath.FUSED) {
        runInLines(stream, adapters, out);
      } else {
        runGroup(stream, plan, adapters, out);
      }
      return;
    }
    Map<Group, List<Integer>> shapes = new LinkedHashMap<>();
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      Group shape = new Group(adapter.rows(), adapter.cols(), adapter.isFinite());
      shapes.computeIfAbsent(shape, _ -> new ArrayList<>()).add(i);
    }
    List<Integer> inLines = new ArrayList<>();
    for (List<Integer> group : shapes.values()) {
      List<FourierAdapter> alike = group.stream().map(adapters::get).toList();
      DensePlan plan = DensePlan.of(shared, lines, alike, false, wanted);
      if (plan.path() == DensePath.FUSED) {
        inLines.addAll(group);
      } else {
        runGroup(stream, plan, alike, group.stream().map(out::get).toList());
      }
    }
    runInLines(
        stream,
        inLines.stream().map(adapters::get).toList(),
        inLines.stream().map(out::get).toList());
  }

  /** Adapters of any shapes in one launch. */
  private void runInLines(WorkStream stream, List<FourierAdapter> adapters, List<Matrix> out) {
    new ChunkedCall(
            shared,
            stream,
            mostHostBytes(out),
            () -> "computing one delta of %d on the fused path".formatted(adapters.size()))
        .run(
            adapters.size(),
            (first, count) -> {
              ScratchLayout layout = new ScratchLayout();
              long[] copies = new long[count];
              for (int i = 0; i < count; i++) {
                copies[i] = layout.add(hostBytes(out.get(first + i)));
              }
              long scratch = layout.bytes() == 0 ? 0 : stream.scratch(layout.bytes());
              List<TargetStruct> targets = new ArrayList<>();
              for (int i = 0; i < count; i++) {
                copies[i] += scratch;
                FourierAdapter adapter = adapters.get(first + i);
                float scale = transforms.scale(stream, adapter);
                targets.add(target(adapter, scale, out.get(first + i), copies[i], false));
              }
              List<FourierAdapter> chunk = adapters.subList(first, first + count);
              LineDeltas.Launch launch = lines.prepare(stream, chunk, targets);
              beginOutput(stream, out.subList(first, first + count));
              LineDeltas.store(stream, launch);
              for (int i = 0; i < count; i++) {
                if (out.get(first + i) instanceof HostMatrix host) {
                  stream.download(copies[i], HostBytes.of(host));
                }
              }
            });
  }

  private static long mostHostBytes(List<Matrix> matrices) {
    long most = 0;
    for (Matrix matrix : matrices) {
      most = Math.max(most, hostBytes(matrix));
    }
    return most;
  }

  /** To be called before anything is enqueued that writes to the matrices. */
  static void beginOutput(WorkStream stream, List<Matrix> matrices) {
    for (Matrix matrix : matrices) {
      DeviceTokens.beginOutput(stream, matrix);
    }
  }

  /** What adapters that are computed together have in common. */
  private record Group(int rows, int cols, boolean finite) {}

  private void runGroup(
      WorkStream stream, DensePlan plan, List<FourierAdapter> adapters, List<Matrix> out) {
    new ChunkedCall(
            shared,
            stream,
            plan.resultBytes() + plan.columnBytes() + mostHostBytes(out),
            () ->
                "computing one delta of %d x %d on the %s path"
                    .formatted(plan.rows(), plan.cols(), plan.path()))
        .run(
            adapters.size(),
            shared.budget().mostAdapters(),
            (first, count) ->
                runChunk(
                    stream,
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
      WorkStream stream, DensePlan plan, List<FourierAdapter> adapters, List<Matrix> out) {
    int count = adapters.size();
    ScratchLayout layout = new ScratchLayout();
    long columnsAt = layout.add(count * plan.columnBytes());
    long resultAt = layout.add(count * plan.resultBytes());
    long[] copies = new long[count];
    for (int i = 0; i < count; i++) {
      copies[i] = layout.add(hostBytes(out.get(i)));
    }
    long scratch = stream.scratch(layout.bytes());
    long table = transforms.prepare(stream, plan, adapters);
    StructTable targets = new StructTable(TargetStruct.LAYOUT, count);
    boolean plain = true;
    for (int i = 0; i < count; i++) {
      FourierAdapter adapter = adapters.get(i);
      float scale = transforms.scale(stream, adapter);
      copies[i] += scratch;
      targets.add(target(adapter, scale, out.get(i), copies[i], false));
      plain &= scale == 1 && roundedTo(adapter) == ElementType.F32;
    }
    boolean linked = callbacks.take(plan);
    DirectTargets direct = linked ? null : DirectTargets.of(plan, out, copies, plain);
    long targetTable = direct == null ? stream.table(targets.finish()) : 0;
    long result = scratch + resultAt;
    long columns = scratch + columnsAt;
    if (linked) {
      callbacks.prepare(stream, plan, adapters, table, targetTable, columns);
    } else if (direct != null) {
      transforms.prepare(stream, plan, count, direct);
    } else {
      transforms.enqueue(stream, plan, adapters, table, result, columns);
    }
    beginOutput(stream, out);
    if (linked) {
      callbacks.enqueue(stream, plan, count, result, columns);
    } else if (direct != null) {
      transforms.enqueue(stream, plan, adapters, table, result, columns, direct);
    } else {
      store(stream, plan, count, targetTable, result);
    }
    for (int i = 0; i < count; i++) {
      if (out.get(i) instanceof HostMatrix host) {
        stream.download(copies[i], HostBytes.of(host));
      }
    }
  }

  /** From where the transforms left them. */
  private static void store(
      WorkStream stream, DensePlan plan, int count, long targets, long result) {
    stream.launch(
        Kernel.STORE_DELTA,
        count * plan.rows() * Kernel.groups(plan.cols(), Kernel.SEGMENT),
        stream
            .arguments()
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

  /** Where a delta goes: the matrix itself, or its dense copy at {@code copy} if on the host. */
  static TargetStruct target(
      FourierAdapter adapter, float scale, Matrix matrix, long copy, boolean transposed) {
    return new TargetStruct(
        matrix instanceof DeviceView view ? view.pointer() : copy,
        matrix instanceof DeviceView ? matrix.stride() : matrix.cols(),
        ElementCode.of(matrix.elementType()),
        ElementCode.of(roundedTo(adapter)),
        scale,
        transposed ? 1 : 0);
  }
}
