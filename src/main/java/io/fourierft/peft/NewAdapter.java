package io.fourierft.peft;

import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes an adapter of a configuration and a base model, as {@code get_peft_model} does: a spectrum
 * of zeros for each module that is targeted, and the base's own values of what trains beside them.
 * Modules have the names that transformers of today has for them. Used once.
 */
final class NewAdapter {
  private static final List<String> CLASSIFIERS = List.of("classifier", "score");

  /** Those whose models have an output embedding, which may be one with the input's. */
  private static final List<String> LANGUAGE_TASKS = List.of("CAUSAL_LM", "SEQ_2_SEQ_LM");

  private final BaseModel base;
  private final SafetensorsCheckpoint checkpoint;
  private final Map<String, ExtraTensor> given = new LinkedHashMap<>();
  private final Map<String, BaseTensor> tensors;

  /**
   * Prepares one.
   *
   * @param given tensors of saved modules that stand for the base's, or that it lacks
   */
  NewAdapter(BaseModel base, SafetensorsCheckpoint checkpoint, Collection<ExtraTensor> given) {
    this.base = base;
    this.checkpoint = checkpoint;
    tensors = base.currentTensors();
    for (ExtraTensor tensor : given) {
      if (this.given.put(tensor.baseTensor(), tensor) != null) {
        throw new PeftException("tensor '%s' was given twice".formatted(tensor.baseTensor()));
      }
    }
  }

  PeftAdapter of(FourierFtConfig asked) {
    FourierFtConfig config = settled(asked);
    ModuleMatcher matcher = ModuleMatcher.of(config, base.modelType());
    if (!matcher.isExact()) {
      throw new PeftException(
          "target_modules 'all-linear' asks for the classes of modules, which a checkpoint does not"
              + " tell; name the modules in a list, or give an expression");
    }
    List<AdapterModule> modules = new ArrayList<>();
    for (String path : base.currentModules()) {
      if (matcher.targets(path)) {
        requireLinear(path);
        modules.add(new AdapterModule(path, Spectrum.of(new float[matcher.nFrequency(path)])));
      }
    }
    requireSupported(matcher);
    if (config.taskType() == null || LANGUAGE_TASKS.contains(config.taskType())) {
      requireApart(matcher);
    }
    if (modules.isEmpty()) {
      throw nothingTargeted(config);
    }
    List<ExtraTensor> extras = new ArrayList<>(saved(config, matcher).values());
    List<String> targeted = modules.stream().map(AdapterModule::path).toList();
    extras.addAll(biases(config, matcher, targeted));
    return new PeftAdapter(config, modules, extras, List.of(), List.of());
  }

  /** The configuration with PEFT's defaults for this base: targets, and the head of a task. */
  private FourierFtConfig settled(FourierFtConfig asked) {
    FourierFtConfigBuilder builder = asked.toBuilder();
    String type = base.modelType();
    if (asked.targetModules() == null && type != null) {
      builder.targetModules(DefaultTargets.of(type));
    }
    if (List.of("SEQ_CLS", "TOKEN_CLS").contains(String.valueOf(asked.taskType()))) {
      List<String> saved = new ArrayList<>(asked.modulesToSave());
      for (String name : CLASSIFIERS) {
        if (!saved.contains(name) && (isThere(name, tensors) || isThere(name, given))) {
          saved.add(name);
        }
      }
      if (saved.isEmpty()) {
        throw new PeftException(
            ("task_type %s trains a head, 'classifier' or 'score', and the base model has neither;"
                    + " give its first values")
                .formatted(asked.taskType()));
      }
      builder.modulesToSave(saved);
    }
    return builder.build();
  }

  private static boolean isThere(String module, Map<String, ?> byName) {
    return byName.keySet().stream().anyMatch(name -> name.startsWith(module + "."));
  }

  private void requireLinear(String path) {
    if (EmbeddingNames.isInput(path.substring(path.lastIndexOf('.') + 1))) {
      throw new PeftException(
          "'%s' is targeted, but is an embedding, and only linear layers are supported; take it out"
                  .formatted(path)
              + " of target_modules, or name it in exclude_modules");
    }
  }

  /** Refuses a target that the base has, but not as a matrix of numbers. */
  private void requireSupported(ModuleMatcher matcher) {
    for (BaseTensor tensor : tensors.values()) {
      String module = NameReading.withoutWeight(tensor.name());
      if (!module.equals(tensor.name()) && tensor.shape().size() != 2 && matcher.targets(module)) {
        throw new PeftException(
            ("'%s' is targeted, but has shape %s in the base model, and only linear layers are"
                    + " supported; take it out of target_modules, or name it in exclude_modules")
                .formatted(tensor.name(), tensor.shape()));
      }
    }
    QuantizedWeights.refusePacked(base, matcher);
  }

  /**
   * Refuses a target that is one with another weight. PEFT adapts such an {@code lm_head} in its
   * place alone, and its merge changes both; here a layer has a weight of its own.
   */
  private void requireApart(ModuleMatcher matcher) {
    base.ties()
        .aliases()
        .forEach(
            (alias, stored) -> {
              String module = NameReading.withoutWeight(alias);
              if (!module.equals(alias) && matcher.targets(module)) {
                requireLinear(module);
                throw new PeftException(
                    ("'%s' is targeted, but the base model holds no '%s': it is one with '%s'"
                            + " (tie_word_embeddings); take it out of target_modules, name it in"
                            + " exclude_modules, or %s")
                        .formatted(module, alias, stored, untie(alias)));
              }
            });
  }

  private static String untie(String alias) {
    return "untie the base first: save it with '%s' as a tensor of its own and with tie_word_embeddings: false"
        .formatted(alias);
  }

  private PeftException nothingTargeted(FourierFtConfig config) {
    String targets = String.valueOf(config.targetModules());
    String name = targets;
    if (config.targetModules() instanceof ModuleSelection.Names names) {
      targets = names.names().toString();
      name = names.names().isEmpty() ? "" : names.names().getFirst();
    } else if (config.targetModules() instanceof ModuleSelection.Expression expression) {
      targets = "'" + expression.regex() + "'";
      name = expression.regex();
    }
    return new PeftException(
        ("Target modules %s not found in the base model, the layers asked for and the exclusions"
                + " considered; %s")
            .formatted(targets, NearestNames.hint(name, base.currentModules())));
  }

  /** What modules_to_save takes in, by name. */
  private Map<String, ExtraTensor> saved(FourierFtConfig config, ModuleMatcher matcher) {
    Map<String, ExtraTensor> saved = new LinkedHashMap<>();
    for (BaseTensor tensor : tensors.values()) {
      if (matcher.mayBeSaved(parent(tensor.name()))) {
        saved.put(tensor.name(), extra(tensor.name(), tensor, ExtraTensor.Kind.SAVED_MODULE));
      }
    }
    given.forEach(
        (name, tensor) -> {
          if (!matcher.mayBeSaved(parent(name))) {
            throw new PeftException(
                "modules_to_save %s does not take in '%s', which was given; name its module there"
                    .formatted(config.modulesToSave(), name));
          }
          saved.put(name, tensor);
        });
    for (String module : config.modulesToSave()) {
      FourierFtConfig alone = config.toBuilder().modulesToSave(List.of(module)).build();
      ModuleMatcher one = ModuleMatcher.of(alone, base.modelType());
      if (saved.keySet().stream().noneMatch(name -> one.mayBeSaved(parent(name)))) {
        for (Map.Entry<String, String> tie : base.ties().aliases().entrySet()) {
          if (("." + parent(tie.getKey())).endsWith("." + module)) {
            throw new PeftException(
                ("modules_to_save names '%s', whose '%s' is one with '%s' in the base model"
                        + " (tie_word_embeddings); give its first values, which then part from it,"
                        + " or %s")
                    .formatted(module, tie.getKey(), tie.getValue(), untie(tie.getKey())));
          }
        }
        throw new PeftException(
            "modules_to_save names '%s', which the base model does not have; %s; or give the first"
                    .formatted(module, NearestNames.hint(module + ".weight", tensors.keySet()))
                + " values of a new one");
      }
    }
    return saved;
  }

  private List<ExtraTensor> biases(
      FourierFtConfig config, ModuleMatcher matcher, List<String> targeted) {
    List<ExtraTensor> biases = new ArrayList<>();
    if (!config.trainsBiases()) {
      return biases;
    }
    for (BaseTensor tensor : tensors.values()) {
      String module = parent(tensor.name());
      boolean isBias = tensor.name().equals("bias") || tensor.name().endsWith(".bias");
      boolean asked = config.bias().equals("all") || targeted.contains(module);
      if (isBias && asked && !matcher.mayBeSaved(module)) {
        String key = targeted.contains(module) ? module + ".base_layer.bias" : tensor.name();
        biases.add(extra(key, tensor, ExtraTensor.Kind.BIAS));
      }
    }
    return biases;
  }

  private ExtraTensor extra(String name, BaseTensor tensor, ExtraTensor.Kind kind) {
    return new ExtraTensor(
        AdapterKeys.PREFIX + name,
        tensor.name(),
        kind,
        tensor.dtype(),
        tensor.shape(),
        tensor.data(checkpoint));
  }

  private static String parent(String tensor) {
    return tensor.substring(0, Math.max(0, tensor.lastIndexOf('.')));
  }
}
