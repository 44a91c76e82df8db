package io.fourierft.model;

import io.fourierft.FourierException;
import io.fourierft.layer.AdapterNameException;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerGroup;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.PeftException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Changes of adapters over all layers of a model; each is made within one exchange. */
final class AdapterChange {
  private static final String WEIGHT = ".weight";

  private final LayerGroup.Value<ModelState> state;
  private final ModelLayers layers;

  AdapterChange(LayerGroup.Value<ModelState> state, ModelLayers layers) {
    this.state = state;
    this.layers = layers;
  }

  void add(String name, ModelAdapter adapter) {
    ModelState before = state.now();
    if (before.adapters().containsKey(name)) {
      throw new AdapterNameException("Adapter with name '" + name + "' already exists.");
    }
    requireOneWithBias(before, adapter);
    requireSameNames(before, name, adapter);
    adapter.extras().forEach((tensor, extra) -> requireNoLayer(name, adapter, tensor, extra));
    layers.requireNotInPieces(name, adapter);
    adapter
        .modules()
        .forEach((path, module) -> layers.of(path, module).addAdapter(name, module.adapter()));
    ModelState after = before.with(name, adapter);
    layers.changeBiases(before, after);
    state.set(after);
    // A layer makes its first adapter active, whatever the model's are.
    for (String path : adapter.modules().keySet()) {
      FourierLinear layer = layers.require(path);
      if (!after.active().contains(name) && layer.activeAdapters().contains(name)) {
        layer.setActiveAdaptersIfPresent(after.active());
      }
      if (!after.enabled()) {
        layer.disableAdapters();
      }
    }
  }

  private static void requireOneWithBias(ModelState before, ModelAdapter adapter) {
    if (adapter.config().trainsBiases()
        && before.adapters().values().stream().anyMatch(other -> other.config().trainsBiases())) {
      throw new PeftException(
          "a model supports only 1 adapter with bias. When using multiple adapters, set bias to"
              + " 'none' for all adapters.");
    }
  }

  /** Of two adapters' models one name must be of one tensor, or nobody knows which is meant. */
  private static void requireSameNames(ModelState before, String name, ModelAdapter adapter) {
    before
        .adapters()
        .forEach(
            (otherName, other) -> {
              Set<String> doubtful = new HashSet<>(adapter.ownNames().keySet());
              doubtful.addAll(other.ownNames().keySet());
              for (String tensor : doubtful) {
                String own = adapter.names().apply(tensor);
                String others = other.names().apply(tensor);
                if (!own.equals(others) && adapter.isOf(own) && other.isOf(others)) {
                  throw new PeftException(
                      ("adapter '%s' calls '%s' what is '%s' in the model of today, but adapter"
                              + " '%s' so calls '%s'; open a model for each")
                          .formatted(name, tensor, own, otherName, others));
                }
              }
            });
  }

  /** What the program has taken as a frozen layer no adapter may bring afterwards. */
  private void requireNoLayer(String name, ModelAdapter adapter, String tensor, ExtraTensor extra) {
    String module = TensorNames.withoutLeaf(tensor);
    if (layers.known(module) != null && !adapter.isBias(tensor)) {
      throw new FourierException(
          ("adapter '%s' brings '%s', but the program has taken '%s' as a frozen layer; open the"
                  + " model with this adapter")
              .formatted(name, extra.baseTensor(), module));
    }
    if (tensor.endsWith(WEIGHT) && adapter.modules().containsKey(module)) {
      throw new FourierException(
          ("adapter '%s' both adapts '%s' and brings its weight, as PEFT does with a changed"
                  + " vocabulary; merge it with ModelMerge, and open the merged model")
              .formatted(name, module));
    }
  }

  void setActive(List<String> names) {
    ModelState before = state.now();
    Set<String> seen = new HashSet<>();
    Map<String, String> savers = new HashMap<>();
    for (String name : names) {
      ModelAdapter adapter = before.adapter(name);
      if (!seen.add(name)) {
        throw new AdapterNameException("adapter '%s' is named twice in %s".formatted(name, names));
      }
      for (String tensor : adapter.savedTensors()) {
        String other = savers.put(tensor, name);
        if (other != null) {
          throw new FourierException(
              "adapters '%s' and '%s' both save '%s', so only one of them can be active"
                  .formatted(other, name, tensor));
        }
      }
    }
    layers.all().forEach(layer -> layer.setActiveAdaptersIfPresent(names));
    state.set(before.withActive(names));
  }

  /** Merged ones are unmerged for good. */
  void disable() {
    layers.all().forEach(FourierLinear::disableAdapters);
    state.set(state.now().withEnabled(false));
  }

  void enable() {
    layers.all().forEach(FourierLinear::enableAdapters);
    state.set(state.now().withEnabled(true));
  }

  void merge(boolean safe, List<String> names) {
    names.forEach(state.now()::adapter);
    for (FourierLinear layer : layers.all()) {
      List<String> there = names.stream().filter(layer.adapterNames()::contains).toList();
      if (!there.isEmpty()) {
        layer.merge(safe, there);
      }
    }
  }

  /** Returns whether anything was merged. */
  boolean unmerge() {
    boolean any = false;
    for (FourierLinear layer : layers.all()) {
      any |= !layer.mergedAdapters().isEmpty() && layer.unmerge();
    }
    return any;
  }

  void delete(String name) {
    ModelState before = state.now();
    ModelAdapter adapter = before.adapter(name);
    List<String> active = new ArrayList<>(before.active());
    if (active.remove(name) && active.isEmpty()) {
      before.adapters().keySet().stream()
          .filter(other -> !other.equals(name))
          .min(String::compareTo)
          .ifPresent(active::add);
    }
    for (String path : adapter.modules().keySet()) {
      layers.require(path).deleteAdapter(name);
    }
    for (FourierLinear layer : layers.all()) {
      // To set them would unmerge; what is merged computes with its weight alone.
      if (layer.mergedAdapters().isEmpty()) {
        layer.setActiveAdaptersIfPresent(active);
      }
    }
    ModelState after = before.without(name, active);
    layers.changeBiases(before, after);
    state.set(after);
  }
}
