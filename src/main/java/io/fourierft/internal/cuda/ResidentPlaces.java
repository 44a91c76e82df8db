package io.fourierft.internal.cuda;

import io.fourierft.SpectralLocations;
import org.jspecify.annotations.Nullable;

/**
 * The places of a spectrum on the device, and what is derived from them, each made when it is first
 * needed. Used under the lock of {@link ResidentAdapters}.
 */
final class ResidentPlaces implements AutoCloseable {
  private final SpectralLocations places;
  private @Nullable ResidentTable rowsAndColumns;
  private @Nullable ResidentTable forward;
  private @Nullable ResidentTable transposed;
  private @Nullable ResidentTable slots;
  private @Nullable ColumnSlots columnSlots;
  private long forwardEntries;
  private long transposedEntries;

  ResidentPlaces(SpectralLocations places) {
    this.places = places;
  }

  SpectralLocations places() {
    return places;
  }

  /** Device address of u[k]; v[k] follow. */
  long rows(Lane lane) {
    ResidentTable table = rowsAndColumns;
    if (table == null) {
      int n = places.count();
      int[] both = new int[Math.multiplyExact(2, n)];
      for (int k = 0; k < n; k++) {
        both[k] = places.row(k);
        both[n + k] = places.col(k);
      }
      table = new ResidentTable(lane, HostRows.of(both));
      rowsAndColumns = table;
    }
    lane.pin(table);
    return table.pointer();
  }

  /** Device address of v[k]. */
  long columns(Lane lane) {
    return rows(lane) + (long) Integer.BYTES * places.count();
  }

  /** Columns of the half spectrum that hold a coefficient. */
  int columnCount() {
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
  long slots(Lane lane) {
    ResidentTable table = slots;
    if (table == null) {
      table = new ResidentTable(lane, HostRows.of(columnSlots().bothWays()));
      slots = table;
    }
    lane.pin(table);
    return table.pointer();
  }

  /** Device addresses of the compressed rows of one direction. */
  Rows compressedRows(Lane lane, boolean transposedDirection) {
    ResidentTable table = transposedDirection ? transposed : forward;
    if (table == null) {
      OperatorTable host =
          transposedDirection ? OperatorTable.transposed(places) : OperatorTable.forward(places);
      table = new ResidentTable(lane, HostRows.of(host.packed()));
      if (transposedDirection) {
        transposed = table;
        transposedEntries = host.source().length;
      } else {
        forward = table;
        forwardEntries = host.source().length;
      }
    }
    lane.pin(table);
    long bins = (transposedDirection ? places.cols() : places.rows()) / 2 + 1L;
    long entries = transposedDirection ? transposedEntries : forwardEntries;
    long source = table.pointer() + Integer.BYTES * (bins + 1);
    return new Rows(table.pointer(), source, source + Integer.BYTES * entries);
  }

  /** Device addresses of an {@link OperatorTable}. */
  record Rows(long binStart, long source, long frequency) {}

  /** Bytes on the device. */
  long bytes() {
    return bytes(rowsAndColumns) + bytes(forward) + bytes(transposed) + bytes(slots);
  }

  private static long bytes(@Nullable ResidentTable table) {
    return table == null ? 0 : table.bytes();
  }

  /** Whether a call or a recording uses one of the tables. */
  boolean isPinned() {
    return pinned(rowsAndColumns) || pinned(forward) || pinned(transposed) || pinned(slots);
  }

  private static boolean pinned(@Nullable ResidentTable table) {
    return table != null && table.isPinned();
  }

  @Override
  public void close() {
    try (ResourceStack all = new ResourceStack()) {
      for (ResidentTable table :
          new @Nullable ResidentTable[] {rowsAndColumns, forward, transposed, slots}) {
        if (table != null) {
          all.own(table);
        }
      }
    }
    rowsAndColumns = null;
    forward = null;
    transposed = null;
    slots = null;
  }
}
