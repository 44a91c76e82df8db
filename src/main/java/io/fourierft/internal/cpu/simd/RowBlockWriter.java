package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import io.fourierft.internal.cpu.RowSink;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Hands a block of rows of ΔW, which stands in lanes, to the sink, each row next to its mirror
 * image while it is in the first cache.
 *
 * <p>The coefficients are real, so ΔW is point-symmetric: {@code ΔW[M-p, N-q] = ΔW[p, q]}, indices
 * modulo M and N. Only rows 0 to M/2 are computed; the others are written from them in reverse.
 */
final class RowBlockWriter {
  private static final VectorShuffle<Float> REVERSED =
      VectorShuffle.fromOp(SPECIES, l -> COUNT - 1 - l);

  private RowBlockWriter() {}

  /** Blocks that cover rows 0 to M/2. */
  static int symmetricBlocks(int rows) {
    return rows / 2 / COUNT + 1;
  }

  /** Floats that hold the rows of a block of {@code cols} elements. */
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
    int stride = stride(cols);
    turn(block, out, cols, factor, workspace);
    int end = Math.min(firstRow + COUNT, rows / 2 + 1);
    writeMirrored(out, firstRow, end, rows, cols, sink, workspace);
    sink.accept(firstRow, end - firstRow, out, 0, stride, workspace);
  }

  /**
   * The mirror images of rows {@code firstRow .. end − 1}, from the last on, so that they ascend.
   */
  private static void writeMirrored(
      float[] out,
      int firstRow,
      int end,
      int rows,
      int cols,
      RowSink sink,
      SimdWorkspace workspace) {
    int stride = stride(cols);
    int first = Math.max(firstRow, 1);
    int together = sink.rowsAtOnce(COUNT);
    float[] mirror = workspace.mirror(together * stride);
    for (int last = Math.min(end - 1, (rows - 1) / 2); last >= first; last -= together) {
      int count = Math.min(together, last - first + 1);
      for (int i = 0; i < count; i++) {
        reverse(out, (last - i - firstRow) * stride, mirror, i * stride, cols);
      }
      sink.accept(rows - last, count, mirror, COUNT, stride, workspace);
    }
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
    turn(block, out, cols, factor, workspace);
    sink.accept(firstRow, count, out, 0, stride(cols), workspace);
  }

  private static void turn(
      float[] block, float[] out, int cols, float factor, SimdWorkspace workspace) {
    int stride = stride(cols);
    for (int q = 0; q < cols; q += COUNT) {
      Transposer.turnScaled(block, q * COUNT, COUNT, workspace.tile(), out, q, stride, factor);
    }
  }

  /** Element q of the row at {@code from} becomes element N − q of that at {@code to + COUNT}. */
  private static void reverse(float[] row, int from, float[] mirror, int to, int cols) {
    int last = to + cols + 1;
    for (int q = 0; q < cols; q += COUNT) {
      FloatVector.fromArray(SPECIES, row, from + q).rearrange(REVERSED).intoArray(mirror, last - q);
    }
    // Column 0 mirrors itself: it was written as column N.
    mirror[to + COUNT] = row[from];
  }
}
