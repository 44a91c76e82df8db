package io.fourierft.internal.cpu.simd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** How a length is taken apart into passes. */
final class FftLengths {
  private FftLengths() {}

  /**
   * The radices of the passes for a length, in the order in which they run: the prime factors from
   * 5 on, largest first, then eights and fours, a two only where nothing else is left, and threes.
   */
  static List<Integer> radices(int length) {
    int twos = Integer.numberOfTrailingZeros(length);
    List<Integer> odd = primeFactors(length >> twos);
    int threes = Collections.frequency(odd, 3);
    List<Integer> radices = new ArrayList<>(odd.subList(threes, odd.size()).reversed());
    for (; twos >= 3 && twos != 4; twos -= 3) {
      radices.add(8);
    }
    for (; twos >= 2; twos -= 2) {
      radices.add(4);
    }
    if (twos == 1) {
      radices.add(2);
    }
    radices.addAll(odd.subList(0, threes));
    return radices;
  }

  /** The radix, 1, 2 or 4, without which all twos of a length make eights. */
  static int besideEights(int length) {
    return 1 << Integer.numberOfTrailingZeros(length) % 3;
  }

  /** The prime factors of a number, each as often as it divides it, in ascending order. */
  static List<Integer> primeFactors(int number) {
    List<Integer> factors = new ArrayList<>();
    int rest = number;
    for (int prime = 2; (long) prime * prime <= rest; prime++) {
      while (rest % prime == 0) {
        factors.add(prime);
        rest /= prime;
      }
    }
    if (rest > 1) {
      factors.add(rest);
    }
    return factors;
  }

  /** Whether a number from 2 on has no other factor. */
  static boolean isPrime(int number) {
    return primeFactors(number).size() == 1;
  }

  /** The least number from {@code minimum} on whose prime factors are 2, 3 and 5, and mostly 2. */
  static int smoothFrom(int minimum) {
    int best = Integer.highestOneBit(minimum - 1) << 1;
    for (int odd : new int[] {3, 5, 9, 15}) {
      int candidate = odd;
      while (candidate < minimum) {
        candidate *= 2;
      }
      best = Math.min(best, candidate);
    }
    return best;
  }

  /** The time of a transform in lanes, in passes of radix 8 over one element; a rough model. */
  static double cost(int length) {
    double perElement = 0.1;
    for (int radix : radices(length)) {
      perElement +=
          switch (radix) {
            case 2 -> 0.7;
            case 3, 4 -> 0.8;
            case 5, 8 -> 1;
            case 7 -> 1.3;
            default -> radix <= LaneFft.LARGEST_DIRECT_RADIX ? 1 + radix / 12.0 : 20;
          };
    }
    return perElement * length;
  }
}
