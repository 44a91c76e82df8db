package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.internal.definition.HalfSpectrum;
import io.fourierft.internal.definition.Magnitude;
import io.fourierft.internal.definition.ResultScale;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The operator ΔW or ΔWᵀ of all adapters of a routing, with the coefficients of this call. Reused
 * from call to call; read by many threads during one.
 */
public final class SpectralMap {
  private @Nullable AdapterRouting current;
  private boolean transposed;
  private @Nullable SpectralFold[] folds = {};
  private float[][] weights = {};
  private ResultScale[] scales = {};
  private int[] exponents = {};

  /** Takes over the folds of a routing, without coefficients. */
  public void setFolds(AdapterRouting routing, boolean transpose, FoldedLocationsCache cache) {
    current = routing;
    transposed = transpose;
    int adapters = routing.adapters().size();
    if (folds.length < adapters) {
      folds = new @Nullable SpectralFold[adapters];
      exponents = new int[adapters];
      int old = weights.length;
      weights = Arrays.copyOf(weights, adapters);
      scales = Arrays.copyOf(scales, adapters);
      for (int a = old; a < adapters; a++) {
        weights[a] = new float[0];
        scales[a] = new ResultScale();
      }
    }
    Arrays.fill(folds, adapters, folds.length, null);
    for (int a = 0; a < adapters; a++) {
      FoldedLocations places = cache.get(routing.adapters().get(a).locations());
      folds[a] = transpose ? places.transposed() : places.forward();
    }
  }

  /**
   * Takes over the folds and the coefficients of a routing.
   *
   * @param weighted whether {@link #weights} will be asked for
   */
  public void set(
      AdapterRouting routing, boolean transpose, FoldedLocationsCache cache, boolean weighted) {
    setFolds(routing, transpose, cache);
    int adapters = routing.adapters().size();
    double largest = 0;
    if (!routing.isPerToken()) {
      for (int a = 0; a < adapters; a++) {
        largest = Math.max(largest, Magnitude.largest(routing.adapters().get(a)));
      }
    }
    for (int a = 0; a < adapters; a++) {
      FourierAdapter adapter = routing.adapters().get(a);
      // Adapters that act on the same token must share one exponent; the others have their own.
      int exponent =
          Magnitude.exponent(routing.isPerToken() ? Magnitude.largest(adapter) : largest);
      exponents[a] = exponent;
      if (weighted) {
        int floats = 2 * fold(a).entries();
        if (weights[a].length < floats) {
          weights[a] = new float[floats];
        }
        writeWeights(a, weights[a]);
      }
      scales[a].set(exponent, adapter.rows(), adapter.cols());
    }
  }

  /** Writes {@link #weights} of adapter a, which need not have been asked for. */
  public void writeWeights(int a, float[] target) {
    FourierAdapter adapter = routing().adapters().get(a);
    SpectralFold fold = fold(a);
    double factor = Math.scalb(1.0, -exponents[a]);
    double scaling = adapter.scaling();
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] sources = fold.sources();
    float[] signs = fold.signs();
    for (int i = 0; i < outBins.length; i++) {
      boolean whole = HalfSpectrum.isSelfConjugate(outBins[i], fold.outLength());
      double binFactor = whole ? factor : 0.5 * factor;
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        float weight = Magnitude.weight(scaling * adapter.coefficient(sources[e]), binFactor);
        target[2 * e] = weight;
        target[2 * e + 1] = signs[e] * weight;
      }
    }
  }

  /** Length of the signals that go in. */
  public int inLength() {
    return transposed ? routing().rows() : routing().cols();
  }

  /** Length of the signals that come out. */
  public int outLength() {
    return transposed ? routing().cols() : routing().rows();
  }

  /** Number of adapters. */
  public int adapters() {
    return routing().adapters().size();
  }

  /** Whether each token has one adapter or none; else all adapters act on every token. */
  public boolean isPerToken() {
    return routing().isPerToken();
  }

  /** The adapter of token t, or {@link AdapterRouting#NONE}; only if {@link #isPerToken}. */
  public int adapterOf(int token) {
    return routing().choice(token);
  }

  /** The fold of adapter a. */
  public SpectralFold fold(int a) {
    return Objects.requireNonNull(folds[a]);
  }

  /**
   * The weights of adapter a: entry e adds {@code weights[2e]·X.re} to the real part and {@code
   * weights[2e+1]·X.im} to the imaginary part of its output bin. At least as long as needed.
   */
  public float[] weights(int a) {
    return weights[a];
  }

  /**
   * Writes the normalised coefficients of adapter a in their own order: the weight of an entry e is
   * that of {@code fold(a).sources()[e]}, and half of it where the output bin is not its own
   * conjugate. One that is not finite is NaN.
   */
  public void writeCoefficients(int a, float[] target, int at) {
    FourierAdapter adapter = routing().adapters().get(a);
    double factor = Math.scalb(1.0, -exponents[a]);
    double scaled = adapter.scaling() * factor;
    if (Math.abs(scaled) >= Float.MIN_NORMAL && Math.abs(scaled) <= Float.MAX_VALUE) {
      // A power of two changes no digit, so that this product is rounded as the other one.
      writeProducts(adapter, (float) scaled, target, at);
      return;
    }
    double scaling = adapter.scaling();
    for (int k = 0; k < adapter.nFrequency(); k++) {
      target[at + k] = Magnitude.weight(scaling * adapter.coefficient(k), factor);
    }
  }

  private static void writeProducts(FourierAdapter adapter, float factor, float[] target, int at) {
    for (int k = 0; k < adapter.nFrequency(); k++) {
      float coefficient = adapter.coefficient(k);
      // Zero times a number is zero, times anything else NaN.
      target[at + k] = coefficient * factor + coefficient * 0f;
    }
  }

  /** The factor of a result of adapter a; if not {@link #isPerToken}, the same for all. */
  public ResultScale scale(int a) {
    return scales[a];
  }

  /** Lets go of the adapters. */
  public void clear() {
    current = null;
    Arrays.fill(folds, null);
  }

  private AdapterRouting routing() {
    return Objects.requireNonNull(current, "set comes first");
  }
}
