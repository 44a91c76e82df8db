package io.fourierft.internal.definition;

import io.fourierft.FourierAdapter;

/**
 * The factor {@code scaling/(rows·cols)} as a product: one factor on each coefficient before the
 * transform and a power of two on the result, chosen so that neither huge coefficients overflow nor
 * tiny ones vanish on the way to a result that a float can hold. For ordinary coefficients the
 * power is 1, and the transform's output is the result: so the CUDA engine has it, whose transforms
 * end in memory; the CPU engine scales every result ({@link ResultScale}) while it is at hand.
 *
 * @param before the factor on coefficients; a normal float, unless the whole factor is 0 or not
 *     finite
 * @param after the power of two on results
 */
public record DeltaScale(float before, float after) {
  private static final int MOST = Float.MAX_EXPONENT - 1;

  /** Exponents up to this size leave room for sums above and for small coefficients below. */
  private static final int MODERATE = 60;

  /**
   * Splits the factor of an adapter.
   *
   * @param largest the largest magnitude of its coefficients, 0 if that is not known
   */
  public static DeltaScale of(FourierAdapter adapter, float largest) {
    double factor = factor(adapter);
    if (factor == 0 || !Double.isFinite(factor)) {
      return new DeltaScale((float) factor, 1f);
    }
    int exponent = Math.getExponent(factor);
    int wanted = Magnitude.exponent(Magnitude.product(adapter, largest));
    if (Math.abs(wanted) <= MODERATE && Math.abs(exponent) <= MODERATE) {
      wanted = 0;
    }
    int lower = Math.max(-MOST, exponent - MOST);
    int upper = Math.min(MOST, exponent + MOST);
    int shift = Math.clamp(wanted, lower, upper);
    return new DeltaScale((float) Math.scalb(factor, -shift), Math.scalb(1f, shift));
  }

  /** Scaling and the 1/(rows·cols) of the inverse transform. */
  public static double factor(FourierAdapter adapter) {
    return adapter.scaling() / ((double) adapter.rows() * adapter.cols());
  }
}
