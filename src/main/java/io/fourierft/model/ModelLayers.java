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
import io.fourierft.safetensors.DType;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The linear layers of a model, each made once, when an adapter or the program first needs it, one
 * weight at a time. They are made in the turn of their group, so that there is one of each.
 */
final class ModelLayers {
  private static final String WEIGHT = ".weight";

  private final FourierEngine engine;
  private final OpenBase base;
  private final AdaptedModelOptions options;
  private final LayerGroup group;
  private final TensorMemory memory;
  private final Map<String, FourierLinear> byPath = new ConcurrentHashMap<>();
  private final Map<List<WeightSlice>, FourierLinear> byWeight = new ConcurrentHashMap<>();
  private final Map<List<WeightSlice>, Matrix> placed = new ConcurrentHashMap<>();
  private final Set<String> prefixes = ConcurrentHashMap.newKeySet();

  ModelLayers(FourierEngine engine, OpenBase base, AdaptedModelOptions options, LayerGroup group) {
    this.engine = engine;
    this.base = base;
    this.options = options;
    this.group = group;
    this.memory = new TensorMemory(engine, options.memory());
  }

  /** Where the model's tensors are. */
  TensorMemory memory() {
    return memory;
  }

  /** Every layer so far. */
  Collection<FourierLinear> all() {
    return byWeight.values();
  }

  /** The layer of that path if it was made already. */
  @Nullable FourierLinear known(String path) {
    return byPath.get(path);
  }

  /** Says what adapted models have before the names of the base's files. */
  void addPrefix(String prefix) {
    if (!prefix.isEmpty()) {
      prefixes.add(prefix);
    }
  }

  /** The layer of an adapter's module. */
  FourierLinear of(ResolvedModule module) {
    return group.exchange(
        () -> {
          boolean transposed = module.layout() == WeightLayout.IN_OUT;
          long out = module.adapter().rows();
          long in = module.adapter().cols();
          DType dtype = stored(module.weights().getFirst()).dtype();
          BaseTensor weight =
              new BaseTensor(
                  module.path() + WEIGHT,
                  dtype,
                  transposed ? List.of(in, out) : List.of(out, in),
                  module.slices());
          FourierLinear layer = layer(weight, module.layout());
          byPath.put(module.path(), layer);
          return layer;
        });
  }

  /**
   * The layer of any module of the base with a weight of two dimensions.
   *
   * @throws FourierException if there is none, or nothing tells how its weight is stored
   */
  FourierLinear of(String path) {
    FourierLinear known = byPath.get(path);
    if (known != null) {
      return known;
    }
    return group.exchange(
        () -> {
          for (String name : names(path)) {
            Optional<BaseModule> module = base.model().module(name);
            Optional<BaseTensor> weight = base.model().tensor(name + WEIGHT);
            if (module.isPresent() && weight.isPresent()) {
              FourierLinear layer = layer(weight.get(), layout(module.get()));
              byPath.put(path, layer);
              return layer;
            }
          }
          throw new FourierException(
              "'%s' is no linear layer of the base model %s: it has no '%s' of two dimensions"
                  .formatted(path, base.path(), path + WEIGHT));
        });
  }

  /** A tensor of the base by a name of the adapted model, or of the files. */
  Optional<BaseTensor> tensor(String name) {
    return names(name).stream().map(base.model()::tensor).flatMap(Optional::stream).findFirst();
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

  /** The bias of a layer as the base has it, null if it has none. */
  @Nullable Matrix bias(String path, FourierLinear layer) {
    return tensor(path + ".bias")
        .filter(bias -> bias.shape().equals(List.of((long) layer.outFeatures())))
        .map(this::placed)
        .orElse(null);
  }

  /** Gives back what the layers and tensors hold. */
  void close() {
    byWeight.values().forEach(FourierLinear::close);
    memory.close();
  }

  private Set<String> names(String name) {
    Set<String> names = new LinkedHashSet<>();
    names.add(name);
    for (String prefix : prefixes) {
      if (name.startsWith(prefix)) {
        names.add(name.substring(prefix.length()));
      }
    }
    return names;
  }

  private FourierLinear layer(BaseTensor weight, WeightLayout layout) {
    FourierLinear known = byWeight.get(weight.slices());
    if (known != null) {
      return known;
    }
    if (weight.dtype().elementType().isEmpty()) {
      throw new FourierException(
          "'%s' of the base model is %s, not F64, F32, F16 or BF16; give the base model before"
                  .formatted(weight.name(), weight.dtype())
              + " quantisation");
    }
    Matrix matrix = placed(weight);
    int out = layout == WeightLayout.IN_OUT ? matrix.cols() : matrix.rows();
    FourierLinear layer =
        new FourierLinear(
            engine, matrix, bias(weight, out), options.layers().withLayout(layout), group);
    byWeight.put(weight.slices(), layer);
    return layer;
  }

  private @Nullable Matrix bias(BaseTensor weight, int out) {
    // Beside a whole tensor of the files, or of a part's name.
    String stored = weight.slices().getFirst().weight();
    boolean whole =
        weight.slices().size() == 1 && stored(stored).rows() == weight.slices().getFirst().rows();
    String name = whole ? stored : weight.name();
    String module = name.substring(0, name.length() - WEIGHT.length());
    return tensor(module + ".bias")
        .filter(bias -> bias.shape().equals(List.of((long) out)))
        .map(this::placed)
        .orElse(null);
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

  private Stored stored(String tensor) {
    var info = base.checkpoint().find(tensor).orElseThrow().tensor();
    return new Stored(info.dtype(), info.shape().isEmpty() ? 1 : info.shape().getFirst());
  }

  private record Stored(DType dtype, long rows) {}
}
