package io.fourierft.model;

import io.fourierft.Matrix;
import io.fourierft.layer.AdapterNameException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link AdaptedModel} is beside its layers, exchanged with them.
 *
 * @param adapters by name, in the order added
 * @param active names of the active adapters, in order
 * @param enabled whether adapters take part
 */
record ModelState(Map<String, ModelAdapter> adapters, List<String> active, boolean enabled) {
  static final ModelState EMPTY = new ModelState(Map.of(), List.of(), true);

  ModelState {
    adapters = Collections.unmodifiableMap(new LinkedHashMap<>(adapters));
    active = List.copyOf(active);
  }

  /**
   * The adapter of that name.
   *
   * @throws AdapterNameException if there is none
   */
  ModelAdapter adapter(String name) {
    ModelAdapter adapter = adapters.get(name);
    if (adapter == null) {
      throw new AdapterNameException(
          "adapter '%s' is not in this model; it has %s".formatted(name, adapters.keySet()));
    }
    return adapter;
  }

  /** The value of a tensor that one of {@code computing}, or any adapter for all, brings. */
  @Nullable Matrix value(String tensor, List<String> computing) {
    for (String name : computing) {
      ModelAdapter adapter = adapter(name);
      if (adapter.saves(tensor)) {
        return adapter.values().get(tensor);
      }
    }
    for (ModelAdapter adapter : adapters.values()) {
      if (adapter.overwrites(tensor)) {
        return adapter.values().get(tensor);
      }
    }
    return null;
  }

  ModelState with(String name, ModelAdapter adapter) {
    Map<String, ModelAdapter> next = new LinkedHashMap<>(adapters);
    next.put(name, adapter);
    return new ModelState(next, adapters.isEmpty() ? List.of(name) : active, enabled);
  }

  ModelState without(String name, List<String> nextActive) {
    Map<String, ModelAdapter> next = new LinkedHashMap<>(adapters);
    next.remove(name);
    return new ModelState(next, nextActive, enabled);
  }

  ModelState withActive(List<String> nextActive) {
    return new ModelState(adapters, nextActive, enabled);
  }

  ModelState withEnabled(boolean nextEnabled) {
    return new ModelState(adapters, active, nextEnabled);
  }
}
