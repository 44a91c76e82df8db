package io.fourierft.model;

import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.layer.AdapterNameException;
import io.fourierft.peft.BaseTensor;
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
 * @param changes how many changes made it what it is
 */
record ModelState(
    Map<String, ModelAdapter> adapters, List<String> active, boolean enabled, long changes) {
  static final ModelState EMPTY = new ModelState(Map.of(), List.of(), true, 0);

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
  @Nullable Matrix value(TensorName tensor, List<String> computing) {
    for (String name : computing) {
      ModelAdapter adapter = adapter(name);
      if (adapter.saves(tensor.name())) {
        return adapter.values().get(tensor.name());
      }
    }
    return shared(tensor);
  }

  /** The value that an adapter brings for all, active or not, as a bias; null if none does. */
  @Nullable Matrix shared(TensorName tensor) {
    for (ModelAdapter adapter : adapters.values()) {
      if (adapter.overwrites(tensor.stored())) {
        return adapter.values().get(tensor.stored());
      }
    }
    return null;
  }

  /**
   * Refuses a tensor of the base that an adapter has in other pieces than asked for.
   *
   * @throws FourierException naming what the adapter has
   */
  void requireNotInPieces(String name, BaseTensor tensor) {
    adapters.forEach(
        (adapterName, adapter) -> {
          String own = adapter.inPieces(tensor);
          if (own != null) {
            throw new FourierException(
                ("'%s' and '%s', which adapter '%s' adapts or brings, are in part the same rows of"
                        + " the base model's files; compute with '%s', as the model does on which"
                        + " the adapter was trained")
                    .formatted(name, own, adapterName, own));
          }
        });
  }

  ModelState with(String name, ModelAdapter adapter) {
    Map<String, ModelAdapter> next = new LinkedHashMap<>(adapters);
    next.put(name, adapter);
    List<String> nextActive = adapters.isEmpty() ? List.of(name) : active;
    return new ModelState(next, nextActive, enabled, changes + 1);
  }

  ModelState without(String name, List<String> nextActive) {
    Map<String, ModelAdapter> next = new LinkedHashMap<>(adapters);
    next.remove(name);
    return new ModelState(next, nextActive, enabled, changes + 1);
  }

  ModelState withActive(List<String> nextActive) {
    return new ModelState(adapters, nextActive, enabled, changes + 1);
  }

  ModelState withEnabled(boolean nextEnabled) {
    return new ModelState(adapters, active, nextEnabled, changes + 1);
  }
}
