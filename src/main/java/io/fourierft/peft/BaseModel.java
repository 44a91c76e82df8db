package io.fourierft.peft;

import io.fourierft.WeightLayout;
import io.fourierft.internal.files.NaturalOrder;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an adapter must know of a base model: its tensors' names, types and shapes, not their
 * contents. Immutable.
 *
 * <p>What PEFT knows from the classes of a model this derives from its files and from {@code
 * config.json}: which names its weights have in memory, how they are stored, which of them are
 * tied.
 */
public final class BaseModel {
  private static final String WEIGHT = ".weight";
  private static final String CONFIG = "config.json";

  private final ModelConfig config;
  private final Map<String, TensorInfo> tensors;
  private final Map<String, BaseModule> modules;
  private final NameTable names;
  private final TiedWeights ties;
  private final LayoutEvidence layouts;
  private @Nullable NameReading current;

  private BaseModel(Map<String, TensorInfo> tensors, ModelConfig config) {
    this.config = config;
    this.tensors = Collections.unmodifiableMap(tensors);
    Map<String, BaseModule> found = new LinkedHashMap<>();
    for (TensorInfo tensor : tensors.values()) {
      String name = tensor.name();
      if (name.endsWith(WEIGHT) && name.length() > WEIGHT.length() && tensor.shape().size() == 2) {
        String module = name.substring(0, name.length() - WEIGHT.length());
        found.put(module, new BaseModule(module, tensor, biasLength(module)));
      }
    }
    modules = Collections.unmodifiableMap(found);
    names = NameTable.of(config.families());
    ties = TiedWeights.of(this.tensors, config, names);
    layouts = new LayoutEvidence(found.values(), config);
  }

  /**
   * A base model of these tensors.
   *
   * @param tensors all tensors of the model, each name once
   * @param config what its {@code config.json} says; {@link ModelConfig#NONE} if it has none
   * @throws PeftException if a name occurs twice
   */
  public static BaseModel of(Collection<TensorInfo> tensors, ModelConfig config) {
    Map<String, TensorInfo> byName = new LinkedHashMap<>();
    for (TensorInfo tensor : tensors) {
      if (byName.put(tensor.name(), tensor) != null) {
        throw new PeftException("the base model has tensor '" + tensor.name() + "' twice");
      }
    }
    return new BaseModel(byName, config);
  }

  /** The base model of a checkpoint, which may be closed afterwards. */
  public static BaseModel of(SafetensorsCheckpoint checkpoint, ModelConfig config) {
    return of(
        checkpoint.tensors().values().stream().map(SafetensorsCheckpoint.Location::tensor).toList(),
        config);
  }

  /**
   * The base model of a folder, with what the {@code config.json} in it says. Only headers are
   * read, and nothing stays open.
   *
   * @param path a folder with {@code model.safetensors} or its index, or such a file, whose folder
   *     then counts
   * @throws PeftException if {@code config.json} is there and not a JSON object
   * @throws io.fourierft.safetensors.SafetensorsException if a tensor file breaks its format
   * @throws IOException if a file is missing or cannot be read
   */
  public static BaseModel open(Path path) throws IOException {
    Path config = Files.isDirectory(path) ? path.resolve(CONFIG) : path.resolveSibling(CONFIG);
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(path)) {
      return of(checkpoint, configIn(config));
    }
  }

  private static ModelConfig configIn(Path file) throws IOException {
    return Files.exists(file)
        ? ModelConfig.parse(ConfigReader.text(file).replaceFirst("^\uFEFF", ""), file.toString())
        : ModelConfig.NONE;
  }

  /** {@code model_type}, or null. */
  public @Nullable String modelType() {
    return config.modelType();
  }

  /** All tensors by name; unmodifiable. */
  public Map<String, TensorInfo> tensors() {
    return tensors;
  }

  /** The modules that may be linear layers, by name; unmodifiable. */
  public Map<String, BaseModule> modules() {
    return modules;
  }

  /**
   * How the module's weight is stored; empty if nothing in the files tells.
   *
   * @throws PeftException if the length of the bias is neither dimension of the weight
   */
  public Optional<WeightLayout> layout(BaseModule module) {
    return layouts.layout(module);
  }

  /**
   * The same, or what the options say where nothing in the files does.
   *
   * @throws PeftException also if the options contradict what the shape and the bias show
   */
  public Optional<WeightLayout> layout(BaseModule module, ResolveOptions options) {
    Optional<WeightLayout> evidence = layout(module);
    for (LayoutChoice choice : options.layouts()) {
      if (choice.isOf(module.name())) {
        if (module.provesLayout() && !evidence.equals(Optional.of(choice.layout()))) {
          throw new PeftException(
              "'%s.weight' was said to be stored %s, but its shape %s and its bias show otherwise"
                  .formatted(
                      module.name(),
                      choice.layout() == WeightLayout.IN_OUT ? "[in, out]" : "[out, in]",
                      module.weight().shape()));
        }
        return Optional.of(choice.layout());
      }
    }
    return evidence;
  }

  /**
   * The tensor of that name, which may be one of its files or of the model that transformers of
   * today makes of them: {@code layernorm.weight}, or the query's rows of a fused weight.
   *
   * @throws PeftException if the order of its rows cannot be known
   */
  public Optional<BaseTensor> tensor(String name) {
    TensorInfo stored = tensors.get(name);
    BasePlace place = reading().tensors().get(name);
    if (place == null && stored != null) {
      long rows = stored.shape().isEmpty() ? 1 : stored.shape().getFirst();
      return Optional.of(
          new BaseTensor(
              name, stored.dtype(), stored.shape(), List.of(WeightSlice.whole(name, rows))));
    }
    return Optional.ofNullable(place)
        .map(found -> NameReading.requireOrder(found, this))
        .map(
            found ->
                found.isTied()
                    ? BaseTensor.of(name, found).storedBy(ties.aliases())
                    : BaseTensor.of(name, found));
  }

  /**
   * The one name that {@link #tensor} has for a tensor which is called so in the files, or in the
   * model of any release of transformers: that of today. A tensor that the base lacks is called as
   * its model would call it.
   */
  public String currentName(String tensor) {
    Map<String, BasePlace> current = reading().tensors();
    String read = names.current(tensor);
    boolean asItIs = tensors.containsKey(tensor) && !current.containsKey(read);
    return asItIs || current.containsKey(tensor) ? tensor : read;
  }

  /** The same where it is known which tensor a name of the files, or of the model, is of. */
  String currentName(String tensor, BasePlace place) {
    BasePlace named = reading().tensors().get(tensor);
    if (named != null && named.slices().equals(place.slices())) {
      return tensor;
    }
    String read = names.current(tensor);
    return reading().tensors().containsKey(read) ? read : tensor;
  }

  /** The module of that path in the files or in the model, if its weight has two dimensions. */
  public Optional<BaseModule> module(String path) {
    BasePlace place = reading().modules().get(path);
    return place == null ? Optional.ofNullable(modules.get(path)) : Optional.of(place.module());
  }

  /** The paths of the modules that the model has, in the order of the files. */
  List<String> currentModules() {
    Set<String> fused = reading().fused();
    return reading().modules().entrySet().stream()
        .filter(entry -> !entry.getValue().isTied())
        .filter(
            entry -> entry.getValue().isPart() || !fused.contains(entry.getValue().module().name()))
        .map(Map.Entry::getKey)
        .sorted(NaturalOrder::compare)
        .toList();
  }

  /** The tensors that the model has, by name. */
  Map<String, BaseTensor> currentTensors() {
    Set<String> fused = reading().fused();
    Map<String, BaseTensor> current = new LinkedHashMap<>();
    reading().tensors().entrySet().stream()
        .filter(entry -> !entry.getValue().isTied())
        .filter(
            entry -> entry.getValue().isPart() || !fused.contains(entry.getValue().module().name()))
        .sorted((a, b) -> NaturalOrder.compare(a.getKey(), b.getKey()))
        .forEach(
            entry -> current.put(entry.getKey(), BaseTensor.of(entry.getKey(), entry.getValue())));
    return current;
  }

  private synchronized NameReading reading() {
    NameReading known = current;
    if (known == null) {
      known = NameReading.of(this, names::current, names);
      current = known;
    }
    return known;
  }

  /** The weights that are one. */
  public TiedWeights ties() {
    return ties;
  }

  /** What its {@code config.json} says. */
  ModelConfig config() {
    return config;
  }

  /** The names that its weights have in memory. */
  NameTable names() {
    return names;
  }

  /** Length of a module's bias, if it has one of one dimension. */
  OptionalLong biasLength(String module) {
    TensorInfo bias = tensors.get(module + ".bias");
    return bias != null && bias.shape().size() == 1
        ? OptionalLong.of(bias.elementCount())
        : OptionalLong.empty();
  }
}
