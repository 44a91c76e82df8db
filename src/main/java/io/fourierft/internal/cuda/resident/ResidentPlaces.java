package io.fourierft.internal.cuda.resident;

import io.fourierft.SpectralLocations;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.OperatorStruct;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The places of a spectrum on the device, and what is derived from them, each made when it is first
 * needed. Used under the lock of {@link ResidentAdapters}.
 */
public final class ResidentPlaces {
  private final SpectralLocations places;
  private @Nullable ResidentTable rowsAndColumns;
  private @Nullable ResidentTable forward;
  private @Nullable ResidentTable transposed;
  private @Nullable ResidentTable slots;
  private @Nullable ColumnSlots columnSlots;
  private final ResidentLineTables lines;
  private long forwardEntries;
  private long transposedEntries;

  ResidentPlaces(SpectralLocations places) {
    this.places = places;
    this.lines = new ResidentLineTables(places);
  }

  /** The tables of the kernels that work in shared memory. */
  public ResidentLineTables lines() {
    return lines;
  }

  SpectralLocations places() {
    return places;
  }

  /** Device address of u[k]; v[k] follow. */
  public long rows(WorkStream stream) {
    return rowsAndColumns(stream).pointer();
  }

  /** The numbers u[k], then v[k]. */
  ResidentTable rowsAndColumns(WorkStream stream) {
    ResidentTable table = rowsAndColumns;
    if (table == null) {
      int n = places.nFrequency();
      int[] both = new int[Math.multiplyExact(2, n)];
      for (int k = 0; k < n; k++) {
        both[k] = places.row(k);
        both[n + k] = places.col(k);
      }
      table = stream.newResidentTable(HostBytes.of(both));
      rowsAndColumns = table;
    }
    stream.pin(table);
    return table;
  }

  /** Device address of v[k]. */
  public long columns(WorkStream stream) {
    return rows(stream) + (long) Integer.BYTES * places.nFrequency();
  }

  /** Columns of the half spectrum that hold a coefficient. */
  public int columnCount() {
    return columnSlots().count();
  }

  private ColumnSlots columnSlots() {
    ColumnSlots known = columnSlots;
    if (known == null) {
      known = ColumnSlots.of(places);
      columnSlots = known;
    }
    return known;
  }

  /** Device address of the number of each column of the half spectrum, and of the way back. */
  public long slots(WorkStream stream) {
    ResidentTable table = slots;
    if (table == null) {
      table = stream.newResidentTable(HostBytes.of(columnSlots().bothWays()));
      slots = table;
    }
    stream.pin(table);
    return table.pointer();
  }

  /** Device addresses of the compressed rows of one direction. */
  public Rows compressedRows(WorkStream stream, boolean transposedDirection) {
    ResidentTable table = transposedDirection ? transposed : forward;
    if (table == null) {
      OperatorTable host =
          transposedDirection ? OperatorTable.transposed(places) : OperatorTable.forward(places);
      table = stream.newResidentTable(HostBytes.of(host.packed()));
      if (transposedDirection) {
        transposed = table;
        transposedEntries = host.source().length;
      } else {
        forward = table;
        forwardEntries = host.source().length;
      }
    }
    stream.pin(table);
    long bins = (transposedDirection ? places.cols() : places.rows()) / 2 + 1L;
    long entries = transposedDirection ? transposedEntries : forwardEntries;
    long source = table.pointer() + Integer.BYTES * (bins + 1);
    return new Rows(table, table.pointer(), source, source + Integer.BYTES * entries);
  }

  /** An {@link OperatorTable} on the device, and the addresses of its parts. */
  public record Rows(ResidentTable table, long binStart, long source, long frequency) {
    /** The operator of an adapter with these places. */
    public OperatorStruct operator(long coefficients, float scale, int frequencies) {
      return new OperatorStruct(binStart, source, frequency, coefficients, scale, frequencies);
    }
  }

  /** Bytes on the device. */
  long bytes() {
    return bytes(rowsAndColumns)
        + bytes(forward)
        + bytes(transposed)
        + bytes(slots)
        + lines.bytes();
  }

  private static long bytes(@Nullable ResidentTable table) {
    return table == null ? 0 : table.bytes();
  }

  /** Those that are on the device. */
  List<ResidentTable> tables() {
    return Stream.concat(
            Stream.of(rowsAndColumns, forward, transposed, slots).filter(Objects::nonNull),
            lines.tables())
        .toList();
  }
}
