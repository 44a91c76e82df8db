package io.fourierft.internal.cpu;

/**
 * Rows of a ΔW that is computed to its middle only. The coefficients are real, so ΔW is
 * point-symmetric: {@code ΔW[M-p, N-q] = ΔW[p, q]}, indices modulo M and N; rows 0 to M/2 are
 * computed, the others are these in reverse.
 */
final class SymmetricRows {
  private int rows;
  private int cols;

  /** Takes over a shape, M × N. */
  void resize(int newRows, int newCols) {
    rows = newRows;
    cols = newCols;
  }

  /** Rows that are computed. */
  int computed() {
    return rows / 2 + 1;
  }

  /**
   * Gives the sink some computed rows and those that mirror them.
   *
   * @param values row r of them from {@code r·stride} on; overwritten
   */
  void write(
      int first,
      int count,
      float[] values,
      int stride,
      RowSink sink,
      JTransformsWorkspace workspace) {
    // Row 0 mirrors itself, and so does row M/2 of an even M.
    int firstMirrored = Math.max(first, 1);
    int lastMirrored = Math.min(first + count - 1, (rows - 1) / 2);
    int mirrored = Math.max(0, lastMirrored - firstMirrored + 1);
    float[] reverse = workspace.mirror(mirrored * stride);
    for (int r = 0; r < mirrored; r++) {
      reverse(values, (lastMirrored - r - first) * stride, reverse, r * stride);
    }
    sink.accept(first, count, values, 0, stride, workspace);
    if (mirrored > 0) {
      sink.accept(rows - lastMirrored, mirrored, reverse, 0, stride, workspace);
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
