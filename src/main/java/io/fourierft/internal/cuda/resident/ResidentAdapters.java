package io.fourierft.internal.cuda.resident;

import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.definition.Magnitude;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the device holds of adapters: coefficients by the adapter's identity, places shared by all
 * that have the same. Adapters that are no longer reachable are forgotten; beyond the budget the
 * least recently used go first. Thread-safe.
 */
public final class ResidentAdapters implements AutoCloseable {
  private final CudaContext context;
  private final long budgetBytes;
  private final Map<Identity, Coefficients> coefficients = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<SpectralLocations, ResidentPlaces> places =
      new LinkedHashMap<>(16, 0.75f, true);
  private final ReferenceQueue<FourierAdapter> unreachable = new ReferenceQueue<>();
  private boolean grown;

  public ResidentAdapters(CudaContext context, long budgetBytes) {
    this.context = context;
    this.budgetBytes = budgetBytes;
  }

  /** The adapter's coefficients, put on the device if need be; valid for this call. */
  public synchronized Coefficients coefficients(WorkStream stream, FourierAdapter adapter) {
    Coefficients known = coefficients.get(new Identity(adapter, null));
    if (known == null) {
      forgetUnreachable();
      float[] spectrum = adapter.spectrum();
      ResidentTable table = stream.newResidentTable(HostBytes.of(spectrum));
      known = new Coefficients(table, table.pointer(), Magnitude.largestCoefficient(adapter));
      coefficients.put(new Identity(adapter, unreachable), known);
      grown = true;
    }
    ResidentTable held = known.table;
    if (held != null) {
      stream.pin(held);
    }
    return known;
  }

  /** The adapter's places; the tables that are taken from them are valid for this call. */
  public synchronized <T> T places(SpectralLocations locations, Function<ResidentPlaces, T> use) {
    ResidentPlaces known = places.computeIfAbsent(locations, ResidentPlaces::new);
    long before = known.bytes();
    T result = use.apply(known);
    grown |= known.bytes() > before;
    return result;
  }

  /** From now on {@code adapter} stands for coefficients that somebody else keeps at a pointer. */
  public synchronized void bind(FourierAdapter adapter, long pointer) {
    coefficients.put(new Identity(adapter, unreachable), new Coefficients(null, pointer, 0));
  }

  /** Undoes {@link #bind}. */
  public synchronized void unbind(FourierAdapter adapter) {
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
    shrinkTo(0);
  }

  /** Bytes on the device. */
  public synchronized long bytes() {
    long sum = 0;
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
    List<AutoCloseable> victims = new ArrayList<>();
    for (Iterator<Coefficients> each = coefficients.values().iterator();
        held > most && each.hasNext(); ) {
      Coefficients candidate = each.next();
      ResidentTable table = candidate.table;
      if (table != null && !table.isPinned()) {
        victims.add(table);
        held -= table.bytes();
        each.remove();
      }
    }
    for (Iterator<ResidentPlaces> each = places.values().iterator();
        held > most && each.hasNext(); ) {
      ResidentPlaces candidate = each.next();
      if (!candidate.isPinned()) {
        victims.add(candidate);
        held -= candidate.bytes();
        each.remove();
      }
    }
    free(victims);
  }

  private void forgetUnreachable() {
    List<AutoCloseable> victims = new ArrayList<>();
    Reference<? extends FourierAdapter> gone;
    while ((gone = unreachable.poll()) != null) {
      Coefficients entry = coefficients.remove(gone);
      if (entry != null && entry.table != null) {
        victims.add(entry.table);
      }
    }
    free(victims);
  }

  /** Frees tables that queued work may still read. */
  private void free(List<AutoCloseable> victims) {
    if (victims.isEmpty()) {
      return;
    }
    context.quietly(() -> context.driver().ctxSynchronize());
    try (ResourceStack all = new ResourceStack()) {
      victims.forEach(all::own);
    }
  }

  @Override
  public synchronized void close() {
    try (ResourceStack all = new ResourceStack()) {
      for (Coefficients each : coefficients.values()) {
        if (each.table != null) {
          all.own(each.table);
        }
      }
      places.values().forEach(all::own);
    }
    coefficients.clear();
    places.clear();
  }

  /**
   * Coefficients on the device.
   *
   * @param table the memory, or null if it belongs to somebody else
   * @param pointer their device address
   * @param largest their largest magnitude; 0 if it is not known, since they change
   */
  public record Coefficients(@Nullable ResidentTable table, long pointer, float largest) {
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
