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
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * What the device holds for transforms in shared memory: plans and roots of unity, by length. They
 * are few and belong to no adapter, so that only want of memory takes them away. Thread-safe.
 */
public final class ResidentLines implements AutoCloseable {
  private final Lines rows = new Lines(LinePlan::ofRows);
  private final Lines tokens = new Lines(LinePlan::ofTokens);
  private final Map<Integer, ResidentTable> roots = new HashMap<>();

  /** Plans of one kind by their length, and those of them that are on the device. */
  private record Lines(
      IntFunction<LinePlan> make,
      Map<Integer, LinePlan> plans,
      Map<Integer, ResidentTable> tables) {
    Lines(IntFunction<LinePlan> make) {
      this(make, new HashMap<>(), new HashMap<>());
    }

    LinePlan plan(int length) {
      return plans.computeIfAbsent(length, make::apply);
    }

    long pointer(WorkStream stream, int length) {
      return pinned(stream, tables, length, () -> MemorySegment.ofArray(plan(length).image()));
    }
  }

  /** The plan for rows of a delta. */
  public synchronized LinePlan rowPlan(int length) {
    return rows.plan(length);
  }

  /** The plan for tokens. */
  public synchronized LinePlan tokenPlan(int length) {
    return tokens.plan(length);
  }

  /** Device address of {@link #rowPlan}. */
  public synchronized long rowLine(WorkStream stream, int length) {
    return rows.pointer(stream, length);
  }

  /** Device address of {@link #tokenPlan}. */
  public synchronized long tokenLine(WorkStream stream, int length) {
    return tokens.pointer(stream, length);
  }

  /** Device address of {@code e^{+2πi·t/length}} for all t below {@code length}. */
  public synchronized long roots(WorkStream stream, int length) {
    return pinned(stream, roots, length, () -> MemorySegment.ofArray(RootsOfUnity.table(length)));
  }

  private static long pinned(
      WorkStream stream,
      Map<Integer, ResidentTable> tables,
      int length,
      Supplier<MemorySegment> contents) {
    ResidentTable table = tables.get(length);
    if (table == null) {
      table = stream.newResidentTable(HostBytes.whole(contents.get()));
      tables.put(length, table);
    }
    stream.pin(table);
    return table.pointer();
  }

  /** Hands over what no call and no recording uses, to be freed. */
  synchronized List<ResidentTable> takeUnused() {
    List<ResidentTable> unused = new ArrayList<>();
    for (Map<Integer, ResidentTable> tables : List.of(rows.tables, tokens.tables, roots)) {
      for (Iterator<ResidentTable> each = tables.values().iterator(); each.hasNext(); ) {
        ResidentTable table = each.next();
        if (!table.isPinned()) {
          unused.add(table);
          each.remove();
        }
      }
    }
    return unused;
  }

  @Override
  public synchronized void close() {
    try (ResourceStack all = new ResourceStack()) {
      for (Map<Integer, ResidentTable> tables : List.of(rows.tables, tokens.tables, roots)) {
        tables.values().forEach(all::own);
        tables.clear();
      }
    }
  }
}
