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
    // A coefficient costs a row 1 to 1.5 ns, a column's transform 3 to 7 ns, and 75 where the rows
    // have a large prime factor; measured.
    long sums = LinePlan.isConvolved(fold.rows()) ? 40 : 3;
    return fold.entries() <= sums * fold.columns().length;
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
  public void fill(
      int first,
      int count,
      RealPageFft plan,
      int part,
      SignalPages pages,
      JTransformsWorkspace workspace) {
    ColumnFold fold = coefficients.fold();
    float[] weights = coefficients.weights();
    int[] rowOf = fold.rowOf();
    for (int i = 0; i < fold.columns().length; i++) {
      int page = plan.bin(part, fold.columns()[i]);
      float[] re = pages.re()[page];
      float[] im = pages.im()[page];
      for (int e = fold.starts()[i]; e < fold.starts()[i + 1]; e++) {
        int turn = (int) ((long) rowOf[e] * first % fold.rows());
        addTurns(weights[e], turn, rowOf[e], re, im, count);
      }
    }
  }

  /** Adds a coefficient at some rows, {@code step} turns apart. */
  private void addTurns(float weight, int firstTurn, int step, float[] re, float[] im, int count) {
    float[] table = roots;
    int rows = length;
    int turn = firstTurn;
    for (int r = 0; r < count; r++) {
      re[r] += weight * table[2 * turn];
      im[r] += weight * table[2 * turn + 1];
      turn += step - rows;
      turn += rows & (turn >> 31);
    }
  }

  @Override
  public long retainedBytes() {
    return 4L * roots.length;
  }
}
