package io.fourierft.internal.cpu;

import io.fourierft.SpectralLocations;
import java.util.Arrays;

/** The reference path: every coefficient where it is, complex along columns and rows, whole. */
final class JTransformsReference {
  private final ColumnBlocks columns = new ColumnBlocks();
  private final RowBlocks blocks = new RowBlocks();
  private DenseCoefficients coefficients = new DenseCoefficients();

  void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    columns.resize(rows(), cols());
    blocks.divide(rows(), cols());
  }

  private int rows() {
    return coefficients.fold().rows();
  }

  private int cols() {
    return coefficients.fold().cols();
  }

  int columnTasks() {
    return columns.count();
  }

  void columns(int task, JTransformsWorkspace workspace) {
    LinePlan plan = workspace.plan(rows());
    int first = columns.firstColumn(task);
    int end = columns.endColumn(task);
    float[] block = columns.blockOf(first);
    Arrays.fill(block, 0, 2 * rows() * (end - first), 0);
    SpectralLocations locations = coefficients.locations();
    for (int k = 0; k < locations.nFrequency(); k++) {
      int v = locations.col(k);
      if (v >= first && v < end) {
        block[columns.offsetOf(v) + 2 * locations.row(k)] += coefficients.values()[k];
      }
    }
    for (int c = first; c < end; c++) {
      plan.complex(block, columns.offsetOf(c));
    }
  }

  int rowTasks() {
    return blocks.count();
  }

  void rows(int task, RowSink sink, JTransformsWorkspace own) {
    int first = blocks.first(task);
    int count = blocks.rows(task);
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
    float factor = coefficients.scale().first();
    for (int i = 0; i < count * cols; i++) {
      values[i] = values[2 * i] * factor;
    }
    sink.accept(first, count, values, 0, cols, own);
  }

  long retainedBytes() {
    return columns.sizeInBytes();
  }
}
