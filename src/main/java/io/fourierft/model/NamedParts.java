package io.fourierft.model;

import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.layer.LayerGroup;
import io.fourierft.peft.BaseTensor;
import java.nio.file.Path;
import java.util.List;

/** What a program asks of a model by name: layers and tensors, as a state of the model has them. */
final class NamedParts {
  private final ModelLayers layers;
  private final LayerGroup group;
  private final LayerGroup.Value<ModelState> state;
  private final Path base;

  NamedParts(ModelLayers layers, LayerGroup group, LayerGroup.Value<ModelState> state, Path base) {
    this.layers = layers;
    this.group = group;
    this.state = state;
    this.base = base;
  }

  /** The one name of a tensor. */
  TensorName name(String tensor, ModelState then) {
    return layers.names().tensor(tensor, then);
  }

  /**
   * A layer, which is made if nobody has needed it before.
   *
   * @throws FourierException if there is no such module, or an adapter has it fused or in parts, or
   *     saves it whole
   */
  ModelLayer layer(String path, ModelState then) {
    String module = layers.names().module(path, then);
    ModelLayer known = layers.known(module);
    return known != null ? known : group.exchange(() -> newLayer(module, path));
  }

  private ModelLayer newLayer(String module, String asked) {
    state
        .now()
        .adapters()
        .forEach(
            (name, adapter) -> {
              if (adapter.saves(module + ".weight")) {
                throw new FourierException(
                    "'%s' is saved whole by adapter '%s', so it is no frozen layer; compute with"
                            .formatted(asked, name)
                        + " tensor(\"%s.weight\")".formatted(asked));
              }
            });
    return layers.of(module, asked);
  }

  /**
   * A tensor: the active adapter's, if it saves the tensor's module whole, else the base's.
   *
   * @throws FourierException if there is none, or an adapter has it fused or in parts
   */
  Matrix tensor(String name, ModelState then) {
    TensorName tensor = name(name, then);
    Matrix own = then.value(tensor, then.enabled() ? then.active() : List.of());
    return own != null ? own : ofBase(tensor, name, then);
  }

  /** A tensor of the base, which no adapter brings. */
  Matrix ofBase(TensorName name, String asked, ModelState then) {
    BaseTensor tensor =
        layers
            .tensor(name.name())
            .orElseThrow(
                () ->
                    new FourierException(
                        "the model has no tensor '%s', neither in %s nor of an adapter"
                            .formatted(asked, base)));
    then.requireNotInPieces(asked, tensor);
    return layers.placed(tensor);
  }
}
