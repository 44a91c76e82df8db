package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;

import io.fourierft.internal.cpu.RowSink;

/**
 * Hands a block of rows of ΔW, which stands in lanes, to the sink row by row.
 *
 * <p>The coefficients are real, so ΔW is point-symmetric: {@code ΔW[M-p, N-q] = ΔW[p, q]}, indices
 * modulo M and N. Only rows 0 to M/2 are computed; the others are written from them in reverse.
 */
final class RowBlockWriter {
  private RowBlockWriter() {}

  /** Blocks that cover rows 0 to M/2. */
  static int symmetricBlocks(int rows) {
    return rows / 2 / COUNT + 1;
  }

  /** Floats that hold the rows of a block, and their reverse, of {@code cols} elements. */
  static int rowFloats(int cols) {
    return COUNT * stride(cols);
  }

  /** Floats that a block of {@code cols} real elements in lanes is read from. */
  static int laneFloats(int cols) {
    return Lanes.roundUp(cols) * COUNT;
  }

  /** Room for one vector too many at either end, and no multiple of a page. */
  private static int stride(int cols) {
    return Lanes.roundUp(cols) + 3 * COUNT;
  }

  /**
   * Writes rows {@code p + l}, one for each lane l, and the rows that mirror them.
   *
   * @param block real element q of all rows at {@code block[q*COUNT]}, {@link #laneFloats} long
   * @param out {@link #rowFloats} floats of scratch memory
   */
  static void writeSymmetric(
      float[] block,
      float[] out,
      int firstRow,
      int rows,
      int cols,
      float factor,
      RowSink sink,
      SimdWorkspace workspace) {
    int last = Math.min(firstRow + COUNT - 1, rows / 2);
    writeForward(block, out, firstRow, last - firstRow + 1, cols, factor, sink, workspace);
    int firstMirrored = Math.max(firstRow, 1);
    int lastMirrored = Math.min(last, (rows - 1) / 2);
    if (lastMirrored < firstMirrored) {
      return;
    }
    int stride = stride(cols);
    // Lane l is written as row COUNT-1-l, so that rows M-last .. M-first ascend.
    int top = (COUNT - 1) * stride;
    for (int q = 0; q < cols; q += COUNT) {
      int at = top + COUNT + cols - q - COUNT + 1;
      Transposer.turnReversed(block, q * COUNT, COUNT, workspace.tile(), out, at, -stride, factor);
    }
    for (int l = 0; l < COUNT; l++) {
      // Column 0 mirrors itself: it was written as column `cols`.
      out[l * stride + COUNT] = out[l * stride + COUNT + cols];
    }
    int lowest = COUNT - 1 - (lastMirrored - firstRow);
    sink.accept(
        rows - lastMirrored,
        lastMirrored - firstMirrored + 1,
        out,
        lowest * stride + COUNT,
        stride,
        workspace);
  }

  /** Writes rows {@code firstRow + l} for the first {@code count} lanes. */
  static void writeForward(
      float[] block,
      float[] out,
      int firstRow,
      int count,
      int cols,
      float factor,
      RowSink sink,
      SimdWorkspace workspace) {
    int stride = stride(cols);
    for (int q = 0; q < cols; q += COUNT) {
      Transposer.turn(block, q * COUNT, COUNT, workspace.tile(), out, q, stride, factor);
    }
    sink.accept(firstRow, count, out, 0, stride, workspace);
  }
}
