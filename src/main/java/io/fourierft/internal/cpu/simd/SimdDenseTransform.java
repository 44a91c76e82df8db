package io.fourierft.internal.cpu.simd;

import io.fourierft.DensePath;
import io.fourierft.internal.cpu.ColumnFold;
import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.DenseTransform;
import io.fourierft.internal.cpu.RowSink;
import io.fourierft.internal.cpu.Workspace;
import org.jspecify.annotations.Nullable;

/** A dense ΔW by the method that its path and its number of coefficients ask for. */
final class SimdDenseTransform implements DenseTransform {
  private final SimdPlans plans;
  private @Nullable ReferenceRows reference;
  private @Nullable TransformedColumns folded;
  private @Nullable TransformedColumns transformed;
  private @Nullable PrunedRows pruned;
  private @Nullable DirectRows direct;
  private @Nullable DenseMethod current;

  SimdDenseTransform(SimdPlans plans) {
    this.plans = plans;
  }

  @Override
  public void begin(DenseCoefficients coefficients, DensePath path) {
    DenseMethod method = method(coefficients, path);
    method.begin(coefficients);
    current = method;
  }

  private DenseMethod method(DenseCoefficients coefficients, DensePath path) {
    return switch (path) {
      case REFERENCE -> {
        reference = reference == null ? new ReferenceRows(plans) : reference;
        yield reference;
      }
      case FOLDED -> {
        folded = folded == null ? new TransformedColumns(plans, false) : folded;
        yield folded;
      }
      case DIRECT -> {
        direct = direct == null ? new DirectRows(plans) : direct;
        yield direct;
      }
      case AUTO, PRUNED, FUSED -> {
        ColumnFold fold = coefficients.fold();
        if (DenseCost.transformColumns(
            plans.real(fold.rows()), fold.columns().length, fold.entries())) {
          transformed = transformed == null ? new TransformedColumns(plans, true) : transformed;
          yield transformed;
        }
        pruned = pruned == null ? new PrunedRows(plans) : pruned;
        yield pruned;
      }
    };
  }

  @Override
  public int columnTasks() {
    return current().columnTasks();
  }

  @Override
  public void columns(int task, Workspace workspace) {
    current().columns(task, (SimdWorkspace) workspace);
  }

  @Override
  public int rowTasks() {
    return current().rowTasks();
  }

  @Override
  public void rows(int task, RowSink sink, Workspace workspace) {
    current().rows(task, sink, (SimdWorkspace) workspace);
  }

  @Override
  public long retainedBytes() {
    return bytes(reference) + bytes(folded) + bytes(transformed) + bytes(pruned) + bytes(direct);
  }

  private static long bytes(@Nullable DenseMethod method) {
    return method == null ? 0 : method.retainedBytes();
  }

  private DenseMethod current() {
    DenseMethod method = current;
    if (method == null) {
      throw new IllegalStateException("a task was run before begin");
    }
    return method;
  }
}
