package io.fourierft.internal.definition;

/**
 * The last factor of a result, {@code 2^e/(rows·cols)}, as a product of two floats: {@code first}
 * is normal, {@code second} is 1 unless the whole is outside the normal floats. Set anew from call
 * to call.
 */
public final class ResultScale {
  private float first = 1;
  private float second = 1;

  /** The factor 1. */
  public ResultScale() {}

  /** Makes it {@code 2^exponent/(rows·cols)}. */
  public void set(int exponent, int rows, int cols) {
    double mantissa = 1.0 / ((double) rows * cols);
    int whole = Math.getExponent(mantissa) + exponent;
    if (whole >= Float.MIN_EXPONENT && whole < Float.MAX_EXPONENT) {
      first = (float) Math.scalb(mantissa, exponent);
      second = 1;
      return;
    }
    // Exponents of floats differ by at most 2·149 + 64 from 0, so that half of one is normal.
    int half = exponent / 2;
    first = (float) Math.scalb(mantissa, exponent - half);
    second = (float) Math.scalb(1.0, half);
  }

  /** The factor that comes first. */
  public float first() {
    return first;
  }

  /** What is left. */
  public float second() {
    return second;
  }

  /**
   * The factor that numbers are still to be multiplied by: all of it, or 1 where one float does not
   * hold it and they are multiplied here.
   */
  public float factorLeft(float[] numbers, int at, int count) {
    if (second == 1) {
      return first;
    }
    for (int i = at; i < at + count; i++) {
      numbers[i] = numbers[i] * first * second;
    }
    return 1;
  }
}
