package io.fourierft.internal.cpu;

import io.fourierft.DensePath;
import io.fourierft.SpectralLocations;

/**
 * The ΔW of coefficients of which some are NaN or infinite, element by element as the definition
 * says: transforms would turn every infinity into NaN. Finite coefficients do not matter then. An
 * infinite coefficient gives an infinity of the cosine's sign, NaN where the cosine is zero, and
 * NaN where it meets an infinity of the other sign.
 */
final class NonFiniteDelta implements DenseTransform {
  private static final int ROWS_PER_TASK = 64;

  private int rows;
  private int cols;
  private boolean allNaN;
  private int[] u = {};
  private int[] v = {};
  private boolean[] negative = {};
  private int infinities;

  @Override
  public void begin(DenseCoefficients coefficients, DensePath path) {
    SpectralLocations locations = coefficients.locations();
    rows = locations.rows();
    cols = locations.cols();
    allNaN = false;
    infinities = 0;
    int n = locations.count();
    u = new int[n];
    v = new int[n];
    negative = new boolean[n];
    for (int k = 0; k < n; k++) {
      double value = coefficients.unscaled(k);
      allNaN |= Double.isNaN(value);
      if (Double.isInfinite(value)) {
        u[infinities] = locations.row(k);
        v[infinities] = locations.col(k);
        negative[infinities++] = value < 0;
      }
    }
  }

  @Override
  public int columnTasks() {
    return 0;
  }

  @Override
  public void columns(int task, Workspace workspace) {
    throw new IllegalStateException("there is no column step");
  }

  @Override
  public int rowTasks() {
    return Math.ceilDiv(rows, ROWS_PER_TASK);
  }

  @Override
  public void rows(int task, RowSink sink, Workspace workspace) {
    float[] row = new float[cols];
    int end = (int) Math.min(rows, (task + 1L) * ROWS_PER_TASK);
    for (int p = task * ROWS_PER_TASK; p < end; p++) {
      for (int q = 0; q < cols; q++) {
        row[q] = element(p, q);
      }
      sink.accept(p, 1, row, 0, cols, workspace);
    }
  }

  private float element(int p, int q) {
    if (allNaN) {
      return Float.NaN;
    }
    float sum = 0;
    for (int k = 0; k < infinities; k++) {
      int sign = cosineSign(u[k], v[k], p, q);
      sum +=
          sign == 0
              ? Float.NaN
              : (sign < 0) == negative[k] ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY;
    }
    return sum;
  }

  /** The exact sign of cos(2π(u·p/rows + v·q/cols)). */
  private int cosineSign(int rowFrequency, int colFrequency, int p, int q) {
    long turn = (long) rows * cols;
    long angle =
        ((long) rowFrequency * p % rows * cols + (long) colFrequency * q % cols * rows) % turn;
    long fromZero = Math.min(angle, turn - angle);
    if (turn % 4 == 0 && fromZero == turn / 4) {
      return 0;
    }
    return fromZero > turn / 4 ? -1 : 1;
  }

  @Override
  public long retainedBytes() {
    return 9L * u.length;
  }
}
