package io.fourierft.model;

import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.layer.AdapterNameException;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerGroup;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.PeftException;
import io.fourierft.peft.ResolvedModule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Changes of adapters over all layers of a model; each is made within one exchange. */
final class AdapterChange {
  private static final String BIAS = ".bias";
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
    layers.addPrefix(adapter.prefix());
    for (ExtraTensor extra : adapter.extras().values()) {
      requireNoLayer(name, adapter, extra);
    }
    for (ResolvedModule module : adapter.modules()) {
      layers.of(module).addAdapter(name, module.adapter());
    }
    adapter
        .values()
        .forEach(
            (tensor, value) -> {
              if (adapter.isBias(tensor)) {
                updateBias(tensor, value);
              }
            });
    ModelState after = before.with(name, adapter);
    state.set(after);
    // A layer makes its first adapter active, whatever the model's are.
    for (ResolvedModule module : adapter.modules()) {
      FourierLinear layer = layers.of(module);
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

  /** What the program has taken as a frozen layer no adapter may bring afterwards. */
  private void requireNoLayer(String name, ModelAdapter adapter, ExtraTensor extra) {
    String tensor = extra.baseTensor();
    String module = tensor.substring(0, Math.max(0, tensor.lastIndexOf('.')));
    if (layers.known(module) != null && !adapter.isBias(tensor)) {
      throw new FourierException(
          ("adapter '%s' brings '%s', but the program has taken '%s' as a frozen layer; open the"
                  + " model with this adapter")
              .formatted(name, tensor, module));
    }
    if (tensor.endsWith(WEIGHT) && adapter.paths().contains(module)) {
      throw new FourierException(
          ("adapter '%s' both adapts '%s' and brings its weight, as PEFT does with a changed"
                  + " vocabulary; merge it with ModelMerge, and open the merged model")
              .formatted(name, module));
    }
  }

  private void updateBias(String tensor, Matrix value) {
    FourierLinear layer = layers.known(tensor.substring(0, tensor.length() - BIAS.length()));
    if (layer != null) {
      layer.updateBias(value);
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
    for (ResolvedModule module : adapter.modules()) {
      layers.of(module).deleteAdapter(name);
    }
    for (FourierLinear layer : layers.all()) {
      // To set them would unmerge; what is merged computes with its weight alone.
      if (layer.mergedAdapters().isEmpty()) {
        layer.setActiveAdaptersIfPresent(active);
      }
    }
    for (String tensor : adapter.extras().keySet()) {
      if (adapter.isBias(tensor)) {
        restoreBias(tensor);
      }
    }
    state.set(before.without(name, active));
  }

  private void restoreBias(String tensor) {
    String path = tensor.substring(0, tensor.length() - BIAS.length());
    FourierLinear layer = layers.known(path);
    if (layer != null) {
      Matrix own = layers.bias(path, layer);
      if (own != null) {
        layer.updateBias(own);
      }
    }
  }
}
