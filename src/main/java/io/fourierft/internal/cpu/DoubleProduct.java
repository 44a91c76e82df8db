package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.ElementRuns;

/**
 * A product in float64, for layers whose weight is F64: plain loops, whatever the kernel set. The
 * sum of an output element runs from the first input to the last.
 */
final class DoubleProduct extends TokenProduct {
  private static final int MOST_TOKENS = 256;

  /** Outputs of a task. */
  private static final int OUTPUTS = 64;

  private double[] tokens = {};

  @Override
  public int mostTokens() {
    return MOST_TOKENS;
  }

  @Override
  void reserve() {
    int needed = Math.multiplyExact(count(), x().cols());
    if (tokens.length < needed) {
      tokens = new double[needed];
    }
  }

  @Override
  void read(int token, ElementRuns runs) {
    int length = x().cols();
    runs.loadDoubles(x(), row(token), 0, length, tokens, token * length);
  }

  @Override
  public int multiplyingTasks() {
    return Math.ceilDiv(out().cols(), OUTPUTS);
  }

  @Override
  public void multiply(int task, Workspace workspace) {
    HostMatrix target = out();
    int count = count();
    int inputs = x().cols();
    int from = task * OUTPUTS;
    int width = Math.min(OUTPUTS, target.cols() - from);
    double[] sums = workspace.doubleSums(count * OUTPUTS);
    ElementRuns runs = workspace.elementRuns();
    for (int t = 0; t < count; t++) {
      runs.loadDoubles(target, row(t), from, width, sums, t * OUTPUTS);
    }
    if (transposed()) {
      addWeightedRows(from, width, inputs, sums, workspace);
    } else {
      addScalarProducts(from, width, inputs, sums, workspace);
    }
    for (int t = 0; t < count; t++) {
      runs.storeDoubles(target, row(t), from, width, sums, t * OUTPUTS);
    }
  }

  /** Of a matrix {@code [inputs, outputs]}. */
  private void addWeightedRows(
      int from, int width, int inputs, double[] sums, Workspace workspace) {
    HostMatrix matrix = w();
    int count = count();
    double[] line = workspace.doubleLine(width);
    for (int q = 0; q < inputs; q++) {
      workspace.elementRuns().loadDoubles(matrix, q, from, width, line, 0);
      for (int t = 0; t < count; t++) {
        double factor = tokens[t * inputs + q];
        int at = t * OUTPUTS;
        for (int p = 0; p < width; p++) {
          sums[at + p] += factor * line[p];
        }
      }
    }
  }

  /** Of a matrix {@code [outputs, inputs]}. */
  private void addScalarProducts(
      int from, int width, int inputs, double[] sums, Workspace workspace) {
    HostMatrix matrix = w();
    int count = count();
    double[] line = workspace.doubleLine(inputs);
    for (int p = 0; p < width; p++) {
      workspace.elementRuns().loadDoubles(matrix, from + p, 0, inputs, line, 0);
      for (int t = 0; t < count; t++) {
        double sum = sums[t * OUTPUTS + p];
        int at = t * inputs;
        for (int q = 0; q < inputs; q++) {
          sum += tokens[at + q] * line[q];
        }
        sums[t * OUTPUTS + p] = sum;
      }
    }
  }
}
