package io.fourierft.internal.definition;

/**
 * The last factor of a result, {@code 2^e/(rows·cols)}, as a product of two floats: {@code first}
 * is normal, {@code second} is 1 unless the whole is outside the normal floats.
 */
public record ResultScale(float first, float second) {
  public static ResultScale of(int exponent, int rows, int cols) {
    double mantissa = 1.0 / ((double) rows * cols);
    int whole = Math.getExponent(mantissa) + exponent;
    if (whole >= Float.MIN_EXPONENT && whole < Float.MAX_EXPONENT) {
      return new ResultScale((float) Math.scalb(mantissa, exponent), 1f);
    }
    // Exponents of floats differ by at most 2·149 + 64 from 0, so that half of one is normal.
    int half = exponent / 2;
    return new ResultScale(
        (float) Math.scalb(mantissa, exponent - half), (float) Math.scalb(1.0, half));
  }
}
