package io.fourierft.peft;

import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which weights of a base model are one: input and output embedding, mostly, where the
 * configuration ties them, or says nothing and its class does. A file then holds one of them. If it
 * holds both, they are two. Immutable.
 */
public final class TiedWeights {
  private final Map<String, String> aliases = new LinkedHashMap<>();
  private final Map<String, String> heirs = new HashMap<>();
  private final List<Set<String>> storedApart = new ArrayList<>();
  private final Map<String, Set<String>> biases = new LinkedHashMap<>();
  private final Map<String, String> currentToStored = new HashMap<>();

  private TiedWeights(Map<String, TensorInfo> tensors, ModelConfig config, NameTable names) {
    String type = config.modelType();
    for (String name : tensors.keySet()) {
      currentToStored.put(names.current(name), name);
    }
    for (ModelFacts.Tie tie : ModelFacts.ties(type)) {
      addBiases(tie);
    }
    if (!config.tieWordEmbeddings().orElseGet(() -> isTiedByDefault(type))) {
      return;
    }
    List<ModelFacts.Tie> ties = ModelFacts.isKnown(type) ? ModelFacts.ties(type) : guessed();
    for (ModelFacts.Tie tie : ties) {
      add(tie);
    }
  }

  /** The ties of a base model. */
  static TiedWeights of(Map<String, TensorInfo> tensors, ModelConfig config, NameTable names) {
    return new TiedWeights(tensors, config, names);
  }

  /**
   * The stored tensor that a tensor without one of its own is, by its name; unmodifiable. {@code
   * lm_head.weight} to {@code model.embed_tokens.weight}, for instance.
   */
  public Map<String, String> aliases() {
    return Collections.unmodifiableMap(aliases);
  }

  /**
   * By a stored tensor's name, the name under which the model keeps the weight where the tensor and
   * all that is tied to it are replaced: a T5's encoder holds the module {@code shared} too.
   */
  public Map<String, String> heirs() {
    return Collections.unmodifiableMap(heirs);
  }

  /** Groups of tensors that the configuration ties, though the file holds more than one of each. */
  public List<Set<String>> storedApart() {
    return List.copyOf(storedApart);
  }

  /**
   * By a stored bias of the output embedding, the other names that the model's class has for it,
   * whether or not the configuration ties them; unmodifiable. Resizing the vocabulary makes them
   * one again.
   */
  public Map<String, Set<String>> biases() {
    return Collections.unmodifiableMap(biases);
  }

  /** A class that transformers does not have is tied if its file has no output embedding. */
  private boolean isTiedByDefault(@Nullable String type) {
    return ModelFacts.isKnown(type)
        ? ModelFacts.tiedByDefault(type)
        : currentToStored.keySet().stream()
            .filter(name -> name.endsWith(".weight"))
            .noneMatch(name -> EmbeddingNames.isOutput(leaf(name)));
  }

  /** Of a class that transformers does not have: its only input embedding is the output's too. */
  private List<ModelFacts.Tie> guessed() {
    List<String> inputs =
        currentToStored.keySet().stream()
            .filter(name -> name.endsWith(".weight"))
            .filter(name -> EmbeddingNames.isTokens(leaf(name)))
            .toList();
    return inputs.size() == 1
        ? List.of(new ModelFacts.Tie("lm_head.weight", inputs.getFirst(), false))
        : List.of();
  }

  private static String leaf(String tensor) {
    String module = tensor.substring(0, tensor.lastIndexOf('.'));
    return module.substring(module.lastIndexOf('.') + 1);
  }

  private void add(ModelFacts.Tie tie) {
    Found input = find(tie.input());
    if (tie.heir()) {
      if (input != null) {
        heirs.put(input.stored(), input.prefix() + tie.output());
      }
      return;
    }
    Found output = find(tie.output());
    if (input != null && output != null) {
      storedApart.add(new LinkedHashSet<>(List.of(output.stored(), input.stored())));
    } else if (input != null) {
      aliases.put(input.prefix() + tie.output(), input.stored());
    } else if (output != null && isEmbedding(tie)) {
      aliases.put(output.prefix() + tie.input(), output.stored());
    }
  }

  private void addBiases(ModelFacts.Tie tie) {
    Found input = tie.input().endsWith(".bias") ? find(tie.input()) : null;
    Found output = tie.input().endsWith(".bias") ? find(tie.output()) : null;
    if (input != null) {
      String other = output != null ? output.stored() : input.prefix() + tie.output();
      biases.computeIfAbsent(input.stored(), key -> new LinkedHashSet<>()).add(other);
    }
    if (output != null) {
      String other = input != null ? input.stored() : output.prefix() + tie.input();
      biases.computeIfAbsent(output.stored(), key -> new LinkedHashSet<>()).add(other);
    }
  }

  private static boolean isEmbedding(ModelFacts.Tie tie) {
    return tie.input().endsWith(".weight") && EmbeddingNames.isTokens(leaf(tie.input()));
  }

  private @Nullable Found find(String name) {
    String stored = currentToStored.get(name);
    if (stored != null) {
      return new Found(stored, "");
    }
    int dot = name.indexOf('.');
    String bare = name.substring(dot + 1);
    String storedBare = currentToStored.get(bare);
    if (bare.indexOf('.') > 0 && storedBare != null) {
      return new Found(storedBare, "");
    }
    for (Map.Entry<String, String> entry : currentToStored.entrySet()) {
      String key = entry.getKey();
      boolean longer =
          key.endsWith("." + name) && key.indexOf('.') == key.length() - name.length() - 1;
      if (longer) {
        return new Found(entry.getValue(), key.substring(0, key.indexOf('.') + 1));
      }
    }
    return null;
  }

  private record Found(String stored, String prefix) {}
}
