package io.fourierft.internal.cpu;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Puts a ΔW into a matrix, or adds it to a weight, as it comes: ΔW itself is never whole in memory.
 * Reused from call to call.
 */
final class DeltaSink implements RowSink {
  /** Elements that one line of a transposed block may have, so that it stays in a cache. */
  private static final int TILE_FLOATS = 1 << 14;

  /** Stands for no matrix between two calls. */
  static final HostMatrix NOTHING = new HostMatrix(MemorySegment.NULL, ElementType.F32, 0, 1, 1);

  private HostMatrix target = NOTHING;
  private boolean transposed;
  private boolean adds;
  private float sign = 1;
  private float rescale = 1;
  private ElementType deltaType = ElementType.F32;
  private @Nullable AdditionMeter meter;

  /** Makes this sink write. */
  void write(HostMatrix out, ElementType roundTo, float secondScale) {
    target = out;
    transposed = false;
    adds = false;
    sign = 1;
    rescale = secondScale;
    deltaType = roundTo;
    meter = null;
  }

  /** Makes this sink add to a weight, measuring if there is a meter. */
  void add(
      HostMatrix weight,
      boolean isTransposed,
      Addition addition,
      ElementType roundTo,
      float secondScale,
      @Nullable AdditionMeter newMeter) {
    target = weight;
    transposed = isTransposed;
    adds = true;
    sign = addition == Addition.ADD ? 1 : -1;
    rescale = secondScale;
    deltaType = roundTo;
    meter = newMeter;
  }

  @Override
  public void accept(
      int firstRow, int rowCount, float[] values, int offset, int stride, Workspace workspace) {
    int cols = transposed ? target.rows() : target.cols();
    prepare(rowCount, cols, values, offset, stride);
    if (!transposed) {
      for (int r = 0; r < rowCount; r++) {
        put(firstRow + r, 0, cols, values, offset + r * stride, firstRow, workspace);
      }
      return;
    }
    int tile = Math.max(1, Math.min(cols, TILE_FLOATS / rowCount));
    float[] line = workspace.line(tile * rowCount);
    for (int first = 0; first < cols; first += tile) {
      int width = Math.min(tile, cols - first);
      for (int r = 0; r < rowCount; r++) {
        int from = offset + r * stride + first;
        for (int q = 0; q < width; q++) {
          line[q * rowCount + r] = values[from + q];
        }
      }
      for (int q = 0; q < width; q++) {
        put(first + q, firstRow, rowCount, line, q * rowCount, firstRow, workspace);
      }
    }
  }

  @Override
  public int rowsAtOnce(int available) {
    // One run of a transposed matrix holds an element of each row.
    return transposed ? available : 1;
  }

  private void prepare(int rowCount, int cols, float[] values, int offset, int stride) {
    if (rescale == 1 && (deltaType == ElementType.F32 || deltaType == ElementType.F64)) {
      return;
    }
    for (int r = 0; r < rowCount; r++) {
      int from = offset + r * stride;
      for (int q = 0; q < cols; q++) {
        values[from + q] = deltaType.round(values[from + q] * rescale);
      }
    }
  }

  private void put(
      int row, int col, int count, float[] values, int at, int block, Workspace workspace) {
    if (!adds) {
      workspace.elementRuns().store(target, row, col, count, values, at);
    } else if (meter == null) {
      workspace.elementRuns().add(target, row, col, count, values, at, sign);
    } else {
      meter.add(target, row, col, count, values, at, sign, block, workspace);
    }
  }

  /** Lets go of the caller's memory. */
  void clear() {
    target = NOTHING;
    meter = null;
  }
}
