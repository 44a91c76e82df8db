package io.fourierft.merge;

import io.fourierft.FourierException;
import io.fourierft.peft.TiedWeights;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.TensorInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** A vocabulary that adapters grew or cut: their embeddings have other rows than the base's. */
final class VocabularyChange {
  private static final Set<String> EMBEDDINGS =
      Set.of(
          "embed_tokens",
          "embed_in",
          "shared",
          "tok_embeddings",
          "tokens_embed",
          "word_embeddings",
          "word_embedding",
          "wte",
          "lm_head",
          "embed_out",
          "output_layer");

  private VocabularyChange() {}

  /**
   * The new size; empty if it stays.
   *
   * @param changes what the adapters bring; takes a bias that grows with the rest
   * @param parted tensors of the output that begin as another one's bytes
   * @param hasOutput whether the adapted model has an output embedding
   * @throws FourierException if one embedding changes and its partner does not
   */
  static OptionalLong of(
      SafetensorsCheckpoint base,
      TiedWeights ties,
      AdapterChanges changes,
      Map<String, String> parted,
      boolean hasOutput,
      List<String> notes) {
    Map<String, OutputTensor.Replacement> replacements = changes.replacements();
    Set<String> embeddings = new TreeSet<>();
    for (String name : base.tensors().keySet()) {
      if (name.endsWith(".weight") && EMBEDDINGS.contains(leaf(name))) {
        embeddings.add(name);
      }
    }
    ties.aliases().forEach((alias, stored) -> addWeights(embeddings, alias, stored));
    ties.storedApart().forEach(group -> addWeights(embeddings, group.toArray(new String[0])));
    Map<String, Rows> rows = new LinkedHashMap<>();
    for (String name : embeddings) {
      String stored = ties.aliases().getOrDefault(name, name);
      TensorInfo info = base.find(stored).map(SafetensorsCheckpoint.Location::tensor).orElse(null);
      OutputTensor.Replacement replacement = replacements.get(name);
      if (info != null && info.shape().size() == 2 && replacement != null) {
        rows.put(name, new Rows(info.shape().getFirst(), replacement.tensor().shape().getFirst()));
      }
    }
    Optional<Map.Entry<String, Rows>> changed =
        rows.entrySet().stream().filter(entry -> entry.getValue().differ()).findFirst();
    if (changed.isEmpty()) {
      return OptionalLong.empty();
    }
    String first = changed.get().getKey();
    long old = changed.get().getValue().before();
    long size = changed.get().getValue().after();
    rows.forEach(
        (name, other) -> {
          if (other.before() == old && other.after() != size) {
            throw new FourierException(
                "the adapter gives '%s' %d rows, but '%s' %d: a vocabulary has one size"
                    .formatted(first, size, name, other.after()));
          }
        });
    Set<String> biases = new TreeSet<>(ties.biases().keySet());
    ties.biases().values().forEach(biases::addAll);
    growBiases(base, ties, changes, old, size, notes);
    Set<String> replaced = new TreeSet<>(rows.keySet());
    replacements.forEach(
        (name, replacement) -> {
          List<Long> shape = replacement.tensor().shape();
          if (shape.size() == 1 && shape.getFirst() == size) {
            replaced.add(name);
          }
        });
    for (SafetensorsCheckpoint.Location location : base.tensors().values()) {
      TensorInfo info = location.tensor();
      requireSame(
          info.name(), info, embeddings, biases, replaced, first, old, size, hasOutput, notes);
    }
    parted.forEach(
        (name, stored) -> {
          TensorInfo info = base.find(stored).orElseThrow().tensor();
          requireSame(name, info, embeddings, biases, replaced, first, old, size, hasOutput, notes);
        });
    notes.add("the vocabulary has %d tokens instead of %d, as '%s'".formatted(size, old, first));
    return OptionalLong.of(size);
  }

  /**
   * A class may have the bias of its output embedding by two names, which are one when the
   * vocabulary is resized. Where the adapter saved the one whole, its file says what both were.
   */
  private static void growBiases(
      SafetensorsCheckpoint base,
      TiedWeights ties,
      AdapterChanges changes,
      long old,
      long size,
      List<String> notes) {
    ties.biases()
        .forEach(
            (name, others) -> {
              TensorInfo info = base.find(name).orElseThrow().tensor();
              if (info.elementCount() != old || changes.replacements().containsKey(name)) {
                return;
              }
              for (String other : others) {
                OutputTensor.Replacement original = changes.originals().get(other);
                if (original != null && original.tensor().shape().equals(List.of(size))) {
                  changes.restore(name, original);
                  notes.add(
                      "'%s' has the %d rows that '%s' had before training"
                          .formatted(name, size, other));
                  return;
                }
              }
            });
  }

  private static void requireSame(
      String name,
      TensorInfo tensor,
      Set<String> embeddings,
      Set<String> biases,
      Set<String> replaced,
      String first,
      long old,
      long size,
      boolean hasOutput,
      List<String> notes) {
    boolean bias =
        name.endsWith("final_logits_bias")
            || biases.contains(name)
            || (name.endsWith(".bias") && embeddings.contains(weightBeside(name)));
    boolean stays =
        (bias || embeddings.contains(name))
            && !replaced.contains(name)
            && (bias
                ? tensor.elementCount() == old
                : tensor.shape().size() == 2 && tensor.shape().getFirst() == old);
    if (!stays) {
      return;
    }
    if (!hasOutput) {
      notes.add(
          "'%s' keeps the old vocabulary of %d; the adapted model does not have it"
              .formatted(name, old));
      return;
    }
    throw new FourierException(
        ("the adapter gives '%s' %d rows instead of %d, but leaves '%s' at %d: resize the base"
                + " model to %d tokens as in training (resize_token_embeddings), save it, and merge"
                + " into that")
            .formatted(first, size, old, name, old, size));
  }

  private static String weightBeside(String bias) {
    return bias.substring(0, bias.length() - "bias".length()) + "weight";
  }

  private static void addWeights(Set<String> embeddings, String... names) {
    for (String name : names) {
      if (name.endsWith(".weight")) {
        embeddings.add(name);
      }
    }
  }

  private static String leaf(String tensor) {
    String module = tensor.substring(0, tensor.lastIndexOf('.'));
    return module.substring(module.lastIndexOf('.') + 1);
  }

  /** Rows of an embedding in the base and in what takes its place. */
  private record Rows(long before, long after) {
    boolean differ() {
      return before != after;
    }
  }
}
