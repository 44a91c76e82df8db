package io.fourierft.internal.cpu;

import io.fourierft.DensePath;
import java.util.Arrays;

/** All dense paths on JTransforms. All but the reference compute half the rows and mirror them. */
final class JTransformsDense implements DenseTransform {
  private final JTransformsReference reference = new JTransformsReference();
  private final TransformedColumns folded = new TransformedColumns(false);
  private final TransformedColumns transformed = new TransformedColumns(true);
  private final SummedColumns summed = new SummedColumns();
  private final CosineTable rowTable = new CosineTable();
  private final CosineTable colTable = new CosineTable();
  private DenseCoefficients coefficients = new DenseCoefficients();
  private DensePath path = DensePath.PRUNED;
  private RowSpectra spectra = summed;
  private SymmetricRows blocks = new SymmetricRows(1, 1);

  @Override
  public void begin(DenseCoefficients newCoefficients, DensePath newPath) {
    coefficients = newCoefficients;
    path = newPath;
    ColumnFold fold = newCoefficients.fold();
    blocks = new SymmetricRows(fold.rows(), fold.cols());
    switch (path) {
      case REFERENCE -> reference.begin(newCoefficients);
      case DIRECT -> {
        rowTable.resize(fold.rows());
        colTable.resize(fold.cols());
      }
      default -> {
        spectra =
            path == DensePath.FOLDED
                ? folded
                : SummedColumns.areCheaper(fold) ? summed : transformed;
        spectra.begin(newCoefficients);
      }
    }
  }

  @Override
  public int columnTasks() {
    return switch (path) {
      case REFERENCE -> reference.columnTasks();
      case DIRECT -> 0;
      default -> spectra.columnTasks();
    };
  }

  @Override
  public void columns(int task, Workspace workspace) {
    if (path == DensePath.REFERENCE) {
      reference.columns(task, (JTransformsWorkspace) workspace);
    } else {
      spectra.columns(task, (JTransformsWorkspace) workspace);
    }
  }

  @Override
  public int rowTasks() {
    return path == DensePath.REFERENCE ? reference.rowTasks() : blocks.blocks();
  }

  @Override
  public void rows(int task, RowSink sink, Workspace workspace) {
    JTransformsWorkspace own = (JTransformsWorkspace) workspace;
    switch (path) {
      case REFERENCE -> reference.rows(task, sink, own);
      case DIRECT -> directRows(task, sink, own);
      default -> transformedRows(task, sink, own);
    }
  }

  private void transformedRows(int task, RowSink sink, JTransformsWorkspace own) {
    int cols = coefficients.fold().cols();
    int count = blocks.count(task);
    LinePlan plan = own.plan(cols);
    float[] values = own.rows(count * cols);
    Arrays.fill(values, 0, count * cols, 0);
    spectra.fill(blocks.first(task), count, plan, values, own);
    plan.inverseRealRows(values, count, own);
    blocks.write(task, values, coefficients.scale().first() / plan.rowsGain(), sink, own);
  }

  private void directRows(int task, RowSink sink, JTransformsWorkspace own) {
    int count = blocks.count(task);
    float[] values = own.rows(count * coefficients.fold().cols());
    own.direct().rows(coefficients, rowTable, colTable, blocks.first(task), count, values);
    blocks.write(task, values, coefficients.scale().first(), sink, own);
  }

  @Override
  public long retainedBytes() {
    return reference.retainedBytes()
        + folded.retainedBytes()
        + transformed.retainedBytes()
        + summed.retainedBytes();
  }
}
