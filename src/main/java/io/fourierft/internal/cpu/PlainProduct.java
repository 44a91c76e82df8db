package io.fourierft.internal.cpu;

import static io.fourierft.internal.cpu.FusedMultiplyAdd.multiplyAdd;
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
  private static final int MOST_TOKENS = 256;

  /** Below this many tokens it does not pay to transpose a tile of the matrix for them. */
  private static final int FEW_TOKENS = 8;

  /** Rows of the matrix in a task for few tokens. */
  private static final int ROWS = 32;

  /** Tasks that there are to be for many tokens, at least. */
  private static final int LEAST_TASKS = 8;

  /** Columns that a loop must have to be worth its start and end. */
  private static final int LEAST_COLUMNS = 256;

  /** Inputs of one tile; with a page of columns it takes 528 KiB. */
  private static final int INPUT_TILE = 256;

  /** Rows of the matrix that are transposed together. */
  private static final int LINES = 8;

  /** Tokens whose sums of a tile are made together. */
  private static final int TOKENS = 4;

  /** As many as there are to be for many tokens, if their columns do not get too few. */
  private final int tasks;

  private boolean few;
  private int pagesPerToken;
  private int pageLength;
  private int columns;
  // The tokens: pages of each if they are few, else tile by tile of all of them.
  private float[][] pages = {};
  private float[] block = {};

  PlainProduct(int threads) {
    tasks = Math.max(LEAST_TASKS, 2 * threads);
  }

  @Override
  public int mostTokens() {
    return MOST_TOKENS;
  }

  @Override
  void reserve() {
    few = !transposed() && count() < FEW_TOKENS;
    if (few) {
      // Pages of one length, four by four.
      pagesPerToken = 4 * Math.ceilDiv(x().cols(), 4 * PAGE);
      pageLength = Math.ceilDiv(x().cols(), pagesPerToken);
      pages = PlainPages.atLeast(pages, count() * pagesPerToken);
    } else {
      columns = Math.clamp(Math.ceilDiv(out().cols(), tasks), LEAST_COLUMNS, PAGE);
      int tiles = Math.ceilDiv(x().cols(), INPUT_TILE);
      int needed = Math.multiplyExact(count() * INPUT_TILE, tiles);
      block = block.length < needed ? new float[needed] : block;
    }
  }

  @Override
  void read(int token, ElementRuns runs) {
    if (few) {
      readPages(x(), row(token), pages, token * pagesPerToken, runs);
    } else {
      int inputs = x().cols();
      for (int input = 0; input < inputs; input += INPUT_TILE) {
        int length = Math.min(INPUT_TILE, inputs - input);
        runs.load(x(), row(token), input, length, block, at(input, token));
      }
    }
  }

  /** Where a token's inputs of the tile that starts at {@code input} stand in {@link #block}. */
  private int at(int input, int token) {
    return input * count() + token * INPUT_TILE;
  }

  @Override
  public int multiplyingTasks() {
    int outputs = out().cols();
    return Math.ceilDiv(outputs, few ? ROWS : columns);
  }

  @Override
  public void multiply(int task, Workspace workspace) {
    PlainPages scratch = ((JTransformsWorkspace) workspace).pages();
    if (few) {
      scalarProducts(task * ROWS, scratch, workspace.elementRuns());
    } else {
      weightedRows(task * columns, scratch, workspace.elementRuns());
    }
  }

  // Few tokens: one scalar product each, with the row of w read once for all of them.

  private void scalarProducts(int from, PlainPages scratch, ElementRuns runs) {
    HostMatrix matrix = w();
    HostMatrix target = out();
    int count = count();
    int height = Math.min(ROWS, target.cols() - from);
    float[][] row = scratch.rows(pagesPerToken);
    float[][] results = scratch.totals(count);
    float[] sums = scratch.sums(1)[0];
    for (int p = 0; p < height; p++) {
      readPages(matrix, from + p, row, 0, runs);
      for (int t = 0; t < count; t++) {
        Arrays.fill(sums, 0, PAGE, 0);
        for (int page = 0; page < pagesPerToken; page += 4) {
          addProducts(row, page, pages, t * pagesPerToken + page, sums, pageLength);
        }
        results[t][p] = sum(sums);
      }
    }
    for (int t = 0; t < count; t++) {
      runs.add(target, row(t), from, height, results[t], 0, 1);
    }
  }

  /** Puts a row into {@code into[at ..]}, zeros after its end. */
  private void readPages(HostMatrix matrix, int row, float[][] into, int at, ElementRuns runs) {
    int cols = matrix.cols();
    for (int page = 0; page < pagesPerToken; page++) {
      int from = Math.min(cols, page * pageLength);
      int length = Math.min(pageLength, cols - from);
      runs.load(matrix, row, from, length, into[at + page], 0);
      Arrays.fill(into[at + page], length, pageLength, 0);
    }
  }

  /** {@code sums[j] += Σ a[page][j]·b[page][j]} over four pages of each. */
  private static void addProducts(
      float[][] a, int firstA, float[][] b, int firstB, float[] sums, int length) {
    float[] a0 = a[firstA];
    float[] a1 = a[firstA + 1];
    float[] a2 = a[firstA + 2];
    float[] a3 = a[firstA + 3];
    float[] b0 = b[firstB];
    float[] b1 = b[firstB + 1];
    float[] b2 = b[firstB + 2];
    float[] b3 = b[firstB + 3];
    for (int j = 0; j < length; j++) {
      float sum = multiplyAdd(a0[j], b0[j], sums[j]);
      sum = multiplyAdd(a1[j], b1[j], sum);
      sum = multiplyAdd(a2[j], b2[j], sum);
      sums[j] = multiplyAdd(a3[j], b3[j], sum);
    }
  }

  /** Of a page, in one order; the distances are constants, or there would be no vectors. */
  private static float sum(float[] page) {
    for (int j = 0; j < PAGE / 4; j++) {
      page[j] = (page[j] + page[j + PAGE / 4]) + (page[j + PAGE / 2] + page[j + 3 * PAGE / 4]);
    }
    for (int j = 0; j < PAGE / 16; j++) {
      page[j] = (page[j] + page[j + PAGE / 16]) + (page[j + PAGE / 8] + page[j + 3 * PAGE / 16]);
    }
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    for (int j = 0; j < PAGE / 16; j += 4) {
      a += page[j];
      b += page[j + 1];
      c += page[j + 2];
      d += page[j + 3];
    }
    return (a + b) + (c + d);
  }

  // Many tokens: rows of w, or of its transpose, weighted by the tokens.

  /** The columns of out from {@code column} on. */
  private void weightedRows(int column, PlainPages scratch, ElementRuns runs) {
    HostMatrix matrix = w();
    HostMatrix target = out();
    int count = count();
    int inputs = x().cols();
    int width = Math.min(columns, target.cols() - column);
    float[][] rows = scratch.rows(INPUT_TILE);
    float[][] sums = scratch.sums(TOKENS);
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
        readTransposed(matrix, column, width, input, height, rows, scratch.lines(LINES), runs);
      }
      for (int t = 0; t < count; t += TOKENS) {
        int some = Math.min(TOKENS, count - t);
        addTile(block, at(input, t), height, rows, sums, totals, t, some, width);
      }
    }
    for (int t = 0; t < count; t++) {
      runs.add(target, row(t), column, width, totals[t], 0, 1);
    }
  }

  /**
   * Sums a tile from zero and adds it to the totals of some tokens: so no error grows along the
   * inputs.
   */
  private static void addTile(
      float[] tokens,
      int first,
      int height,
      float[][] rows,
      float[][] sums,
      float[][] totals,
      int token,
      int count,
      int width) {
    for (int t = 0; t < count; t++) {
      Arrays.fill(sums[t], 0, width, 0);
    }
    if (FusedMultiplyAdd.IS_FAST) {
      FusedRows.add(tokens, first, INPUT_TILE, rows, height, sums, count, width);
    } else {
      for (int t = 0; t < count; t++) {
        addRows(tokens, first + t * INPUT_TILE, height, rows, sums[t], width);
      }
    }
    for (int t = 0; t < count; t++) {
      float[] sum = sums[t];
      float[] total = totals[token + t];
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
      float[][] lines,
      ElementRuns runs) {
    for (int p = 0; p < outputs; p += LINES) {
      int count = Math.min(LINES, outputs - p);
      for (int i = 0; i < count; i++) {
        runs.load(w, output + p + i, input, inputs, lines[i], 0);
      }
      // A page has room for what the last lines that are not there bring.
      transpose(lines, inputs, rows, p);
    }
  }

  private static void transpose(float[][] lines, int length, float[][] rows, int at) {
    float[] l0 = lines[0];
    float[] l1 = lines[1];
    float[] l2 = lines[2];
    float[] l3 = lines[3];
    float[] l4 = lines[4];
    float[] l5 = lines[5];
    float[] l6 = lines[6];
    float[] l7 = lines[7];
    for (int q = 0; q < length; q++) {
      float[] row = rows[q];
      row[at] = l0[q];
      row[at + 1] = l1[q];
      row[at + 2] = l2[q];
      row[at + 3] = l3[q];
      row[at + 4] = l4[q];
      row[at + 5] = l5[q];
      row[at + 6] = l6[q];
      row[at + 7] = l7[q];
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
