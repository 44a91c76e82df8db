package io.fourierft.peft;

import io.fourierft.WeightLayout;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How the weights of a base model are stored, by what its files tell. PEFT knows it from the class
 * of each module; a checkpoint does not name the classes, and the {@code fan_in_fan_out} that PEFT
 * saves is that of the module it made last, so in a model with both kinds it proves nothing. In
 * order:
 *
 * <ol>
 *   <li>no bias: {@code [out, in]}, since a Conv1D always has one;
 *   <li>not square: the bias has out_features elements, and so says which dimension that is;
 *   <li>square: as the modules of rule 2 of the same path, its numbers aside; else as those with
 *       the same parent; else as those nearest around it in the same layer or in another of the
 *       same list; if those nearest disagree, they tell nothing;
 *   <li>the model type of the part that it stands in, if transformers knows that type: Conv1D is in
 *       five of them, and there only under four names.
 * </ol>
 */
final class LayoutEvidence {
  private static final Set<String> CONV1D_TYPES =
      Set.of("gpt2", "openai-gpt", "imagegpt", "decision_transformer", "clvp", "clvp_decoder");
  private static final Set<String> CONV1D_NAMES = Set.of("c_attn", "q_attn", "c_proj", "c_fc");
  private static final Pattern NUMBER = Pattern.compile("(?<=^|\\.)\\d+(?=\\.|$)");

  private final ModelConfig config;
  private final Map<String, Set<WeightLayout>> byPattern = new HashMap<>();
  private final Map<String, Set<WeightLayout>> byParent = new HashMap<>();
  private final Map<String, Set<WeightLayout>> byAncestor = new HashMap<>();

  LayoutEvidence(Collection<BaseModule> modules, ModelConfig config) {
    this.config = config;
    for (BaseModule module : modules) {
      if (module.biasLength().isPresent() && module.storedRows() != module.storedCols()) {
        byBias(module).ifPresent(layout -> remember(module, layout));
      }
    }
  }

  /** A path with its numbers aside: equal for the same module of every layer. */
  static String pattern(String path) {
    return NUMBER.matcher(path).replaceAll("#");
  }

  /**
   * How the module's weight is stored; empty if nothing tells.
   *
   * @throws PeftException if the length of the bias is neither dimension of the weight
   */
  Optional<WeightLayout> layout(BaseModule module) {
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
    String pattern = pattern(module.name());
    Optional<WeightLayout> sameKind = unanimous(byPattern.get(pattern));
    Set<WeightLayout> brothers = byParent.get(parent(pattern));
    return sameKind
        .or(() -> brothers == null ? nearest(parent(pattern)) : unanimous(brothers))
        .or(() -> byModelType(module));
  }

  private static Optional<WeightLayout> byBias(BaseModule module) {
    long length = module.biasLength().orElse(-1);
    if (length == module.storedRows()) {
      return Optional.of(WeightLayout.OUT_IN);
    }
    return length == module.storedCols() ? Optional.of(WeightLayout.IN_OUT) : Optional.empty();
  }

  private void remember(BaseModule module, WeightLayout layout) {
    String pattern = pattern(module.name());
    put(byPattern, pattern, layout);
    put(byParent, parent(pattern), layout);
    for (String at = parent(pattern); at.contains("#"); at = parent(at)) {
      put(byAncestor, at, layout);
    }
  }

  private static void put(Map<String, Set<WeightLayout>> map, String key, WeightLayout layout) {
    map.computeIfAbsent(key, at -> EnumSet.noneOf(WeightLayout.class)).add(layout);
  }

  /** Within the layer: above its number stand other parts, which may be of the other kind. */
  private Optional<WeightLayout> nearest(String ancestor) {
    for (String at = ancestor; at.contains("#"); at = parent(at)) {
      Set<WeightLayout> found = byAncestor.get(at);
      if (found != null) {
        return unanimous(found);
      }
    }
    return Optional.empty();
  }

  private Optional<WeightLayout> byModelType(BaseModule module) {
    String type = config.partOf(module.parent()).modelType();
    if (type == null || !ModelFacts.isKnown(type)) {
      return Optional.empty();
    }
    boolean conv1d = CONV1D_TYPES.contains(type) && CONV1D_NAMES.contains(module.leaf());
    return Optional.of(conv1d ? WeightLayout.IN_OUT : WeightLayout.OUT_IN);
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }

  private static Optional<WeightLayout> unanimous(@Nullable Set<WeightLayout> layouts) {
    return layouts != null && layouts.size() == 1
        ? Optional.of(layouts.iterator().next())
        : Optional.empty();
  }
}
