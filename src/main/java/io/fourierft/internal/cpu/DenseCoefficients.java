package io.fourierft.internal.cpu;

import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.definition.HalfSpectrum;
import io.fourierft.internal.definition.Magnitude;
import io.fourierft.internal.definition.ResultScale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The coefficients of one adapter as the dense paths want them. Reused from call to call. */
public final class DenseCoefficients {
  private static final ColumnFold NO_FOLD =
      new ColumnFold(1, 1, new int[0], new int[1], new int[0], new int[0]);

  private @Nullable FourierAdapter source;
  private ColumnFold fold = NO_FOLD;
  private float[] weights = {};
  private float[] values = {};
  private final ResultScale scale = new ResultScale();

  /** Takes over another adapter. */
  public void set(FourierAdapter adapter, FoldedLocations newLocations) {
    source = adapter;
    fold = newLocations.columns();
    int n = fold.entries();
    if (weights.length < n) {
      weights = new float[n];
      values = new float[n];
    }
    int exponent = Magnitude.exponent(Magnitude.largest(adapter));
    double factor = Math.scalb(1.0, -exponent);
    double scaling = adapter.scaling();
    int[] sources = fold.sources();
    int[] starts = fold.starts();
    for (int i = 0; i < fold.columns().length; i++) {
      boolean whole = HalfSpectrum.isSelfConjugate(fold.columns()[i], fold.cols());
      double columnFactor = whole ? factor : 0.5 * factor;
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        weights[e] = Magnitude.weight(scaling * adapter.coefficient(sources[e]), columnFactor);
      }
    }
    for (int k = 0; k < n; k++) {
      values[k] = Magnitude.weight(scaling * adapter.coefficient(k), factor);
    }
    scale.set(exponent, adapter.rows(), adapter.cols());
  }

  /** The adapter itself. */
  FourierAdapter adapter() {
    return Objects.requireNonNull(source, "set comes first");
  }

  /** The places. */
  public SpectralLocations locations() {
    return adapter().locations();
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
   * {@code scaling·c} normalised, by coefficient k, not halved; NaN where it is not finite. At
   * least as long as there are coefficients.
   */
  public float[] values() {
    return values;
  }

  /** Lets go of the adapter. */
  public void clear() {
    source = null;
    fold = NO_FOLD;
  }

  /**
   * What the sum over {@code weight·e^{iφ}}, C2R, has to be multiplied by: {@link
   * ResultScale#first()} by the kernels; the sink does the second.
   */
  public ResultScale scale() {
    return scale;
  }
}
