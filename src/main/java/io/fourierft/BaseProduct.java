package io.fourierft;

import java.util.Arrays;

/**
 * Products of activations with a dense matrix on the CPU, in float32, added to their output. Plain
 * loops over arrays that the compiler turns into vector instructions. The sums of one output
 * element run in one fixed order, so results do not depend on the number of threads. Thread-safe.
 */
final class BaseProduct {
  /** Tokens that are worked on together: long enough to vectorise over, small enough for caches. */
  private static final int TOKEN_BLOCK = 128;

  /** Below this many tokens a product runs along the features instead of along the tokens. */
  private static final int FEW_TOKENS = 8;

  /** Rows of the matrix in one piece of work. */
  private static final int ROW_BLOCK = 32;

  /** Columns of the matrix in one piece of work. */
  private static final int COLUMN_BLOCK = 512;

  /** Features of one tile; with {@link #TOKEN_BLOCK} tokens it takes 128 KiB. */
  private static final int FEATURE_TILE = 256;

  /** Partial sums of a scalar product, and the length of the loop that is vectorised. */
  private static final int LANES = 128;

  /** Multiply-adds below which handing work to other threads costs more than it saves. */
  private static final long PARALLEL_FROM = 1 << 17;

  private final RangeExecutor executor;
  private final ScratchPool scratch;

  BaseProduct(RangeExecutor executor, ScratchPool scratch) {
    this.executor = executor;
    this.scratch = scratch;
  }

  /**
   * {@code out[t,p] += Σ_q x[t,q]·w[p,q]}.
   *
   * @param x {@code [tokens, in]} of any format
   * @param w {@code [out, in]} of any format
   * @param out F32 {@code [tokens, out]}
   */
  void addTimesTransposed(HostMatrix x, HostMatrix w, HostMatrix out) {
    for (int from = 0; from < x.rows(); from += TOKEN_BLOCK) {
      int tokens = Math.min(TOKEN_BLOCK, x.rows() - from);
      if (tokens < FEW_TOKENS) {
        scalarProducts(x, from, tokens, w, out);
      } else {
        tokenColumns(x, from, tokens, w, out);
      }
    }
  }

  /**
   * {@code out[t,q] += Σ_p x[t,p]·w[p,q]}.
   *
   * @param x {@code [tokens, in]} of any format
   * @param w {@code [in, out]} of any format
   * @param out F32 {@code [tokens, out]}
   */
  void addTimes(HostMatrix x, HostMatrix w, HostMatrix out) {
    int pieces = Math.ceilDiv(w.cols(), COLUMN_BLOCK);
    for (int from = 0; from < x.rows(); from += TOKEN_BLOCK) {
      int tokens = Math.min(TOKEN_BLOCK, x.rows() - from);
      int first = from;
      float[] block = readBlock(x, from, tokens);
      executor.run(
          pieces,
          worthSharing(tokens, w),
          piece -> weightedRows(block, first, tokens, w, out, piece * COLUMN_BLOCK));
      scratch.give(block);
    }
  }

  private static boolean worthSharing(int tokens, HostMatrix w) {
    return (long) tokens * w.rows() * w.cols() >= PARALLEL_FROM;
  }

  /** {@code block[t*cols + q] = x[from + t, q]}. */
  private float[] readBlock(HostMatrix x, int from, int tokens) {
    float[] block = scratch.take(tokens * x.cols());
    for (int t = 0; t < tokens; t++) {
      MatrixRows.read(x, from + t, 0, x.cols(), block, t * x.cols());
    }
    return block;
  }

  // Few tokens: one scalar product each, with the row of w read once for all of them.

  private void scalarProducts(HostMatrix x, int from, int tokens, HostMatrix w, HostMatrix out) {
    float[] block = readBlock(x, from, tokens);
    executor.run(
        Math.ceilDiv(w.rows(), ROW_BLOCK),
        worthSharing(tokens, w),
        piece -> {
          float[] row = scratch.take(w.cols());
          float[] sums = scratch.take(LANES);
          int end = Math.min(w.rows(), (piece + 1) * ROW_BLOCK);
          for (int p = piece * ROW_BLOCK; p < end; p++) {
            MatrixRows.read(w, p, 0, w.cols(), row, 0);
            for (int t = 0; t < tokens; t++) {
              float sum = scalarProduct(row, block, t * w.cols(), w.cols(), sums);
              out.set(from + t, p, out.get(from + t, p) + sum);
            }
          }
          scratch.give(sums);
          scratch.give(row);
        });
    scratch.give(block);
  }

  private static float scalarProduct(float[] a, float[] b, int at, int length, float[] sums) {
    Arrays.fill(sums, 0, LANES, 0);
    int q = 0;
    for (; q + LANES <= length; q += LANES) {
      for (int j = 0; j < LANES; j++) {
        sums[j] += a[q + j] * b[at + q + j];
      }
    }
    for (int j = 0; q + j < length; j++) {
      sums[j] += a[q + j] * b[at + q + j];
    }
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        sums[j] += sums[half + j];
      }
    }
    return sums[0];
  }

  // Many tokens: x is transposed, so that the innermost loop runs along the tokens.

  private void tokenColumns(HostMatrix x, int from, int tokens, HostMatrix w, HostMatrix out) {
    int features = x.cols();
    float[] columns = transposedBlock(x, from, tokens);
    executor.run(
        Math.ceilDiv(w.rows(), ROW_BLOCK),
        worthSharing(tokens, w),
        piece -> {
          float[] weights = scratch.take(ROW_BLOCK * FEATURE_TILE);
          float[] sums = scratch.take(ROW_BLOCK * tokens);
          int first = piece * ROW_BLOCK;
          int rows = Math.min(ROW_BLOCK, w.rows() - first);
          Arrays.fill(sums, 0, rows * tokens, 0);
          for (int q = 0; q < features; q += FEATURE_TILE) {
            int width = Math.min(FEATURE_TILE, features - q);
            for (int r = 0; r < rows; r++) {
              MatrixRows.read(w, first + r, q, width, weights, r * FEATURE_TILE);
            }
            for (int r = 0; r < rows; r++) {
              addRow(weights, r * FEATURE_TILE, width, columns, q * tokens, tokens, sums, r);
            }
          }
          addTransposed(sums, rows, tokens, out, from, first);
          scratch.give(sums);
          scratch.give(weights);
        });
    scratch.give(columns);
  }

  /** {@code columns[q*tokens + t] = x[from + t, q]}. */
  private float[] transposedBlock(HostMatrix x, int from, int tokens) {
    int features = x.cols();
    float[] row = scratch.take(features);
    float[] columns = scratch.take(features * tokens);
    for (int t = 0; t < tokens; t++) {
      MatrixRows.read(x, from + t, 0, features, row, 0);
      for (int q = 0; q < features; q++) {
        columns[q * tokens + t] = row[q];
      }
    }
    scratch.give(row);
    return columns;
  }

  /** Adds one row of weights times a tile of token columns to the row's sums. */
  private static void addRow(
      float[] weights,
      int at,
      int width,
      float[] columns,
      int firstColumn,
      int tokens,
      float[] sums,
      int row) {
    int into = row * tokens;
    int q = 0;
    for (; q + 4 <= width; q += 4) {
      float w0 = weights[at + q];
      float w1 = weights[at + q + 1];
      float w2 = weights[at + q + 2];
      float w3 = weights[at + q + 3];
      int c0 = firstColumn + q * tokens;
      int c1 = c0 + tokens;
      int c2 = c1 + tokens;
      int c3 = c2 + tokens;
      for (int t = 0; t < tokens; t++) {
        sums[into + t] +=
            (w0 * columns[c0 + t] + w1 * columns[c1 + t])
                + (w2 * columns[c2 + t] + w3 * columns[c3 + t]);
      }
    }
    for (; q < width; q++) {
      float w0 = weights[at + q];
      int c0 = firstColumn + q * tokens;
      for (int t = 0; t < tokens; t++) {
        sums[into + t] += w0 * columns[c0 + t];
      }
    }
  }

  private void addTransposed(
      float[] sums, int rows, int tokens, HostMatrix out, int firstToken, int firstRow) {
    float[] line = scratch.take(rows);
    for (int t = 0; t < tokens; t++) {
      MatrixRows.read(out, firstToken + t, firstRow, rows, line, 0);
      for (int r = 0; r < rows; r++) {
        line[r] += sums[r * tokens + t];
      }
      MatrixRows.write(line, 0, out, firstToken + t, firstRow, rows);
    }
    scratch.give(line);
  }

  // x·w: rows of w weighted by the tokens, a block of columns at a time.

  private void weightedRows(
      float[] block, int firstToken, int tokens, HostMatrix w, HostMatrix out, int column) {
    int width = Math.min(COLUMN_BLOCK, w.cols() - column);
    int inputs = w.rows();
    float[] rows = scratch.take(4 * width);
    float[] sums = scratch.take(tokens * width);
    Arrays.fill(sums, 0, tokens * width, 0);
    int p = 0;
    for (; p + 4 <= inputs; p += 4) {
      for (int r = 0; r < 4; r++) {
        MatrixRows.read(w, p + r, column, width, rows, r * width);
      }
      for (int t = 0; t < tokens; t++) {
        addFourRows(block, t * inputs + p, rows, width, sums, t * width);
      }
    }
    for (; p < inputs; p++) {
      MatrixRows.read(w, p, column, width, rows, 0);
      for (int t = 0; t < tokens; t++) {
        float x0 = block[t * inputs + p];
        int into = t * width;
        for (int j = 0; j < width; j++) {
          sums[into + j] += x0 * rows[j];
        }
      }
    }
    for (int t = 0; t < tokens; t++) {
      MatrixRows.read(out, firstToken + t, column, width, rows, 0);
      int from = t * width;
      for (int j = 0; j < width; j++) {
        rows[j] += sums[from + j];
      }
      MatrixRows.write(rows, 0, out, firstToken + t, column, width);
    }
    scratch.give(sums);
    scratch.give(rows);
  }

  private static void addFourRows(
      float[] block, int at, float[] rows, int width, float[] sums, int into) {
    float x0 = block[at];
    float x1 = block[at + 1];
    float x2 = block[at + 2];
    float x3 = block[at + 3];
    int r1 = width;
    int r2 = 2 * width;
    int r3 = 3 * width;
    for (int j = 0; j < width; j++) {
      sums[into + j] +=
          (x0 * rows[j] + x1 * rows[r1 + j]) + (x2 * rows[r2 + j] + x3 * rows[r3 + j]);
    }
  }
}
