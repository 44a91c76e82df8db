package io.fourierft.layer;

import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The changes that can be made to a {@link FourierLinear}, one at a time, each of which exchanges
 * its whole state. The rules and messages are PEFT's where it has one ({@code
 * src/peft/tuners/tuners_utils.py}).
 */
final class LayerChanges {
  private static final System.Logger LOG = System.getLogger(FourierLinear.class.getName());

  private final WeightMerger merger;
  private final boolean keepsOriginalWeight;
  private final Consumer<FourierAdapter> gone;
  private volatile LayerState state;

  /**
   * Begins with {@code first}; {@code gone} is told of every adapter that no later pass computes
   * with.
   */
  LayerChanges(
      LayerState first,
      WeightMerger merger,
      boolean keepsOriginalWeight,
      Consumer<FourierAdapter> gone) {
    this.state = first;
    this.merger = merger;
    this.keepsOriginalWeight = keepsOriginalWeight;
    this.gone = gone;
  }

  /** The state of now; may be read at any time, also while a change is being made. */
  LayerState state() {
    return state;
  }

  synchronized void add(String name, FourierAdapter adapter) {
    AdapterNames.requireFree(state, name);
    state = state.withAdapter(name, adapter);
  }

  synchronized void updateSpectrum(String name, float[] spectrum) {
    FourierAdapter before = state.adapter(name);
    FourierAdapter updated = before.withSpectrum(spectrum);
    requireNotMerged(name, "change");
    state = state.withAdapter(name, updated);
    gone.accept(before);
  }

  synchronized void updateBias(Matrix bias) {
    state = state.withBias(bias);
  }

  synchronized void rename(String from, String to) {
    AdapterNames.requireKnown(state, List.of(from));
    AdapterNames.requireFree(state, to);
    state = state.renamed(from, to);
  }

  synchronized void delete(String name) {
    AdapterNames.requireKnown(state, List.of(name));
    requireNotMerged(name, "delete");
    List<String> active = new ArrayList<>(state.active());
    if (active.remove(name) && active.isEmpty()) {
      state.adapters().names().stream()
          .filter(other -> !other.equals(name))
          .min(String::compareTo)
          .ifPresent(
              next -> {
                active.add(next);
                warn(
                    "Adapter %s was active which is now deleted. Setting active adapter to %s."
                        .formatted(name, next));
              });
    }
    FourierAdapter deleted = state.adapter(name);
    state = state.withoutAdapter(name, active);
    gone.accept(deleted);
  }

  synchronized void setActive(List<String> names) {
    AdapterNames.requireKnown(state, names);
    LayerState next = state;
    if (!next.merged().isEmpty()) {
      warn("Adapter cannot be set when the model is merged. Unmerging the model first.");
      next = unmerged(next);
    }
    state = next.withActive(names);
  }

  synchronized void setActiveIfPresent(List<String> names) {
    setActive(names.stream().filter(state.adapters()::contains).toList());
  }

  /** Returns whether they were enabled before. */
  synchronized boolean disable() {
    boolean wasEnabled = state.enabled();
    LayerState next = state.merged().isEmpty() ? state : unmerged(state);
    state = next.withEnabled(false);
    return wasEnabled;
  }

  synchronized void enable() {
    state = state.withEnabled(true);
  }

  synchronized List<String> mergeActive(boolean safe) {
    return merge(safe, state.active());
  }

  synchronized List<String> merge(boolean safe, List<String> names) {
    LayerState before = state;
    AdapterNames.requireKnown(before, names);
    if (!before.enabled()) {
      throw new MergeException("adapters are disabled; enable them before merging");
    }
    List<String> wanted = before.notMerged(names);
    if (wanted.isEmpty()) {
      if (!names.isEmpty()) {
        warn("All adapters are already merged, nothing to do.");
      }
      return List.of();
    }
    if (!before.merged().isEmpty()) {
      warn(
          "Already following adapters were merged %s. You are now additionally merging %s."
              .formatted(String.join(",", before.merged()), String.join(",", wanted)));
    }
    Matrix kept = before.merged().isEmpty() ? before.weight() : before.original();
    List<String> merged = new ArrayList<>(before.merged());
    merged.addAll(wanted);
    Matrix weight = merger.merged(before, wanted, safe);
    state = before.withWeight(weight, keepsOriginalWeight ? kept : null, merged);
    return wanted;
  }

  synchronized boolean unmerge() {
    if (state.merged().isEmpty()) {
      warn("Already unmerged. Nothing to do.");
      return false;
    }
    state = unmerged(state);
    return true;
  }

  private LayerState unmerged(LayerState from) {
    Matrix original = from.original();
    Matrix weight = original == null ? merger.unmerged(from) : original;
    return from.withWeight(weight, null, List.of());
  }

  private void requireNotMerged(String name, String verb) {
    if (state.merged().contains(name)) {
      throw new MergeException(
          "Cannot %s adapter(s) ['%s'] while they are merged. Please unmerge them first."
              .formatted(verb, name));
    }
  }

  private static void warn(String message) {
    LOG.log(System.Logger.Level.WARNING, message);
  }
}
