package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.internal.cpu.ColumnFold;
import io.fourierft.internal.cpu.DeltaGradient;
import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.FoldedLocations;
import io.fourierft.internal.cpu.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The gradient from a dense H: the rows of H in lanes, real transforms, and for every coefficient
 * the sum down its column by exact rotation, as {@link EntryRotors} the other way round.
 */
final class SimdDeltaGradient implements DeltaGradient {
  private static final HostMatrix NOTHING =
      new HostMatrix(MemorySegment.NULL, ElementType.F32, 0, 1, 1);

  private final SimdPlans plans;
  private final ColumnStore store = new ColumnStore();
  private ColumnFold fold = new DenseCoefficients().fold();
  private HostMatrix gradient = NOTHING;
  private RealLaneFft rowPlan;
  private PhaseTable phases;

  SimdDeltaGradient(SimdPlans plans) {
    this.plans = plans;
    this.rowPlan = plans.real(1);
    this.phases = plans.phases(1);
  }

  @Override
  public void begin(FoldedLocations locations, HostMatrix deltaGradient) {
    fold = locations.columns();
    gradient = deltaGradient;
    rowPlan = plans.real(fold.cols());
    phases = plans.phases(fold.rows());
    store.reserve(rowTasks(), fold.columns().length);
  }

  @Override
  public int rowTasks() {
    return (fold.rows() + COUNT - 1) / COUNT;
  }

  @Override
  public void rows(int task, Workspace workspace) {
    SimdWorkspace own = (SimdWorkspace) workspace;
    int cols = fold.cols();
    int floats =
        Math.max(
            rowPlan.blockFloats(),
            Math.max(RowBlockWriter.laneFloats(cols), LaneRows.rowFloats(cols)));
    float[] data = own.first(floats);
    float[] work = own.second(floats);
    int first = task * COUNT;
    int count = Math.min(COUNT, fold.rows() - first);
    long broken = LaneRows.load(gradient, first, count, work, data, own);
    boolean swapped = rowPlan.forward(data, 0, work, 0, own.scratch(rowPlan.scratchFloats()));
    float[] spectrum = swapped ? work : data;
    float[] kept = store.block(task);
    int[] columns = fold.columns();
    for (int i = 0; i < columns.length; i++) {
      System.arraycopy(spectrum, columns[i] * WIDTH, kept, i * WIDTH, WIDTH);
    }
    if (broken != 0) {
      LaneRows.spoil(kept, columns.length * WIDTH, broken);
    }
  }

  @Override
  public int columnTasks() {
    return (fold.columns().length + COUNT - 1) / COUNT;
  }

  @Override
  public void columns(int task, float[] sums, Workspace workspace) {
    int firstColumn = task * COUNT;
    int endColumn = Math.min(fold.columns().length, firstColumn + COUNT);
    int begin = fold.starts()[firstColumn];
    int entries = fold.starts()[endColumn] - begin;
    float[] totals = ((SimdWorkspace) workspace).rotors(entries * WIDTH);
    Arrays.fill(totals, 0, entries * WIDTH, 0f);
    for (int block = 0; block < rowTasks(); block++) {
      float[] kept = store.block(block);
      for (int i = firstColumn; i < endColumn; i++) {
        addColumn(kept, i, block * COUNT, totals, begin);
      }
    }
    for (int e = begin; e < begin + entries; e++) {
      sums[e] = sumLanes(totals, (e - begin) * WIDTH, fold.rowOf()[e]);
    }
  }

  /** Adds {@code e^{2πi·u·firstRow/M}} times the rows of a column to each of its entries. */
  private void addColumn(float[] kept, int column, int firstRow, float[] totals, int begin) {
    FloatVector re = FloatVector.fromArray(SPECIES, kept, column * WIDTH);
    FloatVector im = FloatVector.fromArray(SPECIES, kept, column * WIDTH + COUNT);
    float[] roots = phases.roots();
    int end = fold.starts()[column + 1];
    int[] rowOf = fold.rowOf();
    for (int e = fold.starts()[column]; e < end; e++) {
      int phase = 2 * phases.product(rowOf[e], firstRow);
      float cos = roots[phase];
      float sin = roots[phase + 1];
      int at = (e - begin) * WIDTH;
      FloatVector totalRe = FloatVector.fromArray(SPECIES, totals, at);
      FloatVector totalIm = FloatVector.fromArray(SPECIES, totals, at + COUNT);
      totalRe.add(re.mul(cos).sub(im.mul(sin))).intoArray(totals, at);
      totalIm.add(im.mul(cos).add(re.mul(sin))).intoArray(totals, at + COUNT);
    }
  }

  private float sumLanes(float[] totals, int at, int row) {
    float[] roots = phases.roots();
    double sum = 0;
    int phase = 0;
    for (int l = 0; l < COUNT; l++) {
      sum += (double) totals[at + l] * roots[2 * phase];
      sum -= (double) totals[at + COUNT + l] * roots[2 * phase + 1];
      phase += row;
      phase -= phase >= fold.rows() ? fold.rows() : 0;
    }
    return (float) sum;
  }

  @Override
  public void end() {
    gradient = NOTHING;
  }

  @Override
  public long retainedBytes() {
    return store.retainedBytes();
  }
}
