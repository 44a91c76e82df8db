package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;
import java.util.Arrays;

/** The gradient from a dense H on JTransforms: the pruned path the other way round. */
final class JTransformsDeltaGradient implements DeltaGradient {
  private final ColumnBlocks columns = new ColumnBlocks();
  private final RowBlocks blocks = new RowBlocks();
  private ColumnFold fold = new DenseCoefficients().fold();
  private HostMatrix gradient = DeltaSink.NOTHING;

  @Override
  public void begin(FoldedLocations locations, HostMatrix deltaGradient) {
    fold = locations.columns();
    gradient = deltaGradient;
    columns.resize(fold.rows(), fold.columns().length);
    blocks.divide(fold.rows(), fold.cols());
  }

  @Override
  public int rowTasks() {
    return blocks.count();
  }

  @Override
  public void rows(int task, Workspace workspace) {
    JTransformsWorkspace own = (JTransformsWorkspace) workspace;
    int cols = fold.cols();
    LinePlan plan = own.plan(cols);
    int first = blocks.first(task);
    int count = blocks.rows(task);
    float[] line = own.rows(cols);
    int width = 2 * (cols / 2 + 1);
    float[] spectra = own.spectra(count * width);
    for (int r = 0; r < count; r++) {
      own.elementRuns().load(gradient, first + r, 0, cols, line, 0);
      if (LinePlan.allFinite(line, 0, cols)) {
        plan.forwardReal(line, 0, spectra, r * width);
      } else {
        Arrays.fill(spectra, r * width, (r + 1) * width, Float.NaN);
      }
    }
    for (int c = 0; c < fold.columns().length; c++) {
      int bin = 2 * fold.columns()[c];
      float[] block = columns.blockOf(c);
      int to = columns.offsetOf(c) + 2 * first;
      for (int r = 0; r < count; r++) {
        block[to + 2 * r] = spectra[r * width + bin];
        block[to + 2 * r + 1] = spectra[r * width + bin + 1];
      }
    }
  }

  @Override
  public int columnTasks() {
    return columns.count();
  }

  @Override
  public void columns(int task, float[] sums, Workspace workspace) {
    LinePlan plan = ((JTransformsWorkspace) workspace).plan(fold.rows());
    for (int c = columns.firstColumn(task); c < columns.endColumn(task); c++) {
      float[] block = columns.blockOf(c);
      int at = columns.offsetOf(c);
      plan.complex(block, at);
      for (int e = fold.starts()[c]; e < fold.starts()[c + 1]; e++) {
        sums[e] = block[at + 2 * fold.rowOf()[e]];
      }
    }
  }

  @Override
  public void end() {
    gradient = DeltaSink.NOTHING;
  }

  @Override
  public long retainedBytes() {
    return columns.sizeInBytes();
  }
}
