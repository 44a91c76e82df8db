package io.fourierft.model;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerGroup;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.BaseModule;
import io.fourierft.peft.BaseTensor;
import io.fourierft.peft.PeftException;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The linear layers of a model by their paths in the model of today, each made once, when an
 * adapter or the program first needs it, one weight at a time. They are made in the turn of their
 * group, so that there is one of each.
 */
final class ModelLayers {
  private static final String WEIGHT = ".weight";

  private final FourierEngine engine;
  private final OpenBase base;
  private final AdaptedModelOptions options;
  private final LayerGroup group;
  private final LayerGroup.Value<ModelState> state;
  private final TensorNames names;
  private final TensorMemory memory;
  private final Map<String, ModelLayer> byPath = new ConcurrentHashMap<>();
  private final Map<List<WeightSlice>, Matrix> placed = new ConcurrentHashMap<>();

  ModelLayers(
      FourierEngine engine,
      OpenBase base,
      AdaptedModelOptions options,
      LayerGroup group,
      LayerGroup.Value<ModelState> state) {
    this.engine = engine;
    this.base = base;
    this.options = options;
    this.group = group;
    this.state = state;
    this.names = new TensorNames(base.model());
    this.memory = new TensorMemory(engine, options.memory());
  }

  /** Where the model's tensors are. */
  TensorMemory memory() {
    return memory;
  }

  /** What the model's tensors are called. */
  TensorNames names() {
    return names;
  }

  /** Every layer so far. */
  Collection<FourierLinear> all() {
    return byPath.values().stream().map(ModelLayer::linear).toList();
  }

  /** The layer of that path if it was made already. */
  @Nullable ModelLayer known(String path) {
    return byPath.get(path);
  }

  /** The layer of a path that an adapter has. */
  FourierLinear require(String path) {
    return Objects.requireNonNull(byPath.get(path), path).linear();
  }

  /** The layer of an adapter's module. */
  FourierLinear of(String path, ResolvedModule module) {
    ModelLayer known = byPath.get(path);
    if (known != null) {
      return known.linear();
    }
    return make(path, tensor(path + WEIGHT).orElseThrow(), module.layout()).linear();
  }

  /**
   * The layer of any module of the base with a weight of two dimensions.
   *
   * @param asked what the program calls it
   * @throws FourierException if there is none, or nothing tells how its weight is stored
   */
  ModelLayer of(String path, String asked) {
    ModelLayer known = byPath.get(path);
    if (known != null) {
      return known;
    }
    Optional<BaseModule> module = base.model().module(path);
    Optional<BaseTensor> weight = base.model().tensor(path + WEIGHT);
    if (module.isEmpty() || weight.isEmpty()) {
      throw new FourierException(
          "'%s' is no linear layer of the base model %s: it has no '%s' of two dimensions"
              .formatted(asked, base.path(), asked + WEIGHT));
    }
    state.now().requireNotInPieces(asked, weight.get());
    return make(path, weight.get(), layout(module.get()));
  }

  /** A tensor of the base by its name in the model of today. */
  Optional<BaseTensor> tensor(String name) {
    return base.model().tensor(name);
  }

  /** A tensor of the base where the model holds its tensors; on a device, copied there once. */
  Matrix placed(BaseTensor tensor) {
    Matrix known = placed.get(tensor.slices());
    if (known != null) {
      return known;
    }
    return group.exchange(
        () ->
            placed.computeIfAbsent(
                tensor.slices(), key -> memory.place(tensor.matrix(base.checkpoint()))));
  }

  /** Gives the layers of a bias that is trained its value of now. */
  void updateBias(String stored, Matrix value) {
    for (ModelLayer layer : byPath.values()) {
      if (layer.bias().stored().equals(stored)) {
        layer.linear().updateBias(value);
      }
    }
  }

  /** Gives the layers those biases that a change of the model has exchanged. */
  void changeBiases(ModelState before, ModelState after) {
    for (ModelLayer layer : byPath.values()) {
      Matrix next = after.shared(layer.bias());
      Matrix value = next == null ? layer.ownBias() : next;
      if (value != null && !Objects.equals(before.shared(layer.bias()), next)) {
        layer.linear().updateBias(value);
      }
    }
  }

  /** The layers that share rows with what an adapter adapts or brings, and are not the same. */
  void requireNotInPieces(String adapterName, ModelAdapter adapter) {
    for (ModelLayer layer : byPath.values()) {
      for (BaseTensor tensor : layer.tensors()) {
        String own = adapter.inPieces(tensor);
        if (own != null) {
          throw new FourierException(
              ("adapter '%s' adapts or brings '%s', but the model has the layer '%s', which is in"
                      + " part the same rows of the base model's files; open a model for this"
                      + " adapter, and compute with '%s' there")
                  .formatted(adapterName, own, layer.path(), own));
        }
      }
    }
  }

  /** Gives back what the layers and tensors hold. */
  void close() {
    byPath.values().forEach(layer -> layer.linear().close());
    memory.close();
  }

  private ModelLayer make(String path, BaseTensor weight, WeightLayout layout) {
    if (weight.dtype().elementType().isEmpty()) {
      throw new FourierException(
          "'%s' of the base model is %s, not F64, F32, F16 or BF16; give the base model before"
                  .formatted(weight.name(), weight.dtype())
              + " quantisation");
    }
    Matrix matrix = placed(weight);
    long out = layout == WeightLayout.IN_OUT ? matrix.cols() : matrix.rows();
    TensorName bias = names.current(path + ".bias");
    Optional<BaseTensor> stored =
        tensor(bias.name()).filter(own -> own.shape().equals(List.of(out)));
    stored.ifPresent(own -> state.now().requireNotInPieces(own.name(), own));
    Matrix ownBias = stored.map(this::placed).orElse(null);
    // What passes see that have begun, and then what the exchange that this is in has changed.
    ModelState seen = state.at(group.moment());
    Matrix first = seen.shared(bias);
    FourierLinear linear =
        new FourierLinear(
            engine,
            matrix,
            first == null ? ownBias : first,
            options.layers().withLayout(layout),
            group);
    List<BaseTensor> tensors =
        stored.map(own -> List.of(weight, own)).orElseGet(() -> List.of(weight));
    ModelLayer layer = new ModelLayer(path, linear, tensors, bias, ownBias, seen);
    byPath.put(path, layer);
    Matrix now = state.now().shared(bias);
    if (now != null && !now.equals(first)) {
      linear.updateBias(now);
    }
    return layer;
  }

  private WeightLayout layout(BaseModule module) {
    return base.model()
        .layout(module, options.resolve())
        .orElseThrow(
            () ->
                new PeftException(
                    ("'%s.weight' of the base model is square, and nothing in its files tells"
                            + " whether it is stored [out, in] or [in, out]. Say it:"
                            + " ResolveOptions.layouts out-in or ResolveOptions.layouts in-out,"
                            + " with =PATTERN for some of the modules")
                        .formatted(module.name())));
  }
}
