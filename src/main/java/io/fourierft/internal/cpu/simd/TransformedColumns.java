package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.cpu.ColumnFold;
import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.RowSink;
import java.util.Arrays;

/**
 * Columns by a transform each: all of the half spectrum, or those that hold a coefficient. The
 * coefficients are real, so a column is a real sequence and its transform has rows 0 to M/2.
 */
final class TransformedColumns implements DenseMethod {
  private final SimdPlans plans;
  private final boolean pruned;
  private final ColumnStore store = new ColumnStore();
  private DenseCoefficients coefficients = new DenseCoefficients();
  private RealLaneFft columnPlan;
  private RealLaneFft rowPlan;

  TransformedColumns(SimdPlans plans, boolean pruned) {
    this.plans = plans;
    this.pruned = pruned;
    this.columnPlan = plans.real(1);
    this.rowPlan = plans.real(1);
  }

  @Override
  public void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    columnPlan = plans.real(newCoefficients.fold().rows());
    rowPlan = plans.real(newCoefficients.fold().cols());
    store.reserve(rowTasks(), columnCount());
  }

  private int columnCount() {
    ColumnFold fold = coefficients.fold();
    return pruned ? fold.columns().length : fold.cols() / 2 + 1;
  }

  @Override
  public int columnTasks() {
    return (columnCount() + COUNT - 1) / COUNT;
  }

  @Override
  public void columns(int task, SimdWorkspace workspace) {
    int rowBlocks = rowTasks();
    int floats = Math.max(columnPlan.blockFloats(), rowBlocks * COUNT * WIDTH);
    float[] first = workspace.first(floats);
    float[] second = workspace.second(floats);
    scatter(task * COUNT, first);
    boolean swapped =
        columnPlan.forward(first, 0, second, 0, workspace.scratch(columnPlan.scratchFloats()));
    store.put(task * COUNT, rowBlocks, swapped ? second : first, workspace.tile());
  }

  /** The weights of columns {@code firstColumn + l}, one a lane, as real sequences. */
  private void scatter(int firstColumn, float[] block) {
    ColumnFold fold = coefficients.fold();
    float[] weights = coefficients.weights();
    int[] rowOf = fold.rowOf();
    Arrays.fill(block, 0, fold.rows() * COUNT, 0f);
    int[] columns = fold.columns();
    int begin = pruned ? firstColumn : lowerBound(columns, firstColumn);
    int end =
        pruned
            ? Math.min(columns.length, firstColumn + COUNT)
            : lowerBound(columns, firstColumn + COUNT);
    for (int i = begin; i < end; i++) {
      int lane = pruned ? i - firstColumn : columns[i] - firstColumn;
      for (int e = fold.starts()[i]; e < fold.starts()[i + 1]; e++) {
        block[rowOf[e] * COUNT + lane] += weights[e];
      }
    }
  }

  private static int lowerBound(int[] sorted, int value) {
    int at = Arrays.binarySearch(sorted, value);
    return at < 0 ? -at - 1 : at;
  }

  @Override
  public int rowTasks() {
    return RowBlockWriter.symmetricBlocks(coefficients.fold().rows());
  }

  @Override
  public void rows(int task, RowSink sink, SimdWorkspace workspace) {
    float[] first = workspace.first(RowTransform.floats(rowPlan));
    float[] block = store.block(task);
    if (pruned) {
      int[] columns = coefficients.fold().columns();
      Arrays.fill(first, 0, rowPlan.bins() * WIDTH, 0f);
      for (int i = 0; i < columns.length; i++) {
        System.arraycopy(block, i * WIDTH, first, columns[i] * WIDTH, WIDTH);
      }
    } else {
      System.arraycopy(block, 0, first, 0, rowPlan.bins() * WIDTH);
    }
    RowTransform.run(rowPlan, task * COUNT, coefficients, sink, workspace);
  }

  @Override
  public long retainedBytes() {
    return store.retainedBytes();
  }
}
