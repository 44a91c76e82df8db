package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import io.fourierft.internal.host.ElementRuns;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * A product of few tokens with a matrix whose rows are the outputs: scalar products with the lanes
 * along the inputs, each row of the matrix read once for all tokens.
 */
final class DotProducts implements ProductMethod {
  /** Rows of a task. */
  private static final int TASK_ROWS = 64;

  /** Rows that are multiplied at a time. */
  private static final int ROWS = 4;

  /** Inputs that are read at a time. */
  private static final int CHUNK = 1024;

  /** Floats from one row of a chunk to the next: no multiple of a page. */
  private static final int STRIDE = CHUNK + COUNT;

  private final ProductOperands operands;

  DotProducts(ProductOperands operands) {
    this.operands = operands;
  }

  /** Floats from one token to the next: no multiple of a page. */
  private int tokenStride() {
    return Lanes.roundUp(operands.inputs()) + COUNT;
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
    return (operands.outputs() + TASK_ROWS - 1) / TASK_ROWS;
  }

  @Override
  public void multiply(int task, SimdWorkspace workspace) {
    int first = task * TASK_ROWS;
    int rows = Math.min(TASK_ROWS, operands.outputs() - first);
    int floats = operands.count() * TASK_ROWS * COUNT;
    float[] sums = workspace.first(floats);
    float[] chunk = workspace.second(ROWS * STRIDE);
    Arrays.fill(sums, 0, floats, 0f);
    for (int r = 0; r < rows; r += ROWS) {
      int height = Math.min(ROWS, rows - r);
      for (int input = 0; input < operands.inputs(); input += CHUNK) {
        int count = Math.min(CHUNK, operands.inputs() - input);
        load(first + r, height, input, count, chunk, workspace);
        addChunk(input, Lanes.roundUp(count), chunk, sums, r);
      }
    }
    addToResults(first, rows, sums, workspace);
  }

  private void load(
      int row, int height, int input, int count, float[] chunk, SimdWorkspace workspace) {
    ElementRuns from = workspace.elementRuns();
    int padded = Lanes.roundUp(count);
    for (int r = 0; r < height; r++) {
      from.load(operands.w(), row + r, input, count, chunk, r * STRIDE);
      Arrays.fill(chunk, r * STRIDE + count, r * STRIDE + padded, 0f);
    }
    for (int r = height; r < ROWS; r++) {
      Arrays.fill(chunk, r * STRIDE, r * STRIDE + padded, 0f);
    }
  }

  private void addChunk(int input, int count, float[] chunk, float[] sums, int row) {
    float[] tokens = operands.tokens();
    int stride = tokenStride();
    int t = 0;
    for (; t + 4 <= operands.count(); t += 4) {
      for (int r = 0; r < ROWS; r += 2) {
        addFourTokens(
            tokens, t * stride + input, stride, chunk, r * STRIDE, count, sums, at(t, row + r));
      }
    }
    for (; t < operands.count(); t++) {
      addToken(tokens, t * stride + input, chunk, count, sums, at(t, row));
    }
  }

  /** Where the sums of a token and a row are. */
  private static int at(int t, int row) {
    return (t * TASK_ROWS + row) * COUNT;
  }

  /** One token, four rows. */
  private static void addToken(
      float[] tokens, int x, float[] chunk, int count, float[] sums, int at) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = FloatVector.zero(SPECIES);
    FloatVector s2 = FloatVector.zero(SPECIES);
    FloatVector s3 = FloatVector.zero(SPECIES);
    for (int k = 0; k < count; k += COUNT) {
      FloatVector v = FloatVector.fromArray(SPECIES, tokens, x + k);
      FloatVector w0 = FloatVector.fromArray(SPECIES, chunk, k);
      FloatVector w1 = FloatVector.fromArray(SPECIES, chunk, k + STRIDE);
      FloatVector w2 = FloatVector.fromArray(SPECIES, chunk, k + 2 * STRIDE);
      FloatVector w3 = FloatVector.fromArray(SPECIES, chunk, k + 3 * STRIDE);
      s0 = FUSED ? v.fma(w0, s0) : v.mul(w0).add(s0);
      s1 = FUSED ? v.fma(w1, s1) : v.mul(w1).add(s1);
      s2 = FUSED ? v.fma(w2, s2) : v.mul(w2).add(s2);
      s3 = FUSED ? v.fma(w3, s3) : v.mul(w3).add(s3);
    }
    s0.add(FloatVector.fromArray(SPECIES, sums, at)).intoArray(sums, at);
    s1.add(FloatVector.fromArray(SPECIES, sums, at + COUNT)).intoArray(sums, at + COUNT);
    s2.add(FloatVector.fromArray(SPECIES, sums, at + 2 * COUNT)).intoArray(sums, at + 2 * COUNT);
    s3.add(FloatVector.fromArray(SPECIES, sums, at + 3 * COUNT)).intoArray(sums, at + 3 * COUNT);
  }

  /** Four tokens, two rows. */
  private static void addFourTokens(
      float[] tokens, int x, int stride, float[] chunk, int w, int count, float[] sums, int at) {
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s11 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s21 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s31 = FloatVector.zero(SPECIES);
    for (int k = 0; k < count; k += COUNT) {
      FloatVector w0 = FloatVector.fromArray(SPECIES, chunk, w + k);
      FloatVector w1 = FloatVector.fromArray(SPECIES, chunk, w + STRIDE + k);
      FloatVector x0 = FloatVector.fromArray(SPECIES, tokens, x + k);
      s00 = FUSED ? x0.fma(w0, s00) : x0.mul(w0).add(s00);
      s01 = FUSED ? x0.fma(w1, s01) : x0.mul(w1).add(s01);
      FloatVector x1 = FloatVector.fromArray(SPECIES, tokens, x + stride + k);
      s10 = FUSED ? x1.fma(w0, s10) : x1.mul(w0).add(s10);
      s11 = FUSED ? x1.fma(w1, s11) : x1.mul(w1).add(s11);
      FloatVector x2 = FloatVector.fromArray(SPECIES, tokens, x + 2 * stride + k);
      s20 = FUSED ? x2.fma(w0, s20) : x2.mul(w0).add(s20);
      s21 = FUSED ? x2.fma(w1, s21) : x2.mul(w1).add(s21);
      FloatVector x3 = FloatVector.fromArray(SPECIES, tokens, x + 3 * stride + k);
      s30 = FUSED ? x3.fma(w0, s30) : x3.mul(w0).add(s30);
      s31 = FUSED ? x3.fma(w1, s31) : x3.mul(w1).add(s31);
    }
    s00.add(FloatVector.fromArray(SPECIES, sums, at)).intoArray(sums, at);
    s01.add(FloatVector.fromArray(SPECIES, sums, at + COUNT)).intoArray(sums, at + COUNT);
    s10.add(FloatVector.fromArray(SPECIES, sums, at + at(1, 0))).intoArray(sums, at + at(1, 0));
    s11.add(FloatVector.fromArray(SPECIES, sums, at + at(1, 1))).intoArray(sums, at + at(1, 1));
    s20.add(FloatVector.fromArray(SPECIES, sums, at + at(2, 0))).intoArray(sums, at + at(2, 0));
    s21.add(FloatVector.fromArray(SPECIES, sums, at + at(2, 1))).intoArray(sums, at + at(2, 1));
    s30.add(FloatVector.fromArray(SPECIES, sums, at + at(3, 0))).intoArray(sums, at + at(3, 0));
    s31.add(FloatVector.fromArray(SPECIES, sums, at + at(3, 1))).intoArray(sums, at + at(3, 1));
  }

  private void addToResults(int first, int rows, float[] sums, SimdWorkspace workspace) {
    float[] line = workspace.line(TASK_ROWS);
    float[] turned = workspace.scratch(COUNT * COUNT);
    for (int t = 0; t < operands.count(); t++) {
      for (int r = 0; r < rows; r += COUNT) {
        Transposer.turn(sums, at(t, r), COUNT, workspace.tile(), turned, 0, COUNT);
        addVectors(turned, line, r);
      }
      operands.addToResult(t, first, rows, line, workspace);
    }
  }

  /** The sum of a square's vectors. */
  private static void addVectors(float[] square, float[] line, int at) {
    FloatVector sum = FloatVector.fromArray(SPECIES, square, 0);
    for (int l = 1; l < COUNT; l++) {
      sum = sum.add(FloatVector.fromArray(SPECIES, square, l * COUNT));
    }
    sum.intoArray(line, at);
  }
}
