package io.fourierft.peft;

import io.fourierft.WeightLayout;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
