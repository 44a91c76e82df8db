package io.fourierft.internal.cuda.resident;

import io.fourierft.SpectralLocations;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.LineOperatorStruct;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What the kernels that work in shared memory know of a spectrum's places, each table made when it
 * is first needed. Used under the lock of {@link ResidentAdapters}.
 */
public final class ResidentLineTables {
  private enum Kind {
    ROWS,
    COLUMNS,
    FORWARD,
    TRANSPOSED,
    PRODUCTS
  }

  private record Held(ResidentTable table, int pairs, int heads) {}

  private final SpectralLocations places;
  private final Map<Kind, Held> tables = new EnumMap<>(Kind.class);

  ResidentLineTables(SpectralLocations places) {
    this.places = places;
  }

  /** For rows of ΔW, or of ΔWᵀ if {@code exchanged}, with the plan of such a row. */
  public Lists delta(WorkStream stream, boolean exchanged, LinePlan plan) {
    return lists(
        stream,
        exchanged ? Kind.COLUMNS : Kind.ROWS,
        () -> LineTable.delta(places, exchanged, plan));
  }

  /** For tokens in one direction, with the plans of input and output. */
  public Lists operator(WorkStream stream, boolean transposed, LinePlan input, LinePlan output) {
    return lists(
        stream,
        transposed ? Kind.TRANSPOSED : Kind.FORWARD,
        () -> LineTable.operator(places, transposed, input, output));
  }

  /** Where each k reads x and g. */
  ResidentTable products(WorkStream stream, LinePlan x, LinePlan g) {
    Held held = tables.get(Kind.PRODUCTS);
    if (held == null) {
      byte[] both = LineTable.products(places, x, g);
      held = new Held(stream.newResidentTable(HostBytes.whole(MemorySegment.ofArray(both))), 0, 0);
      tables.put(Kind.PRODUCTS, held);
    }
    stream.pin(held.table);
    return held.table;
  }

  private Lists lists(WorkStream stream, Kind kind, Supplier<LineTable> made) {
    Held held = tables.get(kind);
    if (held == null) {
      LineTable host = made.get();
      held =
          new Held(
              stream.newResidentTable(HostBytes.whole(MemorySegment.ofArray(host.packed()))),
              host.pairs(),
              host.heads().length);
      tables.put(kind, held);
    }
    stream.pin(held.table);
    long heads = held.table.pointer();
    return new Lists(held.table, held.pairs, heads, heads + held.heads);
  }

  /** A {@link LineTable} on the device, and the addresses of its parts. */
  public record Lists(ResidentTable table, int pairs, long heads, long entries) {
    /** The operator of an adapter with these places. */
    LineOperatorStruct operator(long coefficients, float scale, int frequencies) {
      return new LineOperatorStruct(heads, entries, coefficients, scale, frequencies);
    }
  }

  long bytes() {
    return tables.values().stream().mapToLong(held -> held.table.bytes()).sum();
  }

  /** Those that are on the device. */
  Stream<ResidentTable> tables() {
    return tables.values().stream().map(Held::table);
  }
}
