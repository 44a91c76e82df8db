package io.fourierft.internal.cpu;

import static io.fourierft.internal.cpu.PlainPages.PAGE;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.ElementRuns;
import java.util.Arrays;

/**
 * A product in plain loops over {@link PlainPages} that the compiler turns into vector
 * instructions. The sums of one output element run in one fixed order.
 */
final class PlainProduct extends TokenProduct {
  /** Tokens that are worked on together. */
  private static final int MOST_TOKENS = PAGE;

  /** Below this many tokens it does not pay to transpose a tile of the matrix for them. */
  private static final int FEW_TOKENS = 8;

  /** Rows of the matrix in a task for few tokens. */
  private static final int ROWS = 32;

  /** Columns of the output in a task for many tokens. */
  private static final int COLUMNS = PAGE;

  /** Inputs of one tile; with {@link #COLUMNS} columns it takes 128 KiB. */
  private static final int INPUT_TILE = 128;

  private boolean few;
  private int pagesPerToken;
  // The tokens: pages of each if they are few, else one after another.
  private float[][] pages = {};
  private float[] block = {};

  @Override
  public int mostTokens() {
    return MOST_TOKENS;
  }

  @Override
  void reserve() {
    few = !transposed() && count() < FEW_TOKENS;
    pagesPerToken = Math.ceilDiv(x().cols(), PAGE);
    if (few) {
      pages = PlainPages.atLeast(pages, count() * pagesPerToken);
    } else {
      int needed = Math.multiplyExact(count(), x().cols());
      block = block.length < needed ? new float[needed] : block;
    }
  }

  @Override
  void read(int token, ElementRuns runs) {
    if (few) {
      readPages(x(), row(token), pages, token * pagesPerToken, runs);
    } else {
      int length = x().cols();
      runs.load(x(), row(token), 0, length, block, token * length);
    }
  }

  @Override
  public int multiplyingTasks() {
    int outputs = out().cols();
    return Math.ceilDiv(outputs, few ? ROWS : COLUMNS);
  }

  @Override
  public void multiply(int task, Workspace workspace) {
    PlainPages scratch = ((JTransformsWorkspace) workspace).pages();
    if (few) {
      scalarProducts(task * ROWS, scratch, workspace.elementRuns());
    } else {
      weightedRows(task * COLUMNS, scratch, workspace.elementRuns());
    }
  }

  // Few tokens: one scalar product each, with the row of w read once for all of them.

  private void scalarProducts(int from, PlainPages scratch, ElementRuns runs) {
    HostMatrix matrix = w();
    HostMatrix target = out();
    int count = count();
    int height = Math.min(ROWS, target.cols() - from);
    float[][] row = scratch.rows(pagesPerToken);
    float[][] results = scratch.sums(count + 1);
    float[] sums = results[count];
    for (int p = 0; p < height; p++) {
      readPages(matrix, from + p, row, 0, runs);
      for (int t = 0; t < count; t++) {
        results[t][p] = scalarProduct(row, pages, t * pagesPerToken, pagesPerToken, sums);
      }
    }
    for (int t = 0; t < count; t++) {
      runs.add(target, row(t), from, height, results[t], 0, 1);
    }
  }

  /** Puts a row into {@code into[at ..]}, the rest of the last page zero. */
  private static void readPages(
      HostMatrix matrix, int row, float[][] into, int at, ElementRuns runs) {
    int cols = matrix.cols();
    for (int q = 0; q < cols; q += PAGE) {
      int length = Math.min(PAGE, cols - q);
      float[] page = into[at + q / PAGE];
      runs.load(matrix, row, q, length, page, 0);
      Arrays.fill(page, length, PAGE, 0);
    }
  }

  private static float scalarProduct(
      float[][] a, float[][] b, int firstB, int count, float[] sums) {
    Arrays.fill(sums, 0);
    for (int page = 0; page < count; page++) {
      multiplyAdd(a[page], b[firstB + page], sums);
    }
    for (int half = PAGE / 2; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        sums[j] += sums[half + j];
      }
    }
    return sums[0];
  }

  private static void multiplyAdd(float[] a, float[] b, float[] sums) {
    for (int j = 0; j < PAGE; j++) {
      sums[j] += a[j] * b[j];
    }
  }

  // Many tokens: rows of w, or of its transpose, weighted by the tokens.

  /** The columns of out from {@code column} on. */
  private void weightedRows(int column, PlainPages scratch, ElementRuns runs) {
    HostMatrix matrix = w();
    HostMatrix target = out();
    int count = count();
    int inputs = x().cols();
    int width = Math.min(COLUMNS, target.cols() - column);
    float[][] rows = scratch.rows(INPUT_TILE);
    float[][] sums = scratch.sums(count + 1);
    float[][] totals = scratch.totals(count);
    for (int t = 0; t < count; t++) {
      Arrays.fill(totals[t], 0, width, 0);
    }
    for (int input = 0; input < inputs; input += INPUT_TILE) {
      int height = Math.min(INPUT_TILE, inputs - input);
      if (transposed()) {
        for (int r = 0; r < height; r++) {
          runs.load(matrix, input + r, column, width, rows[r], 0);
        }
      } else {
        readTransposed(matrix, column, width, input, height, rows, sums[count], runs);
      }
      addTile(block, input, inputs, height, rows, sums, totals, count, width);
    }
    for (int t = 0; t < count; t++) {
      runs.add(target, row(t), column, width, totals[t], 0, 1);
    }
  }

  /** Sums a tile from zero and adds it to the totals: so no error grows along the inputs. */
  private static void addTile(
      float[] tokens,
      int input,
      int inputs,
      int height,
      float[][] rows,
      float[][] sums,
      float[][] totals,
      int count,
      int width) {
    for (int t = 0; t < count; t++) {
      Arrays.fill(sums[t], 0, width, 0);
    }
    if (FusedMultiplyAdd.IS_FAST) {
      FusedRows.add(tokens, input, inputs, rows, height, sums, count, width);
    } else {
      for (int t = 0; t < count; t++) {
        addRows(tokens, t * inputs + input, height, rows, sums[t], width);
      }
    }
    for (int t = 0; t < count; t++) {
      float[] sum = sums[t];
      float[] total = totals[t];
      for (int j = 0; j < width; j++) {
        total[j] += sum[j];
      }
    }
  }

  /** {@code rows[q][p] = w[output + p, input + q]}. */
  private static void readTransposed(
      HostMatrix w,
      int output,
      int outputs,
      int input,
      int inputs,
      float[][] rows,
      float[] line,
      ElementRuns runs) {
    for (int p = 0; p < outputs; p++) {
      runs.load(w, output + p, input, inputs, line, 0);
      for (int q = 0; q < inputs; q++) {
        rows[q][p] = line[q];
      }
    }
  }

  /** {@code sums[j] += Σ_i factors[at + i]·rows[i][j]} for {@code count} rows. */
  private static void addRows(
      float[] factors, int at, int count, float[][] rows, float[] sums, int length) {
    int i = 0;
    for (; i + 4 <= count; i += 4) {
      addFourRows(
          factors[at + i],
          rows[i],
          factors[at + i + 1],
          rows[i + 1],
          factors[at + i + 2],
          rows[i + 2],
          factors[at + i + 3],
          rows[i + 3],
          sums,
          length);
    }
    for (; i < count; i++) {
      addRow(factors[at + i], rows[i], sums, length);
    }
  }

  private static void addFourRows(
      float f0,
      float[] r0,
      float f1,
      float[] r1,
      float f2,
      float[] r2,
      float f3,
      float[] r3,
      float[] sums,
      int length) {
    for (int j = 0; j < length; j++) {
      sums[j] += (f0 * r0[j] + f1 * r1[j]) + (f2 * r2[j] + f3 * r3[j]);
    }
  }

  private static void addRow(float factor, float[] row, float[] sums, int length) {
    for (int j = 0; j < length; j++) {
      sums[j] += factor * row[j];
    }
  }
}
