package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;

import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.RowSink;

/**
 * Columns without a transform: each is the sum of its few coefficients' rotations, formed for the
 * block of rows that is about to be transformed, and never stored.
 */
final class PrunedRows implements DenseMethod {
  private final SimdPlans plans;
  private final EntryRotors rotors;
  private DenseCoefficients coefficients = new DenseCoefficients();
  private RealLaneFft rowPlan;

  PrunedRows(SimdPlans plans) {
    this.plans = plans;
    this.rotors = new EntryRotors(plans);
    this.rowPlan = plans.real(1);
  }

  @Override
  public void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    rotors.begin(newCoefficients);
    rowPlan = plans.real(newCoefficients.fold().cols());
  }

  @Override
  public int columnTasks() {
    return rotors.tasks();
  }

  @Override
  public void columns(int task, SimdWorkspace workspace) {
    rotors.prepare(task);
  }

  @Override
  public int rowTasks() {
    return RowBlockWriter.symmetricBlocks(coefficients.fold().rows());
  }

  @Override
  public void rows(int task, RowSink sink, SimdWorkspace workspace) {
    int firstRow = task * COUNT;
    float[] first = workspace.first(RowTransform.floats(rowPlan));
    rotors.sumColumns(firstRow, first);
    RowTransform.run(rowPlan, firstRow, coefficients, sink, workspace);
  }

  @Override
  public long retainedBytes() {
    return rotors.retainedBytes();
  }
}
