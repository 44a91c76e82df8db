package io.fourierft.internal.definition;

import io.fourierft.FourierAdapter;

/**
 * The power of two by which coefficients are divided before they are summed, so that neither huge
 * ones overflow nor tiny ones vanish on the way to a result that a float can hold. Exact.
 */
public final class Magnitude {
  private Magnitude() {}

  /** The largest finite {@code |scaling·coefficient|} of an adapter; 0 if there is none. */
  public static double largest(FourierAdapter adapter) {
    return product(adapter, adapter.largestCoefficient());
  }

  /** {@code |scaling·coefficient|}; 0 if that is not finite. */
  static double product(FourierAdapter adapter, float coefficient) {
    double product = Math.abs((double) adapter.scaling() * coefficient);
    return product < Double.POSITIVE_INFINITY ? product : 0;
  }

  /** The exponent e of a largest magnitude below {@code 2^(e+1)}; 0 for none. */
  public static int exponent(double largest) {
    return largest == 0 ? 0 : Math.getExponent(largest);
  }

  /**
   * The normalised weight of a coefficient; NaN if it is not finite, so that both parts of every
   * product with it are NaN.
   *
   * @param product {@code scaling·coefficient}
   * @param factor 2^-e, possibly halved
   */
  public static float weight(double product, double factor) {
    return Double.isFinite(product) ? (float) (product * factor) : Float.NaN;
  }
}
