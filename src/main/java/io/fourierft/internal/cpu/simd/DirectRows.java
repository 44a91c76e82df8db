package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.cpu.ColumnFold;
import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.RowSink;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * No transform at all: every element is the sum of its coefficients' cosines. For a block of rows
 * in lanes, entry e adds {@code re[e]·cos(2π·v·q/N) - im[e]·sin(2π·v·q/N)} to column q, where re
 * and im are its rotor at these rows; four columns are summed at a time, in registers.
 */
final class DirectRows implements DenseMethod {
  private static final int COLUMNS = 4;

  /** Entries summed in one go: their rotors stay in L1, and short sums keep the rounding small. */
  private static final int CHUNK = 128;

  private final SimdPlans plans;
  private final EntryRotors rotors;
  private DenseCoefficients coefficients = new DenseCoefficients();
  private PhaseTable phases;
  private int[] steps = {};
  private float[] factors = {};

  DirectRows(SimdPlans plans) {
    this.plans = plans;
    this.rotors = new EntryRotors(plans);
    this.phases = plans.phases(1);
  }

  @Override
  public void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    rotors.begin(newCoefficients);
    ColumnFold fold = newCoefficients.fold();
    phases = plans.phases(fold.cols());
    if (steps.length < fold.entries()) {
      steps = new int[fold.entries()];
      factors = new float[fold.entries()];
    }
    int[] columns = fold.columns();
    for (int i = 0; i < columns.length; i++) {
      // A column and its conjugate were folded into one, but for those that are their own.
      boolean whole = columns[i] == 0 || 2L * columns[i] == fold.cols();
      Arrays.fill(steps, fold.starts()[i], fold.starts()[i + 1], columns[i]);
      Arrays.fill(factors, fold.starts()[i], fold.starts()[i + 1], whole ? 1f : 2f);
    }
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
    ColumnFold fold = coefficients.fold();
    int cols = fold.cols();
    int entries = fold.entries();
    float[] turned = workspace.rotors(entries * WIDTH);
    rotors.turn(task * COUNT, turned);
    weigh(turned, entries);
    float[] block = workspace.first(RowBlockWriter.laneFloats(cols) + COLUMNS * COUNT);
    int[] phase = workspace.phases(entries);
    Arrays.fill(phase, 0, entries, 0);
    Arrays.fill(block, 0, cols * COUNT, 0f);
    for (int e = 0; e < entries; e += CHUNK) {
      int end = Math.min(entries, e + CHUNK);
      for (int q = 0; q < cols; q += COLUMNS) {
        sum(turned, phase, e, end, cols, block, q * COUNT);
      }
    }
    RowBlockWriter.writeSymmetric(
        block,
        workspace.second(RowBlockWriter.rowFloats(cols)),
        task * COUNT,
        fold.rows(),
        cols,
        coefficients.scale().first(),
        sink,
        workspace);
  }

  private void weigh(float[] turned, int entries) {
    for (int e = 0; e < entries; e++) {
      int at = e * WIDTH;
      FloatVector.fromArray(SPECIES, turned, at).mul(factors[e]).intoArray(turned, at);
      FloatVector.fromArray(SPECIES, turned, at + COUNT)
          .mul(factors[e])
          .intoArray(turned, at + COUNT);
    }
  }

  /** Four columns, from the phases of the first of them, which are moved on by four. */
  private void sum(
      float[] turned, int[] phase, int begin, int end, int cols, float[] block, int blockAt) {
    float[] roots = phases.roots();
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    for (int e = begin; e < end; e++) {
      int step = steps[e];
      int at0 = phase[e];
      int at1 = at0 + step;
      at1 -= at1 >= cols ? cols : 0;
      int at2 = at1 + step;
      at2 -= at2 >= cols ? cols : 0;
      int at3 = at2 + step;
      at3 -= at3 >= cols ? cols : 0;
      int at4 = at3 + step;
      phase[e] = at4 - (at4 >= cols ? cols : 0);
      FloatVector re = FloatVector.fromArray(SPECIES, turned, e * WIDTH);
      FloatVector im = FloatVector.fromArray(SPECIES, turned, e * WIDTH + COUNT);
      FloatVector cos0 = FloatVector.broadcast(SPECIES, roots[2 * at0]);
      FloatVector cos1 = FloatVector.broadcast(SPECIES, roots[2 * at1]);
      FloatVector cos2 = FloatVector.broadcast(SPECIES, roots[2 * at2]);
      FloatVector cos3 = FloatVector.broadcast(SPECIES, roots[2 * at3]);
      sum0 = FUSED ? re.fma(cos0, sum0) : re.mul(cos0).add(sum0);
      sum1 = FUSED ? re.fma(cos1, sum1) : re.mul(cos1).add(sum1);
      sum2 = FUSED ? re.fma(cos2, sum2) : re.mul(cos2).add(sum2);
      sum3 = FUSED ? re.fma(cos3, sum3) : re.mul(cos3).add(sum3);
      sum0 = sum0.sub(im.mul(roots[2 * at0 + 1]));
      sum1 = sum1.sub(im.mul(roots[2 * at1 + 1]));
      sum2 = sum2.sub(im.mul(roots[2 * at2 + 1]));
      sum3 = sum3.sub(im.mul(roots[2 * at3 + 1]));
    }
    sum0.add(FloatVector.fromArray(SPECIES, block, blockAt)).intoArray(block, blockAt);
    sum1.add(FloatVector.fromArray(SPECIES, block, blockAt + COUNT))
        .intoArray(block, blockAt + COUNT);
    sum2.add(FloatVector.fromArray(SPECIES, block, blockAt + 2 * COUNT))
        .intoArray(block, blockAt + 2 * COUNT);
    sum3.add(FloatVector.fromArray(SPECIES, block, blockAt + 3 * COUNT))
        .intoArray(block, blockAt + 3 * COUNT);
  }

  @Override
  public long retainedBytes() {
    return rotors.retainedBytes() + 8L * steps.length;
  }
}
