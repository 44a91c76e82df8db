package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that can change in a {@link FourierLinear}, as one immutable value, so that a reader who took
 * it sees weights, adapters and flags of the same moment.
 */
final class LayerState {
  private final LayerWeight weight;
  private final @Nullable LayerWeight original;
  private final @Nullable Matrix bias;
  private final AdapterMap adapters;
  private final List<String> active;
  private final List<String> merged;
  private final boolean enabled;
  private final boolean closed;
  private final AdapterNames.Routed live;

  private LayerState(
      LayerWeight weight,
      @Nullable LayerWeight original,
      @Nullable Matrix bias,
      AdapterMap adapters,
      List<String> active,
      List<String> merged,
      boolean enabled,
      boolean closed) {
    this.weight = weight;
    this.original = original;
    this.bias = bias;
    this.adapters = adapters;
    this.active = List.copyOf(active);
    this.merged = List.copyOf(merged);
    this.enabled = enabled;
    this.closed = closed;
    boolean computed = enabled && merged.isEmpty() && !active.isEmpty();
    this.live =
        computed
            ? new AdapterNames.Routed(AdapterRouting.all(select(active)), this.active)
            : AdapterNames.Routed.BASE;
  }

  static LayerState of(LayerWeight weight, @Nullable Matrix bias) {
    return new LayerState(
        weight, null, bias, AdapterMap.empty(), List.of(), List.of(), true, false);
  }

  /** The weight to multiply with: the base, or the base with adapters merged into it. */
  Matrix weight() {
    return weight.matrix();
  }

  /** The same with what owns it. */
  LayerWeight held() {
    return weight;
  }

  /** What is added to every output, null for nothing. */
  @Nullable Matrix bias() {
    return bias;
  }

  /** The weight before the first merge, if it is kept. */
  @Nullable LayerWeight original() {
    return original;
  }

  /** Every adapter in the order in which it was added. */
  AdapterMap adapters() {
    return adapters;
  }

  List<String> active() {
    return active;
  }

  /** Merged adapters in the order of merging. */
  List<String> merged() {
    return merged;
  }

  boolean enabled() {
    return enabled;
  }

  /** Whether the layer computes no more. */
  boolean isClosed() {
    return closed;
  }

  /** The adapters that a forward pass adds to the base: those that are active, on every token. */
  AdapterNames.Routed live() {
    return live;
  }

  /**
   * The adapter of that name.
   *
   * @throws AdapterNameException if there is none
   */
  FourierAdapter adapter(String name) {
    FourierAdapter adapter = adapters.get(name);
    if (adapter == null) {
      throw new AdapterNameException(
          "adapter '%s' is not in this layer; it has %s".formatted(name, adapters.names()));
    }
    return adapter;
  }

  List<FourierAdapter> select(List<String> names) {
    List<FourierAdapter> selected = new ArrayList<>(names.size());
    for (String name : names) {
      selected.add(adapter(name));
    }
    return selected;
  }

  /** Those of {@code names} that are not merged yet. */
  List<String> notMerged(List<String> names) {
    return names.stream().filter(name -> !merged.contains(name)).toList();
  }

  LayerState withAdapter(String name, FourierAdapter adapter) {
    if (adapters.contains(name)) {
      AdapterMap changed = adapters.with(name, adapter);
      return new LayerState(weight, original, bias, changed, active, merged, enabled, closed);
    }
    AdapterMap next = adapters.plus(name, adapter);
    List<String> nextActive = adapters.size() == 0 ? List.of(name) : active;
    return new LayerState(weight, original, bias, next, nextActive, merged, enabled, closed);
  }

  LayerState withoutAdapter(String name, List<String> nextActive) {
    AdapterMap next = adapters.minus(name);
    return new LayerState(weight, original, bias, next, nextActive, merged, enabled, closed);
  }

  LayerState renamed(String from, String to) {
    AdapterMap next = adapters.renamed(from, to);
    return new LayerState(
        weight,
        original,
        bias,
        next,
        replaced(active, from, to),
        replaced(merged, from, to),
        enabled,
        closed);
  }

  LayerState withActive(List<String> nextActive) {
    return new LayerState(weight, original, bias, adapters, nextActive, merged, enabled, closed);
  }

  LayerState withEnabled(boolean nextEnabled) {
    return new LayerState(weight, original, bias, adapters, active, merged, nextEnabled, closed);
  }

  LayerState withWeight(
      LayerWeight nextWeight, @Nullable LayerWeight nextOriginal, List<String> nextMerged) {
    return new LayerState(
        nextWeight, nextOriginal, bias, adapters, active, nextMerged, enabled, closed);
  }

  LayerState whenClosed() {
    return new LayerState(weight, original, bias, adapters, active, merged, enabled, true);
  }

  LayerState withBias(Matrix nextBias) {
    return new LayerState(weight, original, nextBias, adapters, active, merged, enabled, closed);
  }

  private static List<String> replaced(List<String> names, String from, String to) {
    return names.stream().map(name -> name.equals(from) ? to : name).toList();
  }
}
