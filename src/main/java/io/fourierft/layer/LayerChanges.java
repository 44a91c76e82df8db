package io.fourierft.layer;

import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The changes that can be made to a {@link FourierLinear}, one at a time, each of which exchanges
 * its whole state, alone or with those of other layers of its {@link LayerGroup}. The rules and
 * messages are PEFT's where it has one ({@code src/peft/tuners/tuners_utils.py}).
 */
final class LayerChanges {
  private final LayerGroup group;
  private final LayerGroup.Value<LayerState> states;
  private final LayerGroup.@Nullable Moment moment;
  private final WeightMerger merger;
  private final boolean keepsOriginalWeight;
  private final Consumer<FourierAdapter> gone;

  private LayerChanges(
      LayerGroup group,
      LayerGroup.Value<LayerState> states,
      LayerGroup.@Nullable Moment moment,
      WeightMerger merger,
      boolean keepsOriginalWeight,
      Consumer<FourierAdapter> gone) {
    this.group = group;
    this.states = states;
    this.moment = moment;
    this.merger = merger;
    this.keepsOriginalWeight = keepsOriginalWeight;
    this.gone = gone;
  }

  /**
   * Begins with {@code first}, as a member of {@code group}; {@code gone} is told of every adapter
   * that no later pass computes with.
   */
  static LayerChanges of(
      LayerState first,
      LayerGroup group,
      WeightMerger merger,
      boolean keepsOriginalWeight,
      Consumer<FourierAdapter> gone) {
    return new LayerChanges(group, group.share(first), null, merger, keepsOriginalWeight, gone);
  }

  /**
   * The layer as it was at a moment of its group; refuses changes.
   *
   * @throws FourierException if the moment is of another group
   */
  LayerChanges at(LayerGroup.Moment past) {
    group.requireOwn(past);
    return new LayerChanges(group, states, past, merger, keepsOriginalWeight, gone);
  }

  /** The same changes, merging with another merger. */
  LayerChanges with(WeightMerger other) {
    return new LayerChanges(group, states, moment, other, keepsOriginalWeight, gone);
  }

  /** The layers that it can be changed with. */
  LayerGroup group() {
    return group;
  }

  /**
   * The state of now, or of the moment; may be read at any time, also while a change is being made.
   */
  LayerState state() {
    return moment == null ? states.now() : states.at(moment);
  }

  void add(String name, FourierAdapter adapter) {
    exchange(
        () -> {
          AdapterNames.requireFree(state(), name);
          states.set(state().withAdapter(name, adapter));
        });
  }

  void updateSpectrum(String name, float[] spectrum) {
    exchange(
        () -> {
          FourierAdapter before = state().adapter(name);
          FourierAdapter updated = before.withSpectrum(spectrum);
          requireNotMerged(name, "change");
          states.set(state().withAdapter(name, updated));
          group.afterwards(() -> gone.accept(before));
        });
  }

  /** Exchanges an adapter for one that stands for the same, merged or not. */
  void substitute(String name, FourierAdapter same) {
    exchange(
        () -> {
          FourierAdapter before = state().adapter(name);
          if (!before.locations().equals(same.locations())
              || before.scaling() != same.scaling()
              || before.deltaType() != same.deltaType()) {
            throw new ShapeException(
                "%s does not stand for adapter '%s', which is %s".formatted(same, name, before));
          }
          states.set(state().withAdapter(name, same));
          group.afterwards(() -> gone.accept(before));
        });
  }

  void updateBias(Matrix bias) {
    exchange(() -> states.set(state().withBias(bias)));
  }

  void rename(String from, String to) {
    exchange(
        () -> {
          AdapterNames.requireKnown(state(), List.of(from));
          AdapterNames.requireFree(state(), to);
          states.set(state().renamed(from, to));
        });
  }

  void delete(String name) {
    exchange(
        () -> {
          LayerState before = state();
          AdapterNames.requireKnown(before, List.of(name));
          requireNotMerged(name, "delete");
          List<String> active = new ArrayList<>(before.active());
          if (active.remove(name) && active.isEmpty()) {
            before.adapters().names().stream()
                .filter(other -> !other.equals(name))
                .min(String::compareTo)
                .ifPresent(
                    next -> {
                      active.add(next);
                      group.warn(
                          "Adapter %s was active which is now deleted. Setting active adapter to %s."
                              .formatted(name, next));
                    });
          }
          FourierAdapter deleted = before.adapter(name);
          states.set(before.withoutAdapter(name, active));
          group.afterwards(() -> gone.accept(deleted));
        });
  }

  void setActive(List<String> names) {
    exchange(
        () -> {
          LayerState next = state();
          AdapterNames.requireKnown(next, names);
          if (!next.merged().isEmpty()) {
            group.warn(
                "Adapter cannot be set when the model is merged. Unmerging the model first.");
            next = unmerged(next);
          }
          states.set(next.withActive(names));
        });
  }

  void setActiveIfPresent(List<String> names) {
    exchange(() -> setActive(names.stream().filter(state().adapters()::contains).toList()));
  }

  /** Returns whether they were enabled before. */
  boolean disable() {
    return exchange(
        () -> {
          LayerState before = state();
          LayerState next = before.merged().isEmpty() ? before : unmerged(before);
          states.set(next.withEnabled(false));
          return before.enabled();
        });
  }

  void enable() {
    exchange(() -> states.set(state().withEnabled(true)));
  }

  List<String> mergeActive(boolean safe) {
    return exchange(() -> merge(safe, state().active()));
  }

  List<String> merge(boolean safe, List<String> names) {
    return exchange(
        () -> {
          LayerState before = state();
          AdapterNames.requireKnown(before, names);
          if (!before.enabled()) {
            throw new MergeException("adapters are disabled; enable them before merging");
          }
          List<String> wanted = before.notMerged(names);
          if (wanted.isEmpty()) {
            if (!names.isEmpty()) {
              group.warn("All adapters are already merged, nothing to do.");
            }
            return List.of();
          }
          if (!before.merged().isEmpty()) {
            group.warn(
                "Already following adapters were merged %s. You are now additionally merging %s."
                    .formatted(String.join(",", before.merged()), String.join(",", wanted)));
          }
          LayerWeight kept = before.merged().isEmpty() ? before.held() : before.original();
          List<String> merged = new ArrayList<>(before.merged());
          merged.addAll(wanted);
          LayerWeight weight = LayerWeight.made(merger.merged(before, wanted, safe));
          states.set(before.withWeight(weight, keepsOriginalWeight ? kept : null, merged));
          return wanted;
        });
  }

  boolean unmerge() {
    return exchange(
        () -> {
          if (state().merged().isEmpty()) {
            group.warn("Already unmerged. Nothing to do.");
            return false;
          }
          states.set(unmerged(state()));
          return true;
        });
  }

  private LayerState unmerged(LayerState from) {
    LayerWeight original = from.original();
    LayerWeight weight = original == null ? LayerWeight.made(merger.unmerged(from)) : original;
    return from.withWeight(weight, null, List.of());
  }

  private void requireNotMerged(String name, String verb) {
    if (state().merged().contains(name)) {
      throw new MergeException(
          "Cannot %s adapter(s) ['%s'] while they are merged. Please unmerge them first."
              .formatted(verb, name));
    }
  }

  private void exchange(Runnable change) {
    requireNow();
    group.exchange(
        () -> {
          requireOpen();
          change.run();
        });
  }

  private <T> T exchange(Supplier<T> change) {
    requireNow();
    return group.exchange(
        () -> {
          requireOpen();
          return change.get();
        });
  }

  /** Ends all passes and changes, and gives back a merged weight. */
  void close() {
    requireNow();
    group.exchange(
        () -> {
          LayerState last = state();
          if (!last.isClosed()) {
            states.set(last.whenClosed());
            group.afterwards(last.held()::release);
          }
        });
  }

  private void requireOpen() {
    if (state().isClosed()) {
      throw new EngineClosedException("the layer was closed");
    }
  }

  private void requireNow() {
    if (moment != null) {
      throw new FourierException(
          "this is a layer as it was at one moment, which nothing changes; change the layer"
              + " itself");
    }
  }
}
