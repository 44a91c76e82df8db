package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import io.fourierft.internal.host.ElementRuns;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * A product of few tokens with a matrix whose columns are the outputs: sums of its rows, weighted
 * by the tokens, each part of a row read once for all tokens.
 */
final class WeightedRows implements ProductMethod {
  /** Columns of a task. */
  private static final int WIDTH = 512;

  /** Rows that are added at a time. */
  private static final int ROWS = 4;

  /** Rows between two additions to the totals, so that errors do not grow with the rows. */
  private static final int BLOCK = 256;

  private final ProductOperands operands;

  WeightedRows(ProductOperands operands) {
    this.operands = operands;
  }

  private int tokenStride() {
    return (operands.inputs() + ROWS - 1) / ROWS * ROWS;
  }

  @Override
  public int tokenFloats() {
    return Math.multiplyExact(operands.count(), tokenStride());
  }

  @Override
  public int packingTasks() {
    return operands.count();
  }

  @Override
  public void pack(int t, SimdWorkspace workspace) {
    int at = t * tokenStride();
    operands.loadToken(t, operands.tokens(), at, workspace);
    Arrays.fill(operands.tokens(), at + operands.inputs(), at + tokenStride(), 0f);
  }

  @Override
  public int multiplyingTasks() {
    return (operands.outputs() + WIDTH - 1) / WIDTH;
  }

  @Override
  public void multiply(int task, SimdWorkspace workspace) {
    int output = task * WIDTH;
    int width = Math.min(WIDTH, operands.outputs() - output);
    int floats = operands.count() * WIDTH;
    float[] totals = workspace.scratch(floats);
    float[] sums = workspace.first(floats);
    float[] rows = workspace.second(ROWS * WIDTH);
    Arrays.fill(totals, 0, floats, 0f);
    Arrays.fill(rows, 0, ROWS * WIDTH, 0f);
    for (int input = 0; input < operands.inputs(); input += BLOCK) {
      Arrays.fill(sums, 0, floats, 0f);
      addBlock(input, output, width, rows, sums, workspace);
      addTo(totals, sums, floats);
    }
    float[] line = workspace.line(WIDTH);
    for (int t = 0; t < operands.count(); t++) {
      System.arraycopy(totals, t * WIDTH, line, 0, width);
      operands.addToResult(t, output, width, line, workspace);
    }
  }

  private void addBlock(
      int first, int output, int width, float[] rows, float[] sums, SimdWorkspace workspace) {
    int end = Math.min(operands.inputs(), first + BLOCK);
    for (int input = first; input < end; input += ROWS) {
      load(input, output, width, rows, workspace);
      for (int t = 0; t < operands.count(); t++) {
        int x = t * tokenStride() + input;
        addRows(operands.tokens(), x, rows, sums, t * WIDTH, Lanes.roundUp(width));
      }
    }
  }

  private static void addTo(float[] totals, float[] sums, int count) {
    for (int i = 0; i < count; i++) {
      totals[i] += sums[i];
    }
  }

  private void load(int input, int output, int width, float[] rows, SimdWorkspace workspace) {
    ElementRuns from = workspace.elementRuns();
    int there = Math.min(ROWS, operands.inputs() - input);
    for (int r = 0; r < there; r++) {
      from.load(operands.w(), input + r, output, width, rows, r * WIDTH);
    }
    for (int r = there; r < ROWS; r++) {
      Arrays.fill(rows, r * WIDTH, r * WIDTH + width, 0f);
    }
  }

  private static void addRows(
      float[] tokens, int x, float[] rows, float[] sums, int at, int width) {
    FloatVector x0 = FloatVector.broadcast(SPECIES, tokens[x]);
    FloatVector x1 = FloatVector.broadcast(SPECIES, tokens[x + 1]);
    FloatVector x2 = FloatVector.broadcast(SPECIES, tokens[x + 2]);
    FloatVector x3 = FloatVector.broadcast(SPECIES, tokens[x + 3]);
    for (int j = 0; j < width; j += COUNT) {
      FloatVector sum = FloatVector.fromArray(SPECIES, sums, at + j);
      FloatVector w0 = FloatVector.fromArray(SPECIES, rows, j);
      FloatVector w1 = FloatVector.fromArray(SPECIES, rows, WIDTH + j);
      FloatVector w2 = FloatVector.fromArray(SPECIES, rows, 2 * WIDTH + j);
      FloatVector w3 = FloatVector.fromArray(SPECIES, rows, 3 * WIDTH + j);
      sum = FUSED ? x0.fma(w0, sum) : x0.mul(w0).add(sum);
      sum = FUSED ? x1.fma(w1, sum) : x1.mul(w1).add(sum);
      sum = FUSED ? x2.fma(w2, sum) : x2.mul(w2).add(sum);
      sum = FUSED ? x3.fma(w3, sum) : x3.mul(w3).add(sum);
      sum.intoArray(sums, at + j);
    }
  }
}
