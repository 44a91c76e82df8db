package io.fourierft.internal.cpu;

import org.jspecify.annotations.Nullable;

/**
 * The entries of a {@link SpectralFold} in the order of the coefficients, one word each:
 *
 * <pre>
 *   out << outShift | in << 1 | (sign < 0 ? 1 : 0)
 * </pre>
 *
 * @param words one an entry; unsigned
 * @param outShift bits below the output bin
 */
@SuppressWarnings(
    "ArrayRecordComponent") // An index shared by all threads; never written or compared.
public record PackedEntries(int[] words, int outShift) {
  /** Null where the bins of the two signals take more than a word. */
  static @Nullable PackedEntries of(
      int inLength, int outLength, int[] outOf, int[] inBins, float[] signs, int[] sources) {
    int outShift = 1 + bits(inLength / 2);
    if (outShift + bits(outLength / 2) > Integer.SIZE) {
      return null;
    }
    int[] words = new int[sources.length];
    for (int e = 0; e < words.length; e++) {
      words[sources[e]] = outOf[e] << outShift | inBins[e] << 1 | (signs[e] < 0 ? 1 : 0);
    }
    return new PackedEntries(words, outShift);
  }

  private static int bits(int largest) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(largest);
  }
}
