package io.fourierft.internal.cpu;

/**
 * Blocks of rows of a ΔW that is computed to its middle only. The coefficients are real, so ΔW is
 * point-symmetric: {@code ΔW[M-p, N-q] = ΔW[p, q]}, indices modulo M and N; rows 0 to M/2 are
 * computed, the others are these in reverse.
 */
final class SymmetricRows {
  /** Numbers of a block of rows, about. */
  private static final int BLOCK_NUMBERS = 1 << 14;

  /** Fewest rows of a block: eight complex numbers of a column are a cache line. */
  private static final int LEAST_ROWS = 8;

  private final int rows;
  private final int cols;

  SymmetricRows(int rows, int cols) {
    this.rows = rows;
    this.cols = cols;
  }

  /** Rows that are computed. */
  int computed() {
    return rows / 2 + 1;
  }

  private int perBlock() {
    return Math.max(LEAST_ROWS, BLOCK_NUMBERS / cols);
  }

  /** Blocks of computed rows. */
  int blocks() {
    return (computed() + perBlock() - 1) / perBlock();
  }

  /** The first row of a block. */
  int first(int block) {
    return block * perBlock();
  }

  /** Computed rows of a block. */
  int count(int block) {
    return Math.min(perBlock(), computed() - first(block));
  }

  /**
   * Gives the sink a block and the rows that mirror it, each multiplied by {@code factor}.
   *
   * @param values the rows of the block, without gaps; overwritten
   */
  void write(
      int block, float[] values, float factor, RowSink sink, JTransformsWorkspace workspace) {
    int first = first(block);
    int count = count(block);
    for (int i = 0; i < count * cols; i++) {
      values[i] *= factor;
    }
    // Row 0 mirrors itself, and so does row M/2 of an even M.
    int firstMirrored = Math.max(first, 1);
    int lastMirrored = Math.min(first + count - 1, (rows - 1) / 2);
    int mirrored = Math.max(0, lastMirrored - firstMirrored + 1);
    float[] reverse = workspace.mirror(mirrored * cols);
    for (int r = 0; r < mirrored; r++) {
      reverse(values, (lastMirrored - r - first) * cols, reverse, r * cols);
    }
    sink.accept(first, count, values, 0, cols, workspace);
    if (mirrored > 0) {
      sink.accept(rows - lastMirrored, mirrored, reverse, 0, cols, workspace);
    }
  }

  private void reverse(float[] row, int from, float[] into, int to) {
    into[to] = row[from];
    int end = to + cols;
    for (int q = 1; q < cols; q++) {
      into[end - q] = row[from + q];
    }
  }
}
