package io.fourierft.peft;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What transformers knows of its model types and a checkpoint does not tell: which weights are one
 * where word embeddings are tied, whether they are so by default, the class of a task's head. The
 * facts are in {@code models.txt}, made from transformers 5.18.
 */
final class ModelFacts {
  private static final Set<String> TASKS = Set.of("SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS");
  private static final Map<String, List<Tie>> TIES = new HashMap<>();
  private static final Set<String> TIED_BY_DEFAULT = new HashSet<>();
  private static final Set<String> EMBEDDINGS = new HashSet<>();
  private static final Map<String, String> HEADS = new HashMap<>();
  private static final Map<String, List<String>> HEAD_MODULES = new HashMap<>();

  static {
    TableLines.forEach("models.txt", ModelFacts::take);
  }

  private ModelFacts() {}

  private static void take(String heading, String text) {
    if (text.isEmpty()) {
      return;
    }
    List<String> words = Arrays.asList(text.split(" "));
    if (TASKS.contains(heading)) {
      HEADS.put(heading + " " + words.getFirst(), words.get(1));
      HEAD_MODULES.putIfAbsent(words.get(1), List.copyOf(words.subList(2, words.size())));
      return;
    }
    List<Tie> ties = new ArrayList<>();
    for (String pair : heading.isEmpty() ? new String[0] : heading.split(", ")) {
      int sign = Math.max(pair.indexOf(" = "), pair.indexOf(" ~ "));
      Tie tie =
          new Tie(pair.substring(0, sign), pair.substring(sign + 3), pair.charAt(sign + 1) == '~');
      ties.add(tie);
      for (String name : List.of(tie.output(), tie.input())) {
        if (name.endsWith(".weight")) {
          EMBEDDINGS.add(name.substring(0, name.lastIndexOf('.')));
        }
      }
    }
    for (String type : words.subList(1, words.size())) {
      TIES.put(type, ties);
      if (words.getFirst().equals("tied")) {
        TIED_BY_DEFAULT.add(type);
      }
    }
  }

  /** Whether transformers has this model type. */
  static boolean isKnown(@Nullable String modelType) {
    return TIES.containsKey(modelType);
  }

  /** The weights that are one where word embeddings are tied; empty also for an unknown type. */
  static List<Tie> ties(@Nullable String modelType) {
    return TIES.getOrDefault(modelType, List.of());
  }

  /** Whether some model type has an input or output embedding of this path. */
  static boolean isEmbedding(String path) {
    return EMBEDDINGS.contains(path);
  }

  /** Whether word embeddings are tied where the configuration does not say. */
  static boolean tiedByDefault(@Nullable String modelType) {
    return TIED_BY_DEFAULT.contains(modelType);
  }

  /** The class of the head that a task of PEFT's puts on a model, or null. */
  static @Nullable String headClass(@Nullable String taskType, @Nullable String modelType) {
    return HEADS.get(taskType + " " + modelType);
  }

  /** The modules with weights that a class of a task's head has beside the bare model. */
  static List<String> headModules(String className) {
    return HEAD_MODULES.getOrDefault(className, List.of());
  }

  /**
   * Two weights that may be one.
   *
   * @param output the one that a file leaves out
   * @param input the one that it holds
   * @param heir whether {@code output} is no more than another name that the model has for {@code
   *     input}, and keeps its weight where {@code input} itself is replaced
   */
  record Tie(String output, String input, boolean heir) {}
}
