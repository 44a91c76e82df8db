package io.fourierft.peft;

import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells whether a tensor that a base seems to lack may be there by another name: one of the same
 * size that nothing of the adapter speaks of, in the place where the new one would stand. Taken as
 * new it would be written beside the old one, which transformers would go on loading.
 */
final class LookAlikes {
  private final Map<String, Map<String, List<Long>>> modules = new LinkedHashMap<>();
  private final Map<String, Integer> peers = new HashMap<>();
  private final Set<String> claimed;
  private final Set<String> claimedParts = new HashSet<>();
  private final Set<String> parts = new HashSet<>();

  /**
   * Those of a base.
   *
   * @param claimed the base's tensors that the adapter changes or replaces
   */
  LookAlikes(BaseModel base, Collection<String> claimed) {
    this.claimed = Set.copyOf(claimed);
    for (TensorInfo tensor : base.tensors().values()) {
      String module = parent(tensor.name());
      if (!modules.containsKey(module)) {
        peers.merge(LayoutEvidence.pattern(module), 1, Integer::sum);
      }
      modules
          .computeIfAbsent(module, key -> new LinkedHashMap<>())
          .put(leaf(tensor.name()), tensor.shape());
      addParts(tensor.name(), parts);
    }
    claimed.forEach(name -> addParts(name, claimedParts));
  }

  private static void addParts(String name, Set<String> parts) {
    for (String at = parent(name); !at.isEmpty() && parts.add(at); at = parent(at)) {}
  }

  /**
   * Modules of the base that may be this one.
   *
   * @param module the path that the new module would have in the base
   * @param leaf which of its tensors is in question
   * @param own all its tensors by the last part of their names, and their shapes
   * @param expected whether the adapted model has modules that the base's class lacks; then only
   *     one whose name begins otherwise is doubtful
   */
  List<String> of(String module, String leaf, Map<String, List<Long>> own, boolean expected) {
    String place = parent(module);
    while (!place.isEmpty() && !parts.contains(place)) {
      place = parent(place);
    }
    List<String> likely = new ArrayList<>();
    for (Map.Entry<String, Map<String, List<Long>>> known : modules.entrySet()) {
      String other = known.getKey();
      if (isAlike(own, known.getValue(), leaf)
          && !claimed.contains(other.isEmpty() ? leaf : other + "." + leaf)
          && !isEmbeddingOfOutput(module, other)
          && (isMoved(module, other) || (!expected && isBeside(module, other, place)))) {
        likely.add(other);
      }
    }
    return likely;
  }

  /** Weights by their size; of vectors, which are alike all over, the whole module counts. */
  private static boolean isAlike(
      Map<String, List<Long>> own, Map<String, List<Long>> other, String leaf) {
    List<Long> shape = own.get(leaf);
    boolean named = !leaf.equals("weight") && !leaf.equals("bias");
    return shape != null
        && shape.equals(other.get(leaf))
        && (shape.size() > 1 || named || own.equals(other));
  }

  /** An output embedding that is not there is tied, not renamed. */
  private static boolean isEmbeddingOfOutput(String module, String other) {
    return EmbeddingNames.isOutput(leaf(module)) && EmbeddingNames.isInput(leaf(other));
  }

  /** Whether the two differ by what one of them has before its name. */
  private static boolean isMoved(String module, String other) {
    return module.endsWith("." + other) || other.endsWith("." + module);
  }

  /** Whether the other stands in a part beside the new one that the adapter has nothing in. */
  private boolean isBeside(String module, String other, String place) {
    if (!place.isEmpty() && !other.startsWith(place + ".")) {
      return false;
    }
    int dot = other.indexOf('.', place.isEmpty() ? 0 : place.length() + 1);
    String part = dot < 0 ? other : other.substring(0, dot);
    boolean ofAStack =
        peers.getOrDefault(LayoutEvidence.pattern(other), 0) > 1
            && !numbers(other).equals(numbers(module));
    return !claimedParts.contains(part) && !ofAStack;
  }

  private static List<String> numbers(String path) {
    List<String> numbers = new ArrayList<>();
    for (String word : path.split("\\.", -1)) {
      if (!word.isEmpty() && word.chars().allMatch(Character::isDigit)) {
        numbers.add(word);
      }
    }
    return numbers;
  }

  private static String leaf(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String parent(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }
}
