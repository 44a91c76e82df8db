package io.fourierft.internal.cpu;

import io.fourierft.AdditionReport;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.internal.definition.AdditionSums;
import io.fourierft.internal.host.ElementRuns;

/**
 * Measures what an addition did, in float64. Sums are kept for each block of rows of ΔW, which one
 * thread computes from its first row to its last, and added in order of the blocks: the result does
 * not depend on the threads.
 */
final class AdditionMeter {
  private static final int DELTA = 0;
  private static final int WEIGHT = 1;
  private static final int ERROR = 2;
  private static final int LARGEST = 3;
  private static final int NON_FINITE = 4;
  private static final int FIELDS = 5;

  private final double[] sums;
  private final long elements;

  /**
   * @param rows rows of ΔW
   * @param cols columns of ΔW
   */
  AdditionMeter(int rows, int cols) {
    sums = new double[Math.multiplyExact(FIELDS, rows)];
    elements = (long) rows * cols;
  }

  /** As {@link ElementRuns#add}, measured under the block that starts at row {@code block}. */
  void add(
      HostMatrix weight,
      int row,
      int col,
      int count,
      float[] values,
      int at,
      float sign,
      int block,
      Workspace workspace) {
    if (weight.elementType() == ElementType.F64) {
      addDoubles(weight, row, col, count, values, at, sign, FIELDS * block, workspace);
      return;
    }
    ElementRuns rows = workspace.elementRuns();
    float[] before = workspace.measured(2 * count);
    rows.load(weight, row, col, count, before, 0);
    rows.add(weight, row, col, count, values, at, sign);
    rows.load(weight, row, col, count, before, count);
    int base = FIELDS * block;
    for (int i = 0; i < count; i++) {
      double delta = sign * values[at + i];
      double stored = before[count + i];
      double error = Math.abs(stored - (before[i] + delta));
      count(base, delta, before[i], stored, error);
    }
  }

  private void addDoubles(
      HostMatrix weight,
      int row,
      int col,
      int count,
      float[] values,
      int at,
      float sign,
      int base,
      Workspace workspace) {
    double[] line = workspace.doubleLine(count);
    workspace.elementRuns().loadDoubles(weight, row, col, count, line, 0);
    for (int i = 0; i < count; i++) {
      double delta = sign * values[at + i];
      double before = line[i];
      double stored = before + delta;
      line[i] = stored;
      // What the sum of two doubles lost (Knuth's two-sum).
      double part = stored - before;
      count(base, delta, before, stored, Math.abs((before - (stored - part)) + (delta - part)));
    }
    workspace.elementRuns().storeDoubles(weight, row, col, count, line, 0);
  }

  private void count(int base, double delta, double before, double stored, double error) {
    sums[base + DELTA] += delta * delta;
    sums[base + WEIGHT] += before * before;
    if (Double.isFinite(stored)) {
      sums[base + ERROR] += error;
      sums[base + LARGEST] = Math.max(sums[base + LARGEST], error);
    } else {
      sums[base + NON_FINITE]++;
    }
  }

  /** All blocks together. The rounding error is that of the finite results. */
  AdditionReport report() {
    double deltaSquares = 0;
    double weightSquares = 0;
    double errors = 0;
    double largest = 0;
    long nonFinite = 0;
    for (int base = 0; base < sums.length; base += FIELDS) {
      deltaSquares += sums[base + DELTA];
      weightSquares += sums[base + WEIGHT];
      errors += sums[base + ERROR];
      largest = Math.max(largest, sums[base + LARGEST]);
      nonFinite += (long) sums[base + NON_FINITE];
    }
    return new AdditionSums(elements, deltaSquares, weightSquares, errors, largest, nonFinite)
        .report();
  }
}
