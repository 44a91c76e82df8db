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
    measure(before, count, values, at, sign, FIELDS * block);
  }

  /**
   * Adds up a run: {@code before} has the weights, then what was stored. Of each sum there are two,
   * of the even and of the odd elements, so that no addition waits for the one before it; which
   * element goes to which does not depend on the machine.
   */
  private void measure(float[] before, int count, float[] values, int at, float sign, int base) {
    double delta0 = 0;
    double delta1 = 0;
    double weight0 = 0;
    double weight1 = 0;
    double error0 = 0;
    double error1 = 0;
    double largest0 = 0;
    double largest1 = 0;
    int nonFinite = 0;
    for (int i = 0; i + 1 < count; i += 2) {
      double first = sign * values[at + i];
      double second = sign * values[at + i + 1];
      double stored0 = before[count + i];
      double stored1 = before[count + i + 1];
      delta0 += first * first;
      delta1 += second * second;
      weight0 += (double) before[i] * before[i];
      weight1 += (double) before[i + 1] * before[i + 1];
      if (Math.abs(stored0) <= Float.MAX_VALUE) {
        double error = Math.abs(stored0 - (before[i] + first));
        error0 += error;
        largest0 = error > largest0 ? error : largest0;
      } else {
        nonFinite++;
      }
      if (Math.abs(stored1) <= Float.MAX_VALUE) {
        double error = Math.abs(stored1 - (before[i + 1] + second));
        error1 += error;
        largest1 = error > largest1 ? error : largest1;
      } else {
        nonFinite++;
      }
    }
    sums[base + DELTA] += delta0 + delta1;
    sums[base + WEIGHT] += weight0 + weight1;
    sums[base + ERROR] += error0 + error1;
    sums[base + LARGEST] = Math.max(sums[base + LARGEST], Math.max(largest0, largest1));
    sums[base + NON_FINITE] += nonFinite;
    if (count % 2 != 0) {
      double delta = sign * values[at + count - 1];
      double stored = before[2 * count - 1];
      double weight = before[count - 1];
      count(base, delta, weight, stored, Math.abs(stored - (weight + delta)));
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
