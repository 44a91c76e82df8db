package io.fourierft.internal.cuda.resident;

import io.fourierft.SpectralLocations;
import io.fourierft.internal.cuda.fft.LinePlan;
import java.util.stream.IntStream;

/**
 * A sparse spectrum as lists of entries in the order of a line's pairs of bins, so that
 * neighbouring threads read neighbouring entries; the rules are those of {@code
 * native/include/fourierft_lines.h}.
 *
 * @param start where each list starts, and the end of the last
 * @param source what each entry reads: a row, or a place of the input's line
 * @param frequency number of the coefficient
 */
@SuppressWarnings("ArrayRecordComponent") // Made once, uploaded, and never compared.
record LineTable(int[] start, int[] source, int[] frequency) {
  /**
   * For rows of ΔW, or of ΔWᵀ if {@code exchanged}.
   *
   * @param plan of a row
   */
  static LineTable delta(SpectralLocations places, boolean exchanged, LinePlan plan) {
    OperatorTable bins =
        exchanged ? OperatorTable.forward(places) : OperatorTable.transposed(places);
    int rows = exchanged ? places.cols() : places.rows();
    Lists lists = new Lists(bins, plan.firstBins().length);
    for (int bin : plan.firstBins()) {
      lists.add(bin, source -> row(source, rows));
    }
    return lists.finish();
  }

  /** A source of {@link OperatorTable} is half of a row, and which of the two. */
  private static int row(int source, int rows) {
    int bin = source >> 1;
    return (source & 1) != 0 || bin == 0 ? bin : rows - bin;
  }

  /**
   * For tokens.
   *
   * @param input plan of the input's lines
   * @param output plan of the output's lines
   */
  static LineTable operator(
      SpectralLocations places, boolean transposed, LinePlan input, LinePlan output) {
    OperatorTable bins =
        transposed ? OperatorTable.transposed(places) : OperatorTable.forward(places);
    Lists lists = new Lists(bins, 2 * output.firstBins().length);
    for (int bin : output.firstBins()) {
      lists.add(bin, source -> input.source(source >> 1, (source & 1) != 0));
      if (output.isHalved() && 2 * bin != output.points()) {
        lists.add(output.points() - bin, source -> input.source(source >> 1, (source & 1) != 0));
      } else {
        lists.addNone();
      }
    }
    return lists.finish();
  }

  /** Where the products of a gradient are read: of x for every k, then of g. */
  static int[] products(SpectralLocations places, LinePlan x, LinePlan g) {
    int n = places.nFrequency();
    return IntStream.range(0, 2 * n)
        .map(
            i ->
                i < n
                    ? place(places.col(i), places.cols(), x)
                    : place(places.row(i - n), places.rows(), g))
        .toArray();
  }

  private static int place(int frequency, int length, LinePlan plan) {
    boolean low = frequency <= length / 2;
    return plan.source(low ? frequency : length - frequency, low);
  }

  /** The tables one after another, for one upload. */
  int[] packed() {
    return new OperatorTable(start, source, frequency).packed();
  }

  /** Copies lists of entries into another order. */
  private static final class Lists {
    private interface Source {
      int of(int source);
    }

    private final OperatorTable bins;
    private final int[] start;
    private final int[] source;
    private final int[] frequency;
    private int lists;
    private int entries;

    Lists(OperatorTable bins, int count) {
      this.bins = bins;
      this.start = new int[count + 1];
      this.source = new int[bins.source().length];
      this.frequency = new int[bins.source().length];
    }

    void add(int bin, Source mapped) {
      for (int i = bins.binStart()[bin]; i < bins.binStart()[bin + 1]; i++) {
        source[entries] = mapped.of(bins.source()[i]);
        frequency[entries++] = bins.frequency()[i];
      }
      start[++lists] = entries;
    }

    void addNone() {
      start[++lists] = entries;
    }

    LineTable finish() {
      return new LineTable(start, source, frequency);
    }
  }
}
