package io.fourierft.internal.cuda.resident;

import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.definition.RootsOfUnity;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What the device holds for transforms in shared memory: plans and roots of unity, by length. They
 * are few and belong to no adapter, so that only want of memory takes them away. Thread-safe.
 */
public final class ResidentLines implements AutoCloseable {
  private enum Kind {
    ROWS,
    TOKENS,
    ROOTS
  }

  private record Key(Kind kind, int length) {}

  private final Map<Key, LinePlan> plans = new HashMap<>();
  private final Map<Key, ResidentTable> tables = new HashMap<>();

  /** The plan for rows of a delta. */
  public synchronized LinePlan rowPlan(int length) {
    return plans.computeIfAbsent(new Key(Kind.ROWS, length), key -> LinePlan.ofRows(key.length));
  }

  /** The plan for tokens. */
  public synchronized LinePlan tokenPlan(int length) {
    return plans.computeIfAbsent(
        new Key(Kind.TOKENS, length), key -> LinePlan.ofTokens(key.length));
  }

  /** Device address of {@link #rowPlan}. */
  public synchronized long rowLine(WorkStream stream, int length) {
    return pointer(stream, Kind.ROWS, length, () -> MemorySegment.ofArray(rowPlan(length).image()));
  }

  /** Device address of {@link #tokenPlan}. */
  public synchronized long tokenLine(WorkStream stream, int length) {
    return pointer(
        stream, Kind.TOKENS, length, () -> MemorySegment.ofArray(tokenPlan(length).image()));
  }

  /** Device address of {@code e^{+2πi·t/length}} for all t below {@code length}. */
  public synchronized long roots(WorkStream stream, int length) {
    return pointer(
        stream, Kind.ROOTS, length, () -> MemorySegment.ofArray(RootsOfUnity.table(length)));
  }

  private long pointer(WorkStream stream, Kind kind, int length, Supplier<MemorySegment> contents) {
    Key key = new Key(kind, length);
    ResidentTable table = tables.get(key);
    if (table == null) {
      table = stream.newResidentTable(HostBytes.whole(contents.get()));
      tables.put(key, table);
    }
    stream.pin(table);
    return table.pointer();
  }

  /** Hands over what no call and no recording uses, to be freed. */
  synchronized List<ResidentTable> takeUnused() {
    List<ResidentTable> unused = new ArrayList<>();
    for (Iterator<ResidentTable> each = tables.values().iterator(); each.hasNext(); ) {
      ResidentTable table = each.next();
      if (!table.isPinned()) {
        unused.add(table);
        each.remove();
      }
    }
    return unused;
  }

  @Override
  public synchronized void close() {
    try (ResourceStack all = new ResourceStack()) {
      tables.values().forEach(all::own);
    }
    tables.clear();
  }
}
