package io.fourierft.internal.cpu;

import java.util.Arrays;

/**
 * Columns by a transform each: all of the half spectrum, or those that hold a coefficient. The
 * coefficients are real, so a column is a real sequence and its transform has rows 0 to M/2.
 */
final class TransformedColumns implements RowSpectra {
  private final boolean pruned;
  private final ColumnBlocks columns = new ColumnBlocks();
  private DenseCoefficients coefficients = new DenseCoefficients();

  TransformedColumns(boolean pruned) {
    this.pruned = pruned;
  }

  @Override
  public void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    columns.resize(fold().rows() / 2 + 1, columnCount());
  }

  private ColumnFold fold() {
    return coefficients.fold();
  }

  private int columnCount() {
    return pruned ? fold().columns().length : fold().cols() / 2 + 1;
  }

  @Override
  public int columnTasks() {
    return columns.count();
  }

  @Override
  public void columns(int task, JTransformsWorkspace workspace) {
    int rows = fold().rows();
    LinePlan plan = workspace.plan(rows);
    float[] line = workspace.rows(rows);
    int group = pruned ? columns.firstColumn(task) : lowerBound(columns.firstColumn(task));
    for (int c = columns.firstColumn(task); c < columns.endColumn(task); c++) {
      float[] block = columns.blockOf(c);
      int to = columns.offsetOf(c);
      if (group < fold().columns().length && (pruned || fold().columns()[group] == c)) {
        scatter(group, line);
        plan.forwardReal(line, 0, block, to);
        group++;
      } else {
        Arrays.fill(block, to, to + 2 * (rows / 2 + 1), 0);
      }
    }
  }

  private int lowerBound(int column) {
    int found = Arrays.binarySearch(fold().columns(), column);
    return found < 0 ? -found - 1 : found;
  }

  private void scatter(int group, float[] line) {
    Arrays.fill(line, 0, fold().rows(), 0);
    for (int e = fold().starts()[group]; e < fold().starts()[group + 1]; e++) {
      line[fold().rowOf()[e]] += coefficients.weights()[e];
    }
  }

  @Override
  public void fill(
      int first,
      int count,
      RealPageFft plan,
      int part,
      SignalPages pages,
      JTransformsWorkspace workspace) {
    int[] stored = fold().columns();
    int columnCount = columnCount();
    for (int c = 0; c < columnCount; c++) {
      int page = plan.bin(part, pruned ? stored[c] : c);
      float[] re = pages.re()[page];
      float[] im = pages.im()[page];
      float[] block = columns.blockOf(c);
      int from = columns.offsetOf(c) + 2 * first;
      for (int r = 0; r < count; r++) {
        re[r] = block[from + 2 * r];
        im[r] = block[from + 2 * r + 1];
      }
    }
  }

  @Override
  public long retainedBytes() {
    return columns.sizeInBytes();
  }
}
