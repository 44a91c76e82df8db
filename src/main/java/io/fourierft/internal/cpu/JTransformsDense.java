package io.fourierft.internal.cpu;

import io.fourierft.DensePath;
import io.fourierft.SpectralLocations;
import java.util.Arrays;

/** All dense paths on JTransforms. */
final class JTransformsDense implements DenseTransform {
  /** Numbers of a block of rows, about. */
  private static final int ROW_BLOCK_NUMBERS = 1 << 14;

  /** Fewest rows of a block: eight complex numbers of a column are a cache line. */
  private static final int LEAST_ROWS = 8;

  private final ColumnBlocks columns = new ColumnBlocks();
  private final CosineTable rowTable = new CosineTable();
  private final CosineTable colTable = new CosineTable();
  private DenseCoefficients coefficients = new DenseCoefficients();
  private DensePath path = DensePath.PRUNED;

  @Override
  public void begin(DenseCoefficients newCoefficients, DensePath newPath) {
    coefficients = newCoefficients;
    path = newPath;
    if (path == DensePath.DIRECT) {
      rowTable.resize(rows());
      colTable.resize(cols());
    } else {
      columns.resize(rows(), columnCount());
    }
  }

  private int rows() {
    return coefficients.fold().rows();
  }

  private int cols() {
    return coefficients.fold().cols();
  }

  private int columnCount() {
    return switch (path) {
      case REFERENCE -> cols();
      case FOLDED -> cols() / 2 + 1;
      default -> coefficients.fold().columns().length;
    };
  }

  @Override
  public int columnTasks() {
    return path == DensePath.DIRECT ? 0 : columns.count();
  }

  @Override
  public void columns(int task, Workspace workspace) {
    LinePlan plan = ((JTransformsWorkspace) workspace).plan(rows());
    int first = columns.firstColumn(task);
    int end = columns.endColumn(task);
    float[] block = columns.blockOf(first);
    Arrays.fill(block, 0, 2 * rows() * (end - first), 0);
    if (path == DensePath.REFERENCE) {
      scatterWhole(first, end, block);
    } else {
      scatterFolded(first, end, block);
    }
    for (int c = first; c < end; c++) {
      plan.complex(block, columns.offsetOf(c));
    }
  }

  private void scatterWhole(int first, int end, float[] block) {
    SpectralLocations locations = coefficients.locations();
    for (int k = 0; k < locations.nFrequency(); k++) {
      int v = locations.col(k);
      if (v >= first && v < end) {
        put(block, columns.offsetOf(v) + 2 * locations.row(k), coefficients.values()[k]);
      }
    }
  }

  private void scatterFolded(int first, int end, float[] block) {
    ColumnFold fold = coefficients.fold();
    int group = path == DensePath.PRUNED ? first : lowerBound(fold.columns(), first);
    for (; group < fold.columns().length; group++) {
      int column = path == DensePath.PRUNED ? group : fold.columns()[group];
      if (column >= end) {
        return;
      }
      for (int e = fold.starts()[group]; e < fold.starts()[group + 1]; e++) {
        put(block, columns.offsetOf(column) + 2 * fold.rowOf()[e], coefficients.weights()[e]);
      }
    }
  }

  private static int lowerBound(int[] sorted, int value) {
    int found = Arrays.binarySearch(sorted, value);
    return found < 0 ? -found - 1 : found;
  }

  /**
   * Adds a weight; one that is not a number goes into both parts, see {@link DenseCoefficients}.
   */
  private static void put(float[] block, int at, float weight) {
    block[at] += weight;
    if (Float.isNaN(weight)) {
      block[at + 1] = weight;
    }
  }

  private int rowsPerTask() {
    return Math.max(LEAST_ROWS, ROW_BLOCK_NUMBERS / cols());
  }

  @Override
  public int rowTasks() {
    return (rows() + rowsPerTask() - 1) / rowsPerTask();
  }

  @Override
  public void rows(int task, RowSink sink, Workspace workspace) {
    JTransformsWorkspace own = (JTransformsWorkspace) workspace;
    int first = task * rowsPerTask();
    int count = Math.min(rowsPerTask(), rows() - first);
    switch (path) {
      case REFERENCE -> wholeRows(first, count, sink, own);
      case DIRECT -> directRows(first, count, sink, own);
      default -> foldedRows(first, count, sink, own);
    }
  }

  private void foldedRows(int first, int count, RowSink sink, JTransformsWorkspace own) {
    int cols = cols();
    LinePlan plan = own.plan(cols);
    float[] values = own.rows(count * cols);
    Arrays.fill(values, 0, count * cols, 0);
    int[] pruned = coefficients.fold().columns();
    int columnCount = columnCount();
    for (int c = 0; c < columnCount; c++) {
      int v = path == DensePath.PRUNED ? pruned[c] : c;
      int real = plan.realAt(v);
      int imaginary = plan.imaginaryAt(v);
      float[] block = columns.blockOf(c);
      int from = columns.offsetOf(c) + 2 * first;
      for (int r = 0; r < count; r++) {
        values[r * cols + real] = block[from + 2 * r];
        if (imaginary >= 0) {
          values[r * cols + imaginary] = block[from + 2 * r + 1];
        }
      }
    }
    float factor = coefficients.scale().first() / plan.gain();
    for (int r = 0; r < count; r++) {
      plan.inverseReal(values, r * cols);
    }
    scale(values, count * cols, factor);
    sink.accept(first, count, values, 0, cols, own);
  }

  private void wholeRows(int first, int count, RowSink sink, JTransformsWorkspace own) {
    int cols = cols();
    LinePlan plan = own.plan(cols);
    float[] values = own.rows(2 * count * cols);
    for (int c = 0; c < cols; c++) {
      float[] block = columns.blockOf(c);
      int from = columns.offsetOf(c) + 2 * first;
      for (int r = 0; r < count; r++) {
        values[2 * (r * cols + c)] = block[from + 2 * r];
        values[2 * (r * cols + c) + 1] = block[from + 2 * r + 1];
      }
    }
    for (int r = 0; r < count; r++) {
      plan.complex(values, 2 * r * cols);
    }
    for (int i = 0; i < count * cols; i++) {
      values[i] = values[2 * i];
    }
    scale(values, count * cols, coefficients.scale().first());
    sink.accept(first, count, values, 0, cols, own);
  }

  private void directRows(int first, int count, RowSink sink, JTransformsWorkspace own) {
    int cols = cols();
    float[] values = own.rows(count * cols);
    own.direct().rows(coefficients, rowTable, colTable, first, count, values);
    scale(values, count * cols, coefficients.scale().first());
    sink.accept(first, count, values, 0, cols, own);
  }

  private static void scale(float[] values, int count, float factor) {
    for (int i = 0; i < count; i++) {
      values[i] *= factor;
    }
  }

  @Override
  public long retainedBytes() {
    return columns.sizeInBytes();
  }
}
