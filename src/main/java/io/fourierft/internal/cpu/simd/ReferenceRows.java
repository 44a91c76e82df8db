package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.SpectralLocations;
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
  private DenseCoefficients coefficients = new DenseCoefficients();
  private LaneFft columnPlan;
  private LaneFft rowPlan;

  ReferenceRows(SimdPlans plans) {
    this.plans = plans;
    this.columnPlan = plans.complex(1);
    this.rowPlan = plans.complex(1);
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
        columnPlan.transform(first, 0, second, 0, workspace.scratch(columnPlan.scratchFloats()));
    store.put(task * COUNT, rowTasks(), swapped ? second : first, workspace.tile());
  }

  private void scatter(int firstColumn, float[] block) {
    SpectralLocations locations = coefficients.locations();
    float[] values = coefficients.values();
    Arrays.fill(block, 0, columnPlan.blockFloats(), 0f);
    for (int k = 0; k < locations.nFrequency(); k++) {
      int lane = locations.col(k) - firstColumn;
      if (lane >= 0 && lane < COUNT) {
        int at = locations.row(k) * WIDTH + lane;
        block[at] += values[k];
        // Zero, except that a value that is no number must reach every element.
        block[at + COUNT] += values[k] * 0f;
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

  @Override
  public long retainedBytes() {
    return store.retainedBytes();
  }
}
