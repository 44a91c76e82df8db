package io.fourierft.internal.cuda.resident;

import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.LastUse;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the device holds of adapters: coefficients by the adapter's identity, places shared by all
 * that have the same. Adapters that are no longer reachable are forgotten; beyond the budget the
 * least recently used go first. Nothing goes that a call or a recording uses. Thread-safe.
 */
public final class ResidentAdapters implements AutoCloseable {
  private final long budgetBytes;
  private final Map<Identity, Coefficients> coefficients = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<SpectralLocations, ResidentPlaces> places =
      new LinkedHashMap<>(16, 0.75f, true);
  private final OperatorGroups groups = new OperatorGroups();
  private final ReferenceQueue<FourierAdapter> unreachable = new ReferenceQueue<>();
  private final ResidentLines lines = new ResidentLines();

  /** Of adapters that are gone, and in use still. */
  private final List<ResidentTable> orphans = new ArrayList<>();

  private boolean grown;
  private long lookups;

  public ResidentAdapters(long budgetBytes) {
    this.budgetBytes = budgetBytes;
  }

  /** The adapter's coefficients, put on the device if need be; valid for this call. */
  public synchronized Coefficients coefficients(WorkStream stream, FourierAdapter adapter) {
    lookups++;
    Coefficients known = coefficients.get(new Identity(adapter, null));
    if (known == null) {
      forgetUnreachable();
      ResidentTable table = stream.newResidentTable(HostBytes.of(adapter.spectrum()));
      known = new Coefficients(table, null, table.pointer(), adapter.largestCoefficient());
      coefficients.put(new Identity(adapter, unreachable), known);
      grown = true;
    }
    ResidentTable held = known.table;
    if (held != null) {
      stream.pin(held);
    }
    stream.retain(known.foreign);
    return known;
  }

  /** The adapter's places; the tables that are taken from them are valid for this call. */
  public synchronized <T> T places(SpectralLocations locations, Function<ResidentPlaces, T> use) {
    lookups++;
    ResidentPlaces known = places.computeIfAbsent(locations, ResidentPlaces::new);
    long before = known.bytes();
    T result = use.apply(known);
    grown |= known.bytes() > before;
    return result;
  }

  /** What belongs to lengths instead of adapters; outside the budget. */
  public ResidentLines lines() {
    return lines;
  }

  /**
   * What kernels want to know of several adapters, put on the device if need be; valid for this
   * call. The same adapters as in an earlier call on the stream are found together.
   */
  public synchronized OperatorGroup group(
      WorkStream stream, List<FourierAdapter> adapters, OperatorForm form) {
    OperatorGroup group = groups.find(stream, adapters, form);
    if (group == null) {
      group = lookUp(stream, adapters, form);
      groups.put(stream, adapters, form, group);
    }
    stream.pin(group);
    for (DeviceBlock block : group.foreign()) {
      stream.retain(block);
    }
    return group;
  }

  private OperatorGroup lookUp(
      WorkStream stream, List<FourierAdapter> adapters, OperatorForm form) {
    OperatorLookup found = new OperatorLookup(stream, form, lines, adapters.size());
    for (FourierAdapter adapter : adapters) {
      long pointer = 0;
      if (form.readsCoefficients()) {
        Coefficients held = coefficients(stream, adapter);
        found.holds(held.table, held.foreign);
        pointer = held.pointer;
      }
      long at = pointer;
      places(
          adapter.locations(),
          known -> {
            found.add(adapter, known, at);
            return at;
          });
    }
    return found.group(adapters);
  }

  /** How often adapters or places were looked up one by one; a repeated batch does not. */
  public synchronized long lookups() {
    return lookups;
  }

  /** From now on {@code adapter} stands for coefficients that somebody else keeps in a block. */
  public synchronized void bind(FourierAdapter adapter, DeviceBlock block, long pointer) {
    coefficients.put(new Identity(adapter, unreachable), new Coefficients(null, block, pointer, 0));
  }

  /** Undoes {@link #bind}. */
  public synchronized void unbind(FourierAdapter adapter) {
    groups.retireThoseOf(adapter);
    coefficients.remove(new Identity(adapter, null));
  }

  /** Gives up what exceeds the budget and is not in use; called before a call enqueues. */
  public synchronized void shrink() {
    forgetUnreachable();
    if (grown) {
      grown = false;
      shrinkTo(budgetBytes);
    }
  }

  /** Gives up everything that is not in use, as when memory is short. */
  public synchronized void trim() {
    forgetUnreachable();
    shrinkTo(0);
    free(lines.takeUnused());
  }

  /** Bytes on the device. */
  public synchronized long bytes() {
    long sum = 0;
    for (ResidentTable each : orphans) {
      sum += each.bytes();
    }
    for (Coefficients each : coefficients.values()) {
      sum += each.bytes();
    }
    for (ResidentPlaces each : places.values()) {
      sum += each.bytes();
    }
    return sum;
  }

  private void shrinkTo(long most) {
    long held = bytes();
    if (held <= most) {
      return;
    }
    touchThoseOfGroups();
    Set<ResidentTable> inUse = inUse();
    List<ResidentTable> victims = new ArrayList<>();
    for (Iterator<Coefficients> each = coefficients.values().iterator();
        held > most && each.hasNext(); ) {
      ResidentTable table = each.next().table;
      if (table != null && !table.isPinned() && !inUse.contains(table)) {
        victims.add(table);
        held -= table.bytes();
        each.remove();
      }
    }
    for (Iterator<ResidentPlaces> each = places.values().iterator();
        held > most && each.hasNext(); ) {
      ResidentPlaces candidate = each.next();
      List<ResidentTable> tables = candidate.tables();
      if (tables.stream().noneMatch(table -> table.isPinned() || inUse.contains(table))) {
        victims.addAll(tables);
        held -= candidate.bytes();
        each.remove();
      }
    }
    free(victims);
  }

  /** What groups found was used as lately as they were. */
  private void touchThoseOfGroups() {
    groups.forEach(
        group -> {
          for (WeakReference<FourierAdapter> member : group.members()) {
            FourierAdapter adapter = member.get();
            if (adapter != null) {
              var _ = coefficients.get(new Identity(adapter, null));
              var _ = places.get(adapter.locations());
            }
          }
        });
  }

  private Set<ResidentTable> inUse() {
    Set<ResidentTable> tables = Collections.newSetFromMap(new IdentityHashMap<>());
    groups.addPinnedTo(tables);
    return tables;
  }

  private void forgetUnreachable() {
    Reference<? extends FourierAdapter> gone;
    boolean found = !orphans.isEmpty();
    while ((gone = unreachable.poll()) != null) {
      Coefficients entry = coefficients.remove(gone);
      if (entry != null && entry.table != null) {
        orphans.add(entry.table);
        found = true;
      }
    }
    if (found) {
      Set<ResidentTable> inUse = inUse();
      List<ResidentTable> victims =
          orphans.stream().filter(each -> !each.isPinned() && !inUse.contains(each)).toList();
      orphans.removeAll(victims);
      free(victims);
    }
  }

  /** Frees tables that queued work may still read, once that is done. */
  private void free(Collection<ResidentTable> victims) {
    if (victims.isEmpty()) {
      return;
    }
    groups.retireThoseWith(victims);
    Set<LastUse> users = new HashSet<>();
    victims.forEach(each -> each.addUsersTo(users));
    users.forEach(LastUse::await);
    try (ResourceStack all = new ResourceStack()) {
      victims.forEach(all::own);
    }
  }

  @Override
  public synchronized void close() {
    groups.clear();
    try (ResourceStack all = new ResourceStack()) {
      orphans.forEach(all::own);
      for (Coefficients each : coefficients.values()) {
        if (each.table != null) {
          all.own(each.table);
        }
      }
      places.values().forEach(each -> each.tables().forEach(all::own));
      all.own(lines);
    }
    orphans.clear();
    coefficients.clear();
    places.clear();
  }

  /**
   * Coefficients on the device.
   *
   * @param table the memory, or null if it belongs to somebody else
   * @param foreign the memory of somebody else, or null
   * @param pointer their device address
   * @param largest their largest magnitude; 0 if it is not known, since they change
   */
  public record Coefficients(
      @Nullable ResidentTable table, @Nullable DeviceBlock foreign, long pointer, float largest) {
    private long bytes() {
      return table == null ? 0 : table.bytes();
    }
  }

  /** An adapter by identity, without keeping it alive. */
  private static final class Identity extends WeakReference<FourierAdapter> {
    private final int hash;

    Identity(FourierAdapter adapter, @Nullable ReferenceQueue<FourierAdapter> queue) {
      super(adapter, queue);
      this.hash = System.identityHashCode(adapter);
    }

    @Override
    public boolean equals(Object other) {
      if (this == other) {
        return true;
      }
      FourierAdapter mine = get();
      return other instanceof Identity that && mine != null && mine == that.get();
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }
}
