package io.fourierft.model;

import io.fourierft.layer.LayerGroup;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The parameters of those adapters of a model that are or were trained. */
final class TrainedParameters implements AutoCloseable {
  private final ModelLayers layers;
  private final LayerGroup.Value<ModelState> state;
  private final Map<String, AdapterParameters> byName = new ConcurrentHashMap<>();

  /** What was trained of adapters that are deleted, which on a device passes may still use. */
  private final List<AdapterParameters> deleted = new CopyOnWriteArrayList<>();

  TrainedParameters(ModelLayers layers, LayerGroup.Value<ModelState> state) {
    this.layers = layers;
    this.state = state;
  }

  /** Those of the adapters that are there, by name. */
  Map<String, AdapterParameters> all() {
    return byName;
  }

  /** The parameters of an adapter, new ones for what a trainer on a device has closed. */
  AdapterParameters of(String adapter) {
    return byName.compute(
        adapter,
        (name, before) -> {
          ModelAdapter now = state.now().adapter(name);
          return before == null
              ? AdapterParameters.of(name, now, layers)
              : before.renewed(name, now, layers);
        });
  }

  /** Trains an adapter no longer; what it holds is given back at the end. */
  void delete(String adapter) {
    AdapterParameters gone = byName.remove(adapter);
    if (gone != null) {
      deleted.add(gone);
    }
  }

  @Override
  public void close() {
    byName.values().forEach(AdapterParameters::close);
    byName.clear();
    deleted.forEach(AdapterParameters::close);
    deleted.clear();
  }
}
