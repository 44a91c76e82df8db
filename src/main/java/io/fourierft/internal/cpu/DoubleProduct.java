package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.ElementRuns;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A product in float64, for layers whose weight is F64: plain loops, whatever the kernel set. The
 * sum of an output element runs from the first input to the last.
 */
final class DoubleProduct implements MatrixProduct {
  private static final int MOST_TOKENS = 256;

  /** Tokens that one task reads. */
  private static final int PACKED_TOKENS = 8;

  /** Outputs of a task. */
  private static final int OUTPUTS = 64;

  private @Nullable HostMatrix x;
  private @Nullable HostMatrix w;
  private @Nullable HostMatrix out;
  private boolean transposed;
  private int first;
  private int count;
  private double[] tokens = {};

  @Override
  public int mostTokens() {
    return MOST_TOKENS;
  }

  @Override
  public void begin(
      HostMatrix newX,
      int newFirst,
      int newCount,
      HostMatrix newW,
      boolean isTransposed,
      HostMatrix newOut) {
    x = newX;
    first = newFirst;
    count = newCount;
    w = newW;
    transposed = isTransposed;
    out = newOut;
    int needed = Math.multiplyExact(newCount, newX.cols());
    if (tokens.length < needed) {
      tokens = new double[needed];
    }
  }

  @Override
  public int packingTasks() {
    return Math.ceilDiv(count, PACKED_TOKENS);
  }

  @Override
  public void pack(int task, Workspace workspace) {
    HostMatrix from = Objects.requireNonNull(x);
    int end = Math.min(count, (task + 1) * PACKED_TOKENS);
    for (int t = task * PACKED_TOKENS; t < end; t++) {
      workspace.elementRuns().loadDoubles(from, first + t, 0, from.cols(), tokens, t * from.cols());
    }
  }

  @Override
  public int multiplyingTasks() {
    return Math.ceilDiv(Objects.requireNonNull(out).cols(), OUTPUTS);
  }

  @Override
  public void multiply(int task, Workspace workspace) {
    HostMatrix target = Objects.requireNonNull(out);
    int inputs = Objects.requireNonNull(x).cols();
    int from = task * OUTPUTS;
    int width = Math.min(OUTPUTS, target.cols() - from);
    double[] sums = workspace.doubleSums(count * OUTPUTS);
    ElementRuns runs = workspace.elementRuns();
    for (int t = 0; t < count; t++) {
      runs.loadDoubles(target, first + t, from, width, sums, t * OUTPUTS);
    }
    if (transposed) {
      addWeightedRows(from, width, inputs, sums, workspace);
    } else {
      addScalarProducts(from, width, inputs, sums, workspace);
    }
    for (int t = 0; t < count; t++) {
      runs.storeDoubles(target, first + t, from, width, sums, t * OUTPUTS);
    }
  }

  /** Of a matrix {@code [inputs, outputs]}. */
  private void addWeightedRows(
      int from, int width, int inputs, double[] sums, Workspace workspace) {
    HostMatrix matrix = Objects.requireNonNull(w);
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
    HostMatrix matrix = Objects.requireNonNull(w);
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

  @Override
  public void end() {
    x = null;
    w = null;
    out = null;
  }
}
