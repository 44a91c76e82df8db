package io.fourierft.internal.cpu;

import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.host.MatrixRows;
import io.fourierft.internal.host.RangeExecutor;
import io.fourierft.internal.host.Shelf;
import java.util.Arrays;
import java.util.List;

/**
 * Products of activations with a dense matrix on the CPU, in float32, added to their output. Plain
 * loops over arrays that the compiler turns into vector instructions. The sums of one output
 * element run in one fixed order, so results do not depend on the number of threads. Thread-safe.
 */
public final class PlainProduct implements DenseProduct {
  /**
   * Numbers in a page. Matrices are cut into pages, arrays of their own, so that a loop over
   * several of them runs with one index: only then does the compiler know that what is written is
   * not what is read, and makes vector instructions of it.
   */
  private static final int PAGE = 256;

  /** Tokens that are worked on together. */
  private static final int TOKEN_BLOCK = PAGE;

  /** Below this many tokens it does not pay to transpose a tile of the matrix for them. */
  private static final int FEW_TOKENS = 8;

  /** Rows of the matrix in one piece of work. */
  private static final int ROW_BLOCK = 32;

  /** Columns of the matrix in one piece of work. */
  private static final int COLUMN_BLOCK = PAGE;

  /** Inputs of one tile; with {@link #COLUMN_BLOCK} columns it takes 128 KiB. */
  private static final int INPUT_TILE = 128;

  /** Multiply-adds below which handing work to other threads costs more than it saves. */
  private static final long PARALLEL_FROM = 1 << 17;

  private final RangeExecutor executor;
  private final Shelf<float[]> scratch;
  private final Shelf<float[][]> pages = Shelf.ofPages(PAGE);

  /** Products on the threads of {@code executor}. */
  public PlainProduct(RangeExecutor executor, Shelf<float[]> scratch) {
    this.executor = executor;
    this.scratch = scratch;
  }

  @Override
  public void addTimesTransposed(HostMatrix x, HostMatrix w, HostMatrix out) {
    requireProduct(x, w.cols(), w, w.rows(), out);
    for (int from = 0; from < x.rows(); from += TOKEN_BLOCK) {
      int tokens = Math.min(TOKEN_BLOCK, x.rows() - from);
      if (tokens < FEW_TOKENS) {
        scalarProducts(x, from, tokens, w, out);
      } else {
        weightedRows(x, from, tokens, w, true, out);
      }
    }
  }

  @Override
  public void addTimes(HostMatrix x, HostMatrix w, HostMatrix out) {
    requireProduct(x, w.rows(), w, w.cols(), out);
    for (int from = 0; from < x.rows(); from += TOKEN_BLOCK) {
      weightedRows(x, from, Math.min(TOKEN_BLOCK, x.rows() - from), w, false, out);
    }
  }

  /** Tokens have been copied before the work is shared, so that their memory does not matter. */
  private static boolean worthSharing(int tokens, HostMatrix w, HostMatrix out) {
    return (long) tokens * w.rows() * w.cols() >= PARALLEL_FROM
        && RangeExecutor.shareable(w)
        && RangeExecutor.shareable(out);
  }

  // Few tokens: one scalar product each, with the row of w read once for all of them.

  private void scalarProducts(HostMatrix x, int from, int tokens, HostMatrix w, HostMatrix out) {
    int perRow = Math.ceilDiv(x.cols(), PAGE);
    float[][] block = pages.take(tokens * perRow);
    for (int t = 0; t < tokens; t++) {
      readPages(x, from + t, block, t * perRow);
    }
    executor.run(
        Math.ceilDiv(w.rows(), ROW_BLOCK),
        worthSharing(tokens, w, out),
        piece -> {
          float[][] row = pages.take(perRow + 1);
          float[] sums = row[perRow];
          int end = Math.min(w.rows(), (piece + 1) * ROW_BLOCK);
          for (int p = piece * ROW_BLOCK; p < end; p++) {
            readPages(w, p, row, 0);
            for (int t = 0; t < tokens; t++) {
              float sum = scalarProduct(row, block, t * perRow, perRow, sums);
              out.set(from + t, p, out.get(from + t, p) + sum);
            }
          }
          pages.give(row);
        });
    pages.give(block);
  }

  /** Puts a row into {@code into[first ..]}, the rest of the last page zero. */
  private static void readPages(HostMatrix matrix, int row, float[][] into, int first) {
    int cols = matrix.cols();
    for (int q = 0; q < cols; q += PAGE) {
      int count = Math.min(PAGE, cols - q);
      float[] page = into[first + q / PAGE];
      MatrixRows.read(matrix, row, q, count, page, 0);
      Arrays.fill(page, count, PAGE, 0);
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

  private void weightedRows(
      HostMatrix x, int from, int tokens, HostMatrix w, boolean transposed, HostMatrix out) {
    float[] block = scratch.take(tokens * x.cols());
    for (int t = 0; t < tokens; t++) {
      MatrixRows.read(x, from + t, 0, x.cols(), block, t * x.cols());
    }
    executor.run(
        Math.ceilDiv(out.cols(), COLUMN_BLOCK),
        worthSharing(tokens, w, out),
        piece ->
            weightedRows(block, from, tokens, x.cols(), w, transposed, out, piece * COLUMN_BLOCK));
    scratch.give(block);
  }

  /** The columns of out from {@code column} on. */
  private void weightedRows(
      float[] block,
      int firstToken,
      int tokens,
      int inputs,
      HostMatrix w,
      boolean transposed,
      HostMatrix out,
      int column) {
    int width = Math.min(COLUMN_BLOCK, out.cols() - column);
    float[][] rows = pages.take(INPUT_TILE);
    float[][] sums = pages.take(tokens);
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(sums[t], 0, width, 0);
    }
    for (int input = 0; input < inputs; input += INPUT_TILE) {
      int count = Math.min(INPUT_TILE, inputs - input);
      if (transposed) {
        readTransposed(w, column, width, input, count, rows);
      } else {
        for (int r = 0; r < count; r++) {
          MatrixRows.read(w, input + r, column, width, rows[r], 0);
        }
      }
      for (int t = 0; t < tokens; t++) {
        addRows(block, t * inputs + input, count, rows, sums[t], width);
      }
    }
    float[] line = rows[0];
    for (int t = 0; t < tokens; t++) {
      MatrixRows.read(out, firstToken + t, column, width, line, 0);
      addRow(1, sums[t], line, width);
      MatrixRows.write(line, 0, out, firstToken + t, column, width);
    }
    pages.give(sums);
    pages.give(rows);
  }

  /** {@code rows[q][p] = w[row + p, col + q]}. */
  private void readTransposed(
      HostMatrix w, int row, int height, int col, int width, float[][] rows) {
    float[] line = scratch.take(width);
    for (int p = 0; p < height; p++) {
      MatrixRows.read(w, row + p, col, width, line, 0);
      for (int q = 0; q < width; q++) {
        rows[q][p] = line[q];
      }
    }
    scratch.give(line);
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

  private static void requireProduct(
      HostMatrix x, int inputs, HostMatrix w, int outputs, HostMatrix out) {
    if (x.cols() != inputs || out.cols() != outputs || x.rows() != out.rows()) {
      throw new ShapeException(
          "x of %d x %d times w of %d x %d does not fit out of %d x %d"
              .formatted(x.rows(), x.cols(), w.rows(), w.cols(), out.rows(), out.cols()));
    }
    if (out.elementType() != ElementType.F32) {
      throw new ShapeException("out is " + out.elementType() + ", but must be F32");
    }
    if (out.data().isReadOnly()) {
      throw new ShapeException("out is written, but its memory is read-only");
    }
    for (HostMatrix in : List.of(x, w)) {
      if (MatrixRows.overlap(out, in)) {
        throw new ShapeException("out overlaps an input in memory; give it memory of its own");
      }
    }
  }
}
