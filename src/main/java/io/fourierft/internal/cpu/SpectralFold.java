package io.fourierft.internal.cpu;

import org.jspecify.annotations.Nullable;

/**
 * The places of a spectrum as a sparse map between half spectra, entries sorted by output bin:
 *
 * <pre>
 *   H[out].re += w·X[in].re        H[out].im += sign·w·X[in].im
 * </pre>
 *
 * where {@code H = ½(Z[u] + conj Z[-u])} is the Hermitian part of {@code Z[u] = Σ c·X[v]}, so that
 * a C2R of H gives the real part of the inverse transform of Z. A bin {@code h > length/2} is the
 * conjugate of bin {@code length - h}; the weight is c/2, but c where the output bin is its own
 * conjugate (0 and length/2), whose imaginary part is to be ignored.
 *
 * @param inLength length of the signals that go in
 * @param outLength length of the signals that come out
 * @param outBins the output bins that occur, ascending
 * @param starts entries of {@code outBins[i]} are {@code starts[i]} to {@code starts[i+1] - 1}
 * @param outOf output bin of each entry
 * @param inBins input bin of each entry, 0 to {@code inLength/2}
 * @param signs +1 or −1 for each entry
 * @param sources the coefficient k of each entry; a permutation
 * @param packed the same entries in the order of the coefficients, if they fit
 */
@SuppressWarnings(
    "ArrayRecordComponent") // An index shared by all threads; never written or compared.
public record SpectralFold(
    int inLength,
    int outLength,
    int[] outBins,
    int[] starts,
    int[] outOf,
    int[] inBins,
    float[] signs,
    int[] sources,
    @Nullable PackedEntries packed) {
  /** Number of entries, the adapter's n_frequency. */
  public int entries() {
    return sources.length;
  }
}
