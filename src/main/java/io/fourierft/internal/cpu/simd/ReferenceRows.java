package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.cpu.ColumnFold;
import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.RowSink;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The yardstick: the spectrum in a complex matrix of all rows and columns, a complex transform of
 * every column, then of every row, and the real part. Uses no symmetry.
 */
final class ReferenceRows implements DenseMethod {
  private final SimdPlans plans;
  private final ColumnStore store = new ColumnStore();
  private DenseCoefficients coefficients;
  private LaneFft columnPlan;
  private LaneFft rowPlan;

  ReferenceRows(SimdPlans plans, DenseCoefficients coefficients) {
    this.plans = plans;
    this.coefficients = coefficients;
    this.columnPlan = plans.complex(coefficients.fold().rows());
    this.rowPlan = plans.complex(coefficients.fold().cols());
  }

  @Override
  public void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    columnPlan = plans.complex(newCoefficients.fold().rows());
    rowPlan = plans.complex(newCoefficients.fold().cols());
    store.reserve(rowTasks(), rowPlan.length());
  }

  @Override
  public int columnTasks() {
    return (coefficients.fold().cols() + COUNT - 1) / COUNT;
  }

  @Override
  public void columns(int task, SimdWorkspace workspace) {
    int floats = rowTasks() * COUNT * WIDTH;
    float[] first = workspace.first(floats);
    float[] second = workspace.second(floats);
    scatter(task * COUNT, first);
    boolean swapped =
        columnPlan.transform(
            first, 0, second, 0, workspace.scratch(columnPlan.scratchFloats()));
    store.put(task * COUNT, rowTasks(), swapped ? second : first, workspace.tile());
  }

  /** A weight was halved where its column was folded; its whole goes into the column itself. */
  private void scatter(int firstColumn, float[] block) {
    ColumnFold fold = coefficients.fold();
    float[] weights = coefficients.weights();
    Arrays.fill(block, 0, columnPlan.blockFloats(), 0f);
    for (int i = 0; i < fold.columns().length; i++) {
      int lane = fold.columns()[i] - firstColumn;
      if (lane < 0 || lane >= COUNT) {
        continue;
      }
      boolean whole = fold.columns()[i] == 0 || 2L * fold.columns()[i] == fold.cols();
      for (int e = fold.starts()[i]; e < fold.starts()[i + 1]; e++) {
        float weight = weights[e] * (whole ? 1f : 2f);
        block[fold.rowOf()[e] * WIDTH + lane] += weight;
        // Nothing, except that a weight that is no number must reach every element.
        block[fold.rowOf()[e] * WIDTH + COUNT + lane] += weight - weight;
      }
    }
  }

  @Override
  public int rowTasks() {
    return (coefficients.fold().rows() + COUNT - 1) / COUNT;
  }

  @Override
  public void rows(int task, RowSink sink, SimdWorkspace workspace) {
    int cols = rowPlan.length();
    int floats =
        Math.max(
            rowPlan.blockFloats(),
            Math.max(RowBlockWriter.laneFloats(cols), RowBlockWriter.rowFloats(cols)));
    float[] first = workspace.first(floats);
    float[] second = workspace.second(floats);
    System.arraycopy(store.block(task), 0, first, 0, rowPlan.blockFloats());
    boolean swapped =
        rowPlan.transform(first, 0, second, 0, workspace.scratch(rowPlan.scratchFloats()));
    float[] result = swapped ? second : first;
    for (int q = 0; q < cols; q++) {
      FloatVector.fromArray(SPECIES, result, q * WIDTH).intoArray(result, q * COUNT);
    }
    int firstRow = task * COUNT;
    RowBlockWriter.writeForward(
        result,
        swapped ? first : second,
        firstRow,
        Math.min(COUNT, coefficients.fold().rows() - firstRow),
        cols,
        coefficients.scale().first(),
        sink,
        workspace);
  }
}
