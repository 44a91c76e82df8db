package io.fourierft.peft;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which modules of a base model a configuration adapts, and with how many coefficients, by PEFT's
 * rules ({@code src/peft/tuners/tuners_utils.py}, {@code check_target_module_exists}; {@code
 * src/peft/tuners/fourierft/model.py}, {@code _create_and_replace}). Names are dotted paths of the
 * base model, without {@code .weight}. Immutable, and safe for any number of threads.
 *
 * <p>Expressions are of Python's dialect. Back-references and conditional groups are refused when
 * the matcher is made, and so are expressions that are very long with their repeats written out.
 * All expressions of a configuration together have a budget of time, some seconds, that no honest
 * one comes near.
 */
public final class ModuleMatcher {
  /** What the rules say of a module. */
  public enum Verdict {
    /** It is adapted. */
    TARGETED,
    /** No target names it, or it lies outside the layers asked for. */
    NOT_TARGETED,
    /** {@code exclude_modules} or {@code modules_to_save} take it out. */
    EXCLUDED
  }

  private static final int MAX_NAME_LENGTH = 4096;
  private static final String LAYER_INDEX = "idx";

  private final FourierFtConfig config;
  private final PatternBudget budget = new PatternBudget();
  private final @Nullable ModuleSelection targets;
  private final @Nullable PythonPattern targetPattern;
  private final @Nullable PythonPattern excludePattern;
  private final List<PythonPattern> savedPatterns = new ArrayList<>();
  private final List<PythonPattern> layerPatterns = new ArrayList<>();
  private final List<FrequencyRule> frequencyRules = new ArrayList<>();
  private final Set<String> targetNames;
  private final Set<String> excludeNames;

  private ModuleMatcher(FourierFtConfig config, @Nullable ModuleSelection targets) {
    this.config = config;
    this.targets = targets;
    targetPattern =
        targets instanceof ModuleSelection.Expression expression && !expression.isAllLinear()
            ? PythonPattern.of(expression.regex(), "target_modules", budget)
            : null;
    excludePattern =
        config.excludeModules() instanceof ModuleSelection.Expression expression
                && !expression.regex().isEmpty()
            ? PythonPattern.of(expression.regex(), "exclude_modules", budget)
            : null;
    for (String name : config.modulesToSave()) {
      savedPatterns.add(
          PythonPattern.of("(^|.*\\.)" + name + "($|\\..*)", "modules_to_save", budget));
    }
    if (config.layersPattern().isEmpty()) {
      layerPatterns.add(layerPattern(".*?\\.[^.]*"));
    }
    for (String name : config.layersPattern()) {
      layerPatterns.add(layerPattern("(?:^|.*?\\.)" + name));
    }
    config
        .nFrequencyPattern()
        .forEach((key, n) -> frequencyRules.add(FrequencyRule.of(key, n, budget)));
    targetNames = namesOf(targets);
    excludeNames = namesOf(config.excludeModules());
  }

  private PythonPattern layerPattern(String list) {
    PythonPattern pattern =
        PythonPattern.of(list + "\\.(?P<" + LAYER_INDEX + ">\\d+)\\.", "layers_pattern", budget);
    if (!pattern.hasGroup(LAYER_INDEX)) {
      throw new PeftException(
          "layers_pattern: '%s' hides the number of the layer; close its comment".formatted(list));
    }
    return pattern;
  }

  /**
   * The rules of a configuration.
   *
   * @param modelType {@code model_type} of the base model's {@code config.json}, for PEFT's default
   *     targets where {@code target_modules} is null; null if not known
   * @throws PeftException if an expression cannot be used
   */
  public static ModuleMatcher of(FourierFtConfig config, @Nullable String modelType) {
    ModuleSelection targets = config.targetModules();
    if (targets == null && modelType != null) {
      targets = DefaultTargets.of(modelType);
    }
    return new ModuleMatcher(config, targets);
  }

  /**
   * Whether targets are known: false only if {@code target_modules} is null and PEFT has no default
   * for the model type. {@link #verdict} fails then.
   */
  public boolean hasTargets() {
    return targets != null;
  }

  /**
   * Whether the names alone decide. Not for {@code all-linear}, which asks for the class of a
   * module, and which {@link #verdict} can only guess from its name.
   */
  public boolean isExact() {
    return !(targets instanceof ModuleSelection.Expression expression) || !expression.isAllLinear();
  }

  /** Whether the module is adapted. */
  public boolean targets(String module) {
    return verdict(module) == Verdict.TARGETED;
  }

  /**
   * What the rules say of a module: exclusions first, then modules to save, then targets, then
   * layers.
   *
   * @param module a dotted path, as {@code model.layers.0.self_attn.q_proj}
   * @throws PeftException if there are no targets, or an expression does not come to an end
   */
  public Verdict verdict(String module) {
    if (targets == null) {
      throw new PeftException(
          "target_modules is null and PEFT has no default for this base model; specify"
              + " target_modules in "
              + FourierFtConfig.FILE_NAME);
    }
    beginQuestion(module);
    if (isExcluded(module) || isSaved(module)) {
      return Verdict.EXCLUDED;
    }
    boolean found =
        switch (targets) {
          case ModuleSelection.Names ignored when targetNames.contains(module) -> true;
          case ModuleSelection.Names ignored ->
              endsWithEntry(module, targetNames) && isInLayers(module);
          case ModuleSelection.Expression ignored when targetPattern != null ->
              targetPattern.matchesAll(module);
          case ModuleSelection.Expression ignored -> looksLinear(module);
        };
    return found ? Verdict.TARGETED : Verdict.NOT_TARGETED;
  }

  /** Whether {@code modules_to_save} names the module or one above it. */
  public boolean isSaved(String module) {
    beginQuestion(module);
    return savedPatterns.stream().anyMatch(pattern -> pattern.matchesStart(module));
  }

  /**
   * Whether {@code modules_to_save} may have taken the module in, or one above it. PEFT 0.21 wraps
   * every module whose name ends in an entry, without a dot before it ({@code
   * src/peft/utils/other.py}, {@code _set_trainable}), so {@code classifier} takes {@code
   * pre_classifier} too; {@link #isSaved} is the rule by which it takes them out of the targets,
   * and by which it may one day wrap them. What either gives may be in a file.
   */
  public boolean mayBeSaved(String module) {
    if (isSaved(module)) {
      return true;
    }
    for (int end = module.length(); end > 0; end = module.lastIndexOf('.', end - 1)) {
      String path = module.substring(0, end);
      if (config.modulesToSave().stream().anyMatch(path::endsWith)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Coefficients of a module: the value of the first key, in the order of the pattern, that matches
   * the end of its name, directly after a dot; else of a key that equals its name; else {@code
   * n_frequency}. So a key never matches a module at the root of the model but by equality.
   */
  public int nFrequency(String module) {
    beginQuestion(module);
    for (FrequencyRule rule : frequencyRules) {
      if (rule.matches(module)) {
        return rule.nFrequency();
      }
    }
    return config.nFrequencyPattern().getOrDefault(module, config.nFrequency());
  }

  private boolean isExcluded(String module) {
    return switch (config.excludeModules()) {
      case null -> false;
      case ModuleSelection.Names ignored ->
          excludeNames.contains(module) || endsWithEntry(module, excludeNames);
      case ModuleSelection.Expression ignored ->
          excludePattern != null && excludePattern.matchesAll(module);
    };
  }

  private static Set<String> namesOf(@Nullable ModuleSelection selection) {
    return selection instanceof ModuleSelection.Names names ? Set.copyOf(names.names()) : Set.of();
  }

  private static boolean endsWithEntry(String module, Set<String> names) {
    // Looks up each tail of the name instead of trying each of possibly thousands of entries.
    for (int dot = module.indexOf('.'); dot >= 0; dot = module.indexOf('.', dot + 1)) {
      if (names.contains(module.substring(dot + 1))) {
        return true;
      }
    }
    return false;
  }

  private boolean isInLayers(String module) {
    if (config.layersToTransform().isEmpty()) {
      return true;
    }
    for (PythonPattern pattern : layerPatterns) {
      String index = pattern.groupAtStart(module, LAYER_INDEX);
      if (!index.isEmpty()) {
        BigInteger layer = new BigInteger(index);
        return layer.bitLength() < 32 && config.layersToTransform().contains(layer.intValue());
      }
    }
    return false;
  }

  private boolean looksLinear(String module) {
    String leaf = module.substring(module.lastIndexOf('.') + 1);
    boolean head =
        EmbeddingNames.isOutput(leaf)
            || ("SEQ_CLS".equals(config.taskType())
                && (module.equals("score") || module.equals("classifier")));
    return !head && !EmbeddingNames.isInput(leaf);
  }

  private void beginQuestion(String module) {
    if (module.length() > MAX_NAME_LENGTH) {
      throw new PeftException(
          "a module name of %d characters is longer than %d: %s..."
              .formatted(module.length(), MAX_NAME_LENGTH, module.substring(0, 60)));
    }
    budget.beginQuestion();
  }
}
