package io.fourierft.peft;

import com.fasterxml.jackson.databind.JsonNode;
import io.fourierft.WeightLayout;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an adapter must know of a base model: its tensors' names, types and shapes, not their
 * contents. Immutable.
 *
 * <p>Whether a weight is stored {@code [out, in]} or {@code [in, out]} PEFT knows from the class of
 * the module, which a checkpoint does not tell; the {@code fan_in_fan_out} that PEFT saves is that
 * of the module it made last. This class derives it from what the files do tell:
 *
 * <ol>
 *   <li>no bias: {@code [out, in]}, since a Conv1D always has one;
 *   <li>not square: the bias has out_features elements, and so says which dimension that is;
 *   <li>square with a bias: as the modules of rule 2 that have the same last name part, if there
 *       are any and they agree; else as those with the same parent;
 *   <li>otherwise the shapes do not tell, and the configuration's flag counts: if the adapter has
 *       such a module, either all its modules are of one kind, whose flag PEFT saved, or the flag
 *       is that of the kind the other rules did not find.
 * </ol>
 */
public final class BaseModel {
  private static final String WEIGHT = ".weight";
  private static final String CONFIG = "config.json";

  private final @Nullable String modelType;
  private final Map<String, TensorInfo> tensors;
  private final Map<String, BaseModule> modules;
  private final Map<String, Set<WeightLayout>> layoutsByLeaf = new HashMap<>();
  private final Map<String, Set<WeightLayout>> layoutsByParent = new HashMap<>();
  private final Set<WeightLayout> allLayouts = EnumSet.noneOf(WeightLayout.class);

  private BaseModel(Map<String, TensorInfo> tensors, @Nullable String modelType) {
    this.modelType = modelType;
    this.tensors = Collections.unmodifiableMap(tensors);
    Map<String, BaseModule> found = new LinkedHashMap<>();
    for (TensorInfo tensor : tensors.values()) {
      String name = tensor.name();
      if (name.endsWith(WEIGHT) && name.length() > WEIGHT.length() && tensor.shape().size() == 2) {
        String module = name.substring(0, name.length() - WEIGHT.length());
        TensorInfo bias = tensors.get(module + ".bias");
        OptionalLong biasLength =
            bias != null && bias.shape().size() == 1
                ? OptionalLong.of(bias.elementCount())
                : OptionalLong.empty();
        found.put(module, new BaseModule(module, tensor, biasLength));
      }
    }
    modules = Collections.unmodifiableMap(found);
    for (BaseModule module : found.values()) {
      if (module.biasLength().isPresent() && module.storedRows() != module.storedCols()) {
        byBias(module).ifPresent(layout -> remember(module, layout));
      }
    }
  }

  /**
   * A base model of these tensors.
   *
   * @param tensors all tensors of the model, each name once
   * @param modelType {@code model_type} of its {@code config.json}, null if not known; PEFT's
   *     default targets follow from it
   * @throws PeftException if a name occurs twice
   */
  public static BaseModel of(Collection<TensorInfo> tensors, @Nullable String modelType) {
    Map<String, TensorInfo> byName = new LinkedHashMap<>();
    for (TensorInfo tensor : tensors) {
      if (byName.put(tensor.name(), tensor) != null) {
        throw new PeftException("the base model has tensor '" + tensor.name() + "' twice");
      }
    }
    return new BaseModel(byName, modelType);
  }

  /** The base model of a checkpoint, which may be closed afterwards. */
  public static BaseModel of(SafetensorsCheckpoint checkpoint, @Nullable String modelType) {
    return of(
        checkpoint.tensors().values().stream().map(SafetensorsCheckpoint.Location::tensor).toList(),
        modelType);
  }

  /**
   * The base model of a folder, with the {@code model_type} of the {@code config.json} in it. Only
   * headers are read, and nothing stays open.
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
      return of(checkpoint, Files.exists(config) ? modelTypeIn(config) : null);
    }
  }

  private static @Nullable String modelTypeIn(Path config) throws IOException {
    String text = ConfigReader.text(config).replaceFirst("^\uFEFF", "");
    JsonNode root = ConfigReader.tree(text, config.toString());
    if (!root.isObject()) {
      throw new PeftException(config + " does not hold a JSON object");
    }
    JsonNode type = root.path("model_type");
    return type.isTextual() ? type.textValue() : null;
  }

  /** {@code model_type}, or null. */
  public @Nullable String modelType() {
    return modelType;
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
   * How the module's weight is stored, by the rules above; empty if the shapes do not tell.
   *
   * @throws PeftException if the length of the bias is neither dimension of the weight
   */
  public Optional<WeightLayout> layout(BaseModule module) {
    if (module.biasLength().isEmpty()) {
      return Optional.of(WeightLayout.OUT_IN);
    }
    if (module.storedRows() != module.storedCols()) {
      Optional<WeightLayout> layout = byBias(module);
      if (layout.isEmpty()) {
        throw new PeftException(
            "the base model's '%s.weight' has shape %s but its bias %d elements; one is wrong"
                .formatted(
                    module.name(), module.weight().shape(), module.biasLength().getAsLong()));
      }
      return layout;
    }
    return unanimous(layoutsByLeaf.get(module.leaf()))
        .or(() -> unanimous(layoutsByParent.get(module.parent())));
  }

  /** The layouts that the biases of modules that are not square prove. */
  Set<WeightLayout> provenLayouts() {
    return Collections.unmodifiableSet(allLayouts);
  }

  private static Optional<WeightLayout> byBias(BaseModule module) {
    long length = module.biasLength().orElse(-1);
    if (length == module.storedRows()) {
      return Optional.of(WeightLayout.OUT_IN);
    }
    return length == module.storedCols() ? Optional.of(WeightLayout.IN_OUT) : Optional.empty();
  }

  private void remember(BaseModule module, WeightLayout layout) {
    layoutsByLeaf
        .computeIfAbsent(module.leaf(), key -> EnumSet.noneOf(WeightLayout.class))
        .add(layout);
    layoutsByParent
        .computeIfAbsent(module.parent(), key -> EnumSet.noneOf(WeightLayout.class))
        .add(layout);
    allLayouts.add(layout);
  }

  private static Optional<WeightLayout> unanimous(@Nullable Set<WeightLayout> layouts) {
    return layouts != null && layouts.size() == 1
        ? Optional.of(layouts.iterator().next())
        : Optional.empty();
  }
}
