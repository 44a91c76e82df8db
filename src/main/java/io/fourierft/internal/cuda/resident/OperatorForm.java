package io.fourierft.internal.cuda.resident;

/** What a kernel may want to know of the operators of several adapters. */
public enum OperatorForm {
  /** From half spectra of x to those of y. */
  FORWARD,
  /** From half spectra of g to those of gx. */
  TRANSPOSED,
  /** From tokens of x in shared memory to those of y. */
  LINE_FORWARD,
  /** From tokens of g in shared memory to those of gx. */
  LINE_TRANSPOSED,
  /** Where a gradient's products are read in tokens of x and g in shared memory. */
  LINE_PRODUCTS,
  /** The places themselves; no table of structs. */
  PLACES;

  /** Whether the coefficients are part of it. */
  boolean readsCoefficients() {
    return this != LINE_PRODUCTS && this != PLACES;
  }

  /** One of the two directions on half spectra. */
  public static OperatorForm staged(boolean transposed) {
    return transposed ? TRANSPOSED : FORWARD;
  }

  /** One of the two directions in shared memory. */
  public static OperatorForm ofLines(boolean transposed) {
    return transposed ? LINE_TRANSPOSED : LINE_FORWARD;
  }
}
