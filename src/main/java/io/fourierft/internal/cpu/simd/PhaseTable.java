package io.fourierft.internal.cpu.simd;

import io.fourierft.internal.definition.RootsOfUnity;

/**
 * The roots {@code e^{+2πi·j/n}} of one n, looked up by products: exact phases, however far a
 * rotation goes. Immutable.
 */
final class PhaseTable {
  /** Up to this n the product of two indices, times n, is below 2^64, and the quotient exact. */
  private static final int LARGEST_BY_MULTIPLICATION = 1 << 21;

  private final int n;
  private final long reciprocal;
  private final float[] roots;

  PhaseTable(int n) {
    this.n = n;
    this.reciprocal = n == 1 ? 0 : Long.divideUnsigned(-1L, n) + 1;
    this.roots = RootsOfUnity.table(n);
  }

  /** {@code [2j]} real and {@code [2j+1]} imaginary part of root j. */
  float[] roots() {
    return roots;
  }

  /** {@code a·b mod n} for a and b of 0 to n. */
  int product(int a, int b) {
    long product = (long) a * b;
    if (n > LARGEST_BY_MULTIPLICATION) {
      return (int) (product % n);
    }
    return (int) (product - Math.unsignedMultiplyHigh(product, reciprocal) * n);
  }
}
