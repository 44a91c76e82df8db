package io.fourierft.internal.cpu.simd;

import java.util.List;

/** The order in which a transform of prime length is a cyclic convolution. */
final class PrimitiveRoot {
  private PrimitiveRoot() {}

  /** {@code g^{-j} mod p}, j = 0 .. p − 2, of the least primitive root g of an odd prime p. */
  static int[] inversePowers(int prime) {
    long root = of(prime);
    int[] powers = new int[prime - 1];
    long power = 1;
    for (int j = 0; j < powers.length; j++) {
      powers[(powers.length - j) % powers.length] = (int) power;
      power = power * root % prime;
    }
    return powers;
  }

  /** The least number whose powers are all numbers that the prime does not divide. */
  private static int of(int prime) {
    List<Integer> factors = FftLengths.primeFactors(prime - 1);
    int root = 2;
    while (!generates(root, prime, factors)) {
      root++;
    }
    return root;
  }

  private static boolean generates(int root, int prime, List<Integer> factors) {
    for (int factor : factors) {
      if (power(root, (prime - 1) / factor, prime) == 1) {
        return false;
      }
    }
    return true;
  }

  private static long power(long base, int exponent, int prime) {
    long result = 1;
    long square = base;
    for (int rest = exponent; rest > 0; rest >>= 1) {
      result = (rest & 1) == 1 ? result * square % prime : result;
      square = square * square % prime;
    }
    return result;
  }
}
