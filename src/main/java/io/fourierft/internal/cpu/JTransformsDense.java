package io.fourierft.internal.cpu;

import io.fourierft.DensePath;

/** All dense paths on JTransforms. All but the reference compute half the rows and mirror them. */
final class JTransformsDense implements DenseTransform {
  /** Rows that are brought out of their pages together: a cache line of each page. */
  private static final int ROWS_TOGETHER = 16;

  /** Numbers between such rows: a cache line. */
  private static final int GAP = 16;

  private final JTransformsReference reference = new JTransformsReference();
  private final TransformedColumns folded = new TransformedColumns(false);
  private final TransformedColumns transformed = new TransformedColumns(true);
  private final SummedColumns summed = new SummedColumns();
  private final CosineTable rowTable = new CosineTable();
  private final CosineTable colTable = new CosineTable();
  private DenseCoefficients coefficients = new DenseCoefficients();
  private DensePath path = DensePath.PRUNED;
  private RowSpectra spectra = summed;
  private final SymmetricRows rows = new SymmetricRows();
  private final RowBlocks blocks = new RowBlocks();

  @Override
  public void begin(DenseCoefficients newCoefficients, DensePath newPath) {
    coefficients = newCoefficients;
    path = newPath;
    ColumnFold fold = newCoefficients.fold();
    rows.resize(fold.rows(), fold.cols());
    switch (path) {
      case REFERENCE -> reference.begin(newCoefficients);
      case DIRECT -> {
        blocks.divide(rows.computed(), fold.cols());
        rowTable.resize(fold.rows());
        colTable.resize(fold.cols());
      }
      default -> {
        blocks.divideSideBySide(rows.computed(), RealPageFft.most(fold.cols()));
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
    return path == DensePath.REFERENCE ? reference.rowTasks() : blocks.count();
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
    RealPageFft plan = own.pagePlan(coefficients.fold().cols(), true);
    int first = blocks.first(task);
    int count = blocks.rows(task);
    int places = plan.places(count);
    SignalPages pages = own.pages(plan, places);
    pages.clear(plan.pages(), places);
    for (int part = 0; part < plan.parts(); part++) {
      int from = part * places;
      spectra.fill(first + from, Math.min(places, count - from), plan, part, pages, own);
    }
    plan.inverse(pages, places);
    for (int part = 0; part < plan.parts(); part++) {
      int from = part * places;
      writeRows(plan, part, first + from, Math.min(places, count - from), pages, sink, own);
    }
  }

  /** Writes a part's rows, some at a time: they stand side by side. */
  private void writeRows(
      RealPageFft plan,
      int part,
      int first,
      int count,
      SignalPages pages,
      RowSink sink,
      JTransformsWorkspace own) {
    int cols = plan.length();
    float factor = coefficients.scale().first();
    // Rows a power of two apart would all want the same few places of the cache.
    int stride = cols + GAP;
    float[] values = own.rows(ROWS_TOGETHER * stride);
    for (int from = 0; from < count; from += ROWS_TOGETHER) {
      int height = Math.min(ROWS_TOGETHER, count - from);
      for (int q = 0; q < cols; q++) {
        float[] page = plan.transformedElement(pages, part, q);
        int at = q;
        for (int r = 0; r < height; r++) {
          values[at] = factor * page[from + r];
          at += stride;
        }
      }
      rows.write(first + from, height, values, stride, sink, own);
    }
  }

  private void directRows(int task, RowSink sink, JTransformsWorkspace own) {
    int cols = coefficients.fold().cols();
    int first = blocks.first(task);
    int count = blocks.rows(task);
    float factor = coefficients.scale().first();
    float[] values = own.rows(count * cols);
    own.direct().rows(coefficients, rowTable, colTable, first, count, values);
    for (int i = 0; i < count * cols; i++) {
      values[i] *= factor;
    }
    rows.write(first, count, values, cols, sink, own);
  }

  @Override
  public long retainedBytes() {
    return reference.retainedBytes()
        + folded.retainedBytes()
        + transformed.retainedBytes()
        + summed.retainedBytes();
  }
}
