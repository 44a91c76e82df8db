package io.fourierft.internal.definition;

import io.fourierft.FourierAdapter;
import java.util.Arrays;

/**
 * The ΔW of an adapter of which a coefficient, times the scaling, is NaN or infinite, by the
 * definition: a transform would make all of it NaN. Finite coefficients do not matter then, and an
 * infinite one gives an infinity of its cosine's sign, or NaN where the cosine is zero. Such an
 * adapter is broken, so that this is computed on the host, for every engine, and its speed does not
 * matter.
 *
 * @param adapter the adapter
 */
public record NonFiniteDelta(FourierAdapter adapter) {
  /** Fills {@code row} with row {@code p}. */
  public void row(int p, float[] row) {
    Arrays.fill(row, 0f);
    long rows = adapter.rows();
    long cols = adapter.cols();
    long turn = rows * cols;
    for (int k = 0; k < adapter.nFrequency(); k++) {
      double product = (double) adapter.scaling() * adapter.coefficient(k);
      if (Double.isFinite(product)) {
        continue;
      }
      // The angle in parts of a turn of rows·cols parts, exactly.
      long start = adapter.locations().row(k) * (long) p % rows * cols;
      long step = adapter.locations().col(k) * rows % turn;
      long angle = start;
      for (int q = 0; q < row.length; q++) {
        row[q] += (float) (product * cosineSign(angle, turn));
        angle = (angle + step) % turn;
      }
    }
  }

  private static int cosineSign(long angle, long turn) {
    long fromZero = Math.min(angle, turn - angle);
    return Long.compare(turn, Math.multiplyExact(4L, fromZero));
  }
}
