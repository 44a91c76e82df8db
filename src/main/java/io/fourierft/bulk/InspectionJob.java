package io.fourierft.bulk;

import io.fourierft.FourierException;
import io.fourierft.merge.AdapterInspection;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedModule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at many adapters: what each holds, its norms, and whether it is what PEFT writes and fits
 * the base. No engine is needed and no ΔW is built.
 *
 * <p>{@link #cancel} may be called by any thread; everything else by one.
 */
public final class InspectionJob implements AutoCloseable {
  private static final int AT_A_TIME = 512;

  private final @Nullable OpenBase base;
  private final List<AdapterSet> adapters;
  private final ResolveOptions resolve;
  private volatile boolean cancelled;

  private InspectionJob(
      @Nullable OpenBase base, List<AdapterSet> adapters, ResolveOptions resolve) {
    this.base = base;
    this.adapters = List.copyOf(adapters);
    this.resolve = resolve;
  }

  /**
   * Opens the base; no adapter is read yet.
   *
   * @param base the base model, or null: then no shapes and no norms of ΔW are known
   * @param adapters one adapter each, all of different names
   * @throws FourierException if the base is none, or two adapters have one name
   * @throws IOException if a file cannot be read
   */
  public static InspectionJob plan(
      @Nullable Path base, List<AdapterSet> adapters, ResolveOptions resolve) throws IOException {
    AdapterSets.requireDistinct(adapters);
    adapters.forEach(AdapterSet::single);
    return new InspectionJob(base == null ? null : OpenBase.open(base), adapters, resolve);
  }

  /**
   * Reads them by all processors.
   *
   * @param listener hears of each adapter, the broken ones too, in their order, in the calling
   *     thread
   * @return how many failed
   * @throws IOException never for an adapter, whose failure the listener hears
   */
  public int run(Consumer<InspectedAdapter> listener) throws IOException {
    int failed = 0;
    for (int from = 0; from < adapters.size() && !cancelled; from += AT_A_TIME) {
      List<AdapterSet> some = adapters.subList(from, Math.min(adapters.size(), from + AT_A_TIME));
      for (InspectedAdapter inspected : ParallelWork.map(some, this::inspect)) {
        failed += inspected.failure() == null ? 0 : 1;
        listener.accept(inspected);
      }
    }
    return failed;
  }

  private InspectedAdapter inspect(AdapterSet set) {
    Path adapter = set.single();
    try {
      AdapterInspection inspection =
          base == null
              ? AdapterInspection.open(adapter, null, resolve)
              : AdapterInspection.of(adapter, base, resolve);
      return new InspectedAdapter(
          set.name(), adapter, inspection, base == null ? Double.NaN : norm(inspection), null);
    } catch (FourierException | IOException e) {
      return new InspectedAdapter(set.name(), adapter, null, Double.NaN, e);
    }
  }

  private static double norm(AdapterInspection inspection) {
    double squares = 0;
    for (AdapterInspection.Layer layer : inspection.layers()) {
      ResolvedModule bound = Objects.requireNonNull(layer.bound());
      double norm = bound.adapter().deltaNorm();
      squares += norm * norm;
    }
    return Math.sqrt(squares);
  }

  /** Ends a run soon; the listener hears of no more than some hundred adapters after that. */
  public void cancel() {
    cancelled = true;
  }

  /**
   * Closes the base. Closing again does nothing.
   *
   * @throws IOException if one of its files cannot be closed
   */
  @Override
  public void close() throws IOException {
    if (base != null) {
      base.close();
    }
  }
}
