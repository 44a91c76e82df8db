package io.fourierft.merge;

import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.HeadClass;
import io.fourierft.peft.ModelConfig;
import io.fourierft.peft.ResolvedAdapter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Of which class the merged model is. An adapter may have been made on another class than the base
 * was saved from: a classifier of a language model's layers, for instance.
 */
final class AdaptedClass {
  private static final Set<String> LABEL_HEADS =
      Set.of("score.weight", "classifier.weight", "classifier.out_proj.weight");
  private static final Set<String> LANGUAGE_TASKS = Set.of("CAUSAL_LM", "SEQ_2_SEQ_LM");
  private static final Set<String> LABEL_TASKS = Set.of("SEQ_CLS", "TOKEN_CLS");

  private final ModelConfig model;
  private final Set<String> newTensors = new LinkedHashSet<>();
  private final Set<String> classes = new LinkedHashSet<>();
  private boolean hasOutputEmbedding;
  private long labels;

  AdaptedClass(Optional<BaseConfig> config) {
    model = config.map(BaseConfig::model).orElse(ModelConfig.NONE);
  }

  /** Takes in what an adapter says of its class. */
  void add(FourierFtConfig config, ResolvedAdapter resolved) {
    String task = config.taskType();
    hasOutputEmbedding |= hasOutputEmbedding(task, config.baseModelClass());
    for (Map.Entry<String, ExtraTensor> entry : resolved.replacements().entrySet()) {
      ExtraTensor extra = entry.getValue();
      boolean labelHead =
          LABEL_HEADS.contains(extra.baseTensor())
              && (LABEL_TASKS.contains(String.valueOf(task))
                  || String.valueOf(config.baseModelClass()).endsWith("Classification"));
      if (labelHead && extra.shape().size() == 2) {
        labels = extra.shape().getFirst();
      }
    }
    if (!resolved.newTensors().isEmpty()) {
      newTensors.addAll(resolved.newTensors());
      String className = HeadClass.of(config, model);
      classes.add(className == null ? "" : className);
    }
  }

  /** Whether the adapted model gives scores of tokens, by a weight that may be tied. */
  boolean hasOutputEmbedding() {
    return hasOutputEmbedding;
  }

  private boolean hasOutputEmbedding(@Nullable String task, @Nullable String className) {
    if (task != null) {
      return LANGUAGE_TASKS.contains(task);
    }
    return className != null
        ? HeadClass.isLanguageModel(className)
        : model.architecture().map(HeadClass::isLanguageModel).orElse(true);
  }

  /**
   * Says in the configuration what follows for certain, and notes the rest.
   *
   * @param isThere whether the output has a tensor, by the name that base and adapter have for it
   */
  void settle(ConfigChanges changes, Predicate<String> isThere, List<String> notes) {
    if (labels > 0) {
      changes.setLabels(labels);
    }
    if (newTensors.isEmpty()) {
      return;
    }
    String className = classes.size() == 1 ? classes.iterator().next() : "";
    if (!className.isEmpty()) {
      noteRandom(className, isThere, notes);
      if (!model.architecture().equals(Optional.of(className))) {
        changes.setArchitecture(className);
        notes.add(
            "config.json says architectures [%s], the class of the new head".formatted(className));
      }
    } else if (model.architecture().isPresent()) {
      notes.add(
          ("config.json still says architectures [%s]; of which class the model with '%s' is does"
                  + " not follow from the adapter: load it with the class that it was trained as")
              .formatted(model.architecture().get(), newTensors.iterator().next()));
    }
  }

  /**
   * Weights of the class that nobody has: random in training, and random again when it is loaded.
   */
  private void noteRandom(String className, Predicate<String> isThere, List<String> notes) {
    List<String> missing =
        HeadClass.modules(className).stream()
            .filter(module -> !isThere.test(module + ".weight"))
            .toList();
    if (!missing.isEmpty()) {
      notes.add(
          ("%s has '%s.weight', which neither the base model nor the adapter brings: it was random"
               + " in training and will be when the output is loaded, which costs what was learned;"
               + " name it in modules_to_save and train again")
              .formatted(className, String.join(".weight', '", missing)));
    }
  }
}
