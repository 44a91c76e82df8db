package io.fourierft.internal.cuda.resident;

import io.fourierft.ShapeException;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.definition.HalfSpectrum;

/**
 * A sparse spectrum as compressed rows: for each output bin of the half spectrum, the input bins
 * and coefficients that go into it, in rising order of the coefficients. The rule is that of {@code
 * fourierft_operator} in {@code native/include/fourierft_kernels.h}.
 *
 * @param binStart where the entries of each bin start, and the end of the last
 * @param source twice the input bin, plus 1 if its conjugate is taken
 * @param frequency number of the coefficient
 */
@SuppressWarnings("ArrayRecordComponent") // Made once, uploaded, and never compared.
public record OperatorTable(int[] binStart, int[] source, int[] frequency) {
  /** From the transform of activations (length cols) to that of outputs (length rows). */
  public static OperatorTable forward(SpectralLocations places) {
    return build(places, false);
  }

  /** From the transform of upstream gradients (length rows) to that of inputs (length cols). */
  public static OperatorTable transposed(SpectralLocations places) {
    return build(places, true);
  }

  private static OperatorTable build(SpectralLocations places, boolean transposed) {
    int outputs = transposed ? places.cols() : places.rows();
    int inputs = transposed ? places.rows() : places.cols();
    int bins = HalfSpectrum.bins(outputs);
    long entries = 0;
    int[] fill = new int[bins + 1];
    for (int k = 0; k < places.nFrequency(); k++) {
      int to = transposed ? places.col(k) : places.row(k);
      int mirrored = HalfSpectrum.mirror(to, outputs);
      if (to < bins) {
        fill[to + 1]++;
        entries++;
      }
      if (mirrored < bins) {
        fill[mirrored + 1]++;
        entries++;
      }
    }
    if (entries > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "%s needs %d table entries, more than an array holds".formatted(places, entries));
    }
    for (int bin = 0; bin < bins; bin++) {
      fill[bin + 1] += fill[bin];
    }
    int[] binStart = fill.clone();
    int[] source = new int[(int) entries];
    int[] frequency = new int[(int) entries];
    for (int k = 0; k < places.nFrequency(); k++) {
      int to = transposed ? places.col(k) : places.row(k);
      int from = transposed ? places.row(k) : places.col(k);
      int conjugate = HalfSpectrum.isConjugate(from, inputs) ? 0 : 1;
      int bin = HalfSpectrum.bin(from, inputs);
      int mirrored = HalfSpectrum.mirror(to, outputs);
      if (to < bins) {
        source[fill[to]] = 2 * bin + conjugate;
        frequency[fill[to]++] = k;
      }
      if (mirrored < bins) {
        source[fill[mirrored]] = 2 * bin + 1 - conjugate;
        frequency[fill[mirrored]++] = k;
      }
    }
    return new OperatorTable(binStart, source, frequency);
  }

  /** The tables one after another, for one upload: bin starts, sources, frequencies. */
  int[] packed() {
    int[] all = new int[Math.addExact(binStart.length, Math.multiplyExact(2, source.length))];
    System.arraycopy(binStart, 0, all, 0, binStart.length);
    System.arraycopy(source, 0, all, binStart.length, source.length);
    System.arraycopy(frequency, 0, all, binStart.length + source.length, frequency.length);
    return all;
  }
}
