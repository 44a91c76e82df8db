package io.fourierft.internal.cpu;

import io.fourierft.FourierAdapter;

/** The coefficients of one adapter as the dense paths want them. Reused from call to call. */
public final class DenseCoefficients {
  private FoldedLocations locations;
  private ColumnFold fold;
  private float[] weights = {};
  private ResultScale scale = new ResultScale(1, 1);

  public DenseCoefficients(FourierAdapter adapter, FoldedLocations locations) {
    this.locations = locations;
    this.fold = locations.columns();
    set(adapter, locations);
  }

  /** Takes over another adapter. */
  public void set(FourierAdapter adapter, FoldedLocations newLocations) {
    locations = newLocations;
    fold = newLocations.columns();
    int n = fold.entries();
    if (weights.length < n) {
      weights = new float[n];
    }
    int exponent = Magnitude.exponent(Magnitude.largest(adapter));
    double factor = Math.scalb(1.0, -exponent);
    double scaling = adapter.scaling();
    int[] sources = fold.sources();
    int[] starts = fold.starts();
    for (int i = 0; i < fold.columns().length; i++) {
      boolean whole = SpectralFold.selfConjugate(fold.columns()[i], fold.cols());
      double columnFactor = whole ? factor : 0.5 * factor;
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        weights[e] = Magnitude.weight(scaling * adapter.coefficient(sources[e]), columnFactor);
      }
    }
    scale = ResultScale.of(exponent, adapter.rows(), adapter.cols());
  }

  /** The places. */
  public FoldedLocations locations() {
    return locations;
  }

  /** The places by column. */
  public ColumnFold fold() {
    return fold;
  }

  /**
   * The weight of every entry of {@link #fold()}: scaling·c normalised, halved where the column is
   * not its own conjugate. At least as long as there are entries. NaN where scaling·c is not
   * finite: it must be put into both parts of its column then.
   */
  public float[] weights() {
    return weights;
  }

  /**
   * What the sum over {@code weight·e^{iφ}}, C2R, has to be multiplied by: {@link
   * ResultScale#first()} by the kernels; the sink does the second.
   */
  public ResultScale scale() {
    return scale;
  }
}
