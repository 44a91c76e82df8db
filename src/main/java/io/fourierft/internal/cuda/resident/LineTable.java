package io.fourierft.internal.cuda.resident;

import io.fourierft.ShapeException;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.struct.LineBinsStruct;
import io.fourierft.internal.cuda.struct.LineEntryStruct;
import io.fourierft.internal.cuda.struct.LinePlacesStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A sparse spectrum as lists of entries in the order of a line's pairs of bins, so that
 * neighbouring threads read neighbouring entries; the rules are those of {@code
 * native/include/fourierft_lines.h}.
 *
 * @param pairs how many pairs of bins have entries, for a delta; all of them, for an operator
 * @param heads for a delta a {@link LineBinsStruct} for each pair and one more; for an operator
 *     where the entries of each pair start, and the end of the last; a multiple of 16 bytes
 * @param entries a {@link LineEntryStruct} each
 */
@SuppressWarnings("ArrayRecordComponent") // Made once, uploaded, and never compared.
record LineTable(int pairs, byte[] heads, byte[] entries) {
  private static final int SECOND_BIN = 4;
  private static final int ALIGNMENT = 16;

  /**
   * For rows of ΔW, or of ΔWᵀ if {@code exchanged}.
   *
   * @param plan of a row
   */
  static LineTable delta(SpectralLocations places, boolean exchanged, LinePlan plan) {
    OperatorTable bins =
        exchanged ? OperatorTable.forward(places) : OperatorTable.transposed(places);
    int rows = exchanged ? places.cols() : places.rows();
    int[] used =
        IntStream.of(plan.firstBins())
            .filter(bin -> bins.binStart()[bin] < bins.binStart()[bin + 1])
            .toArray();
    StructTable heads = new StructTable(LineBinsStruct.LAYOUT, used.length + 1);
    StructTable entries = entries(places, bins.source().length - used.length);
    int further = 0;
    for (int bin : used) {
      int first = bins.binStart()[bin];
      int end = bins.binStart()[bin + 1];
      heads.add(
          new LineBinsStruct(
              (short) plan.position(bin),
              (short) plan.position(bin == 0 ? 0 : plan.points() - bin),
              further,
              entry(bins, first, rows)));
      for (int i = first + 1; i < end; i++) {
        entries.add(entry(bins, i, rows));
      }
      further += end - first - 1;
    }
    heads.add(new LineBinsStruct((short) 0, (short) 0, further, new LineEntryStruct(0, 0)));
    return new LineTable(used.length, heads.finish(), entries.finish());
  }

  /** A source of {@link OperatorTable} is half of a row, and which of the two. */
  private static LineEntryStruct entry(OperatorTable bins, int i, int rows) {
    int bin = bins.source()[i] >> 1;
    boolean isRow = (bins.source()[i] & 1) != 0 || bin == 0;
    return new LineEntryStruct(isRow ? bin : rows - bin, bins.frequency()[i]);
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
    int[] firstBins = output.firstBins();
    int[] start = new int[firstBins.length + 1];
    StructTable entries = entries(places, bins.source().length);
    for (int pair = 0; pair < firstBins.length; pair++) {
      int bin = firstBins[pair];
      start[pair + 1] = start[pair] + addBin(entries, bins, bin, 0, input);
      if (output.isHalved() && 2 * bin != output.points()) {
        start[pair + 1] += addBin(entries, bins, output.points() - bin, SECOND_BIN, input);
      }
    }
    byte[] heads = StructTable.of(start);
    int whole = Math.ceilDiv(heads.length, ALIGNMENT) * ALIGNMENT;
    return new LineTable(firstBins.length, Arrays.copyOf(heads, whole), entries.finish());
  }

  /** Adds the entries of an output's bin, which say what they read of the input. */
  private static int addBin(
      StructTable entries, OperatorTable bins, int bin, int which, LinePlan input) {
    int first = bins.binStart()[bin];
    int end = bins.binStart()[bin + 1];
    for (int i = first; i < end; i++) {
      int source = input.source(bins.source()[i] >> 1, (bins.source()[i] & 1) != 0);
      entries.add(
          new LineEntryStruct((source >> 2) << 3 | which | (source & 3), bins.frequency()[i]));
    }
    return end - first;
  }

  private static StructTable entries(SpectralLocations places, int count) {
    if (count > Integer.MAX_VALUE / LineEntryStruct.LAYOUT.byteSize()) {
      throw new ShapeException(
          "%s needs %d table entries, more than an array holds".formatted(places, count));
    }
    return new StructTable(LineEntryStruct.LAYOUT, count);
  }

  /** Where the products of a gradient are read: a {@link LinePlacesStruct} for each k. */
  static byte[] products(SpectralLocations places, LinePlan x, LinePlan g) {
    StructTable all = new StructTable(LinePlacesStruct.LAYOUT, places.nFrequency());
    for (int k = 0; k < places.nFrequency(); k++) {
      all.add(
          new LinePlacesStruct(
              place(places.col(k), places.cols(), x), place(places.row(k), places.rows(), g)));
    }
    return all.finish();
  }

  private static int place(int frequency, int length, LinePlan plan) {
    boolean low = frequency <= length / 2;
    return plan.source(low ? frequency : length - frequency, low);
  }

  /** Heads and entries one after another, for one upload. */
  byte[] packed() {
    return ByteBuffer.allocate(Math.addExact(heads.length, entries.length))
        .put(heads)
        .put(entries)
        .array();
  }
}
