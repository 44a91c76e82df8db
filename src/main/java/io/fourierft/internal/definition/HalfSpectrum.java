package io.fourierft.internal.definition;

/**
 * The half of a real signal's spectrum that is kept: bins 0 to length/2. Bin {@code index} of the
 * others is the conjugate of the one at {@code length - index}.
 */
public final class HalfSpectrum {
  private HalfSpectrum() {}

  /** Bins of the half spectrum of a signal of {@code length} numbers. */
  public static int bins(int length) {
    return length / 2 + 1;
  }

  /** The bin that holds {@code index}, itself or as its conjugate. */
  public static int bin(int index, int length) {
    return Math.min(index, length - index);
  }

  /** Whether {@link #bin} holds the conjugate of {@code index}. */
  public static boolean isConjugate(int index, int length) {
    return 2L * index > length;
  }

  /** The index whose value is the conjugate of that of {@code index}, in the whole spectrum. */
  public static int mirror(int index, int length) {
    return index == 0 ? 0 : length - index;
  }

  /** Whether a bin is its own conjugate, so that its imaginary part is to be ignored. */
  public static boolean isSelfConjugate(int bin, int length) {
    return bin == 0 || 2L * bin == length;
  }
}
