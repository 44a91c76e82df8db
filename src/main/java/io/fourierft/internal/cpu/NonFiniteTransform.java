package io.fourierft.internal.cpu;

import static java.util.Objects.requireNonNull;

import io.fourierft.DensePath;
import io.fourierft.internal.definition.NonFiniteDelta;
import org.jspecify.annotations.Nullable;

/** The ΔW of coefficients that are not all finite, row by row from the definition. */
final class NonFiniteTransform implements DenseTransform {
  private static final int ROWS_PER_TASK = 64;

  private @Nullable NonFiniteDelta delta;

  @Override
  public void begin(DenseCoefficients coefficients, DensePath path) {
    delta = new NonFiniteDelta(coefficients.adapter());
  }

  @Override
  public int columnTasks() {
    return 0;
  }

  @Override
  public void columns(int task, Workspace workspace) {
    throw new IllegalStateException("there is no column step");
  }

  @Override
  public int rowTasks() {
    return Math.ceilDiv(requireNonNull(delta).adapter().rows(), ROWS_PER_TASK);
  }

  @Override
  public void rows(int task, RowSink sink, Workspace workspace) {
    NonFiniteDelta source = requireNonNull(delta);
    int cols = source.adapter().cols();
    float[] row = new float[cols];
    int end = (int) Math.min(source.adapter().rows(), (task + 1L) * ROWS_PER_TASK);
    for (int p = task * ROWS_PER_TASK; p < end; p++) {
      source.row(p, row);
      sink.accept(p, 1, row, 0, cols, workspace);
    }
  }

  @Override
  public long retainedBytes() {
    return 0;
  }
}
