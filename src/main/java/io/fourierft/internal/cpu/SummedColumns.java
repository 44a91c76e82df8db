package io.fourierft.internal.cpu;

import io.fourierft.internal.definition.RootsOfUnity;

/**
 * Columns without a transform: each is the sum of its few coefficients' turns, formed for the block
 * of rows that is about to be transformed, and never stored.
 */
final class SummedColumns implements RowSpectra {
  private int length;
  private float[] roots = {};
  private DenseCoefficients coefficients = new DenseCoefficients();

  /** Whether sums cost less than a transform of every column that holds something. */
  static boolean areCheaper(ColumnFold fold) {
    // A coefficient costs a row 1.5 ns, a column's transform 3 to 7 ns; measured.
    return fold.entries() <= 3L * fold.columns().length;
  }

  @Override
  public void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    int rows = newCoefficients.fold().rows();
    if (length != rows) {
      roots = RootsOfUnity.table(rows);
      length = rows;
    }
  }

  @Override
  public int columnTasks() {
    return 0;
  }

  @Override
  public void columns(int task, JTransformsWorkspace workspace) {
    throw new IllegalStateException("columns that are summed have no tasks");
  }

  @Override
  public void fill(int first, int count, LinePlan plan, float[] half, JTransformsWorkspace own) {
    ColumnFold fold = coefficients.fold();
    int[] turns = own.turns(fold.entries());
    for (int e = 0; e < fold.entries(); e++) {
      turns[e] = (int) ((long) fold.rowOf()[e] * first % fold.rows());
    }
    for (int r = 0; r < count; r++) {
      sumRow(turns, plan, half, r * fold.cols());
    }
  }

  /** Sums every column at one row, and turns the entries on to the next. */
  private void sumRow(int[] turns, LinePlan plan, float[] half, int at) {
    ColumnFold fold = coefficients.fold();
    float[] weights = coefficients.weights();
    int[] columns = fold.columns();
    int[] starts = fold.starts();
    int[] rowOf = fold.rowOf();
    int rows = fold.rows();
    int e = 0;
    for (int i = 0; i < columns.length; i++) {
      float re = 0;
      float im = 0;
      for (; e < starts[i + 1]; e++) {
        int turn = turns[e];
        re += weights[e] * roots[2 * turn];
        im += weights[e] * roots[2 * turn + 1];
        turn += rowOf[e] - rows;
        turns[e] = turn + (rows & (turn >> 31));
      }
      half[at + plan.realAt(columns[i])] = re;
      int imaginary = plan.imaginaryAt(columns[i]);
      if (imaginary >= 0) {
        half[at + imaginary] = im;
      }
    }
  }

  @Override
  public long retainedBytes() {
    return 4L * roots.length;
  }
}
