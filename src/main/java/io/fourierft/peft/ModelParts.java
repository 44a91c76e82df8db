package io.fourierft.peft;

import java.util.Collection;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells a whole part of a base that an adapter leaves alone from a module that is missing among its
 * peers. A base on disk often holds more than the model that was adapted: the decoder beside an
 * encoder, a vision tower, a head, layers that only predict further tokens, routed experts that
 * transformers keeps in one tensor. Paths are those of the adapter.
 */
final class ModelParts {
  private static final Pattern LAYER =
      Pattern.compile("(?:^|\\.)(?:layers|h|blocks?|layer)\\.(\\d+)(?=\\.|$)");
  private static final Pattern EXPERT = Pattern.compile("(?:^|\\.)experts\\.\\d+(?=\\.|$)");
  private final Set<String> parents = new HashSet<>();
  private final Set<String> beginnings = new HashSet<>();
  private final Set<Integer> layers = new HashSet<>();
  private final OptionalLong layerCount;
  private final boolean hasExperts;

  /**
   * The parts that an adapter has something in.
   *
   * @param adapted paths of the adapter's modules
   * @param layerCount {@code num_hidden_layers}, if known
   */
  ModelParts(Collection<String> adapted, OptionalLong layerCount) {
    this.layerCount = layerCount;
    for (String path : adapted) {
      parents.add(parent(path));
      for (String at = parent(path); !at.isEmpty(); at = parent(at)) {
        beginnings.add(at);
      }
      Matcher layer = LAYER.matcher(path);
      if (layer.find()) {
        layers.add(layer(layer));
      }
    }
    hasExperts = adapted.stream().anyMatch(path -> EXPERT.matcher(path).find());
  }

  /** Whether the module stands in a part that the adapter has nothing in. */
  boolean isLeftAlone(String path) {
    if (!hasExperts && EXPERT.matcher(path).find()) {
      return true;
    }
    Matcher layer = LAYER.matcher(path);
    if (layer.find()
        && beginnings.contains(path.substring(0, layer.start(1) - 1))
        && layerCount.isPresent()
        && layer(layer) >= layerCount.getAsLong()
        && !layers.contains(layer(layer))) {
      return true;
    }
    if (parents.contains(parent(path))) {
      return false;
    }
    // The first part of the path that no adapted module shares; behind a number it is a layer.
    String shared = "";
    for (String at = parent(path); !at.isEmpty(); at = parent(at)) {
      if (beginnings.contains(at)) {
        shared = at;
        break;
      }
    }
    String rest = shared.isEmpty() ? path : path.substring(shared.length() + 1);
    String first = rest.contains(".") ? rest.substring(0, rest.indexOf('.')) : rest;
    return !hasNumber(shared) && !isNumber(first);
  }

  private static int layer(Matcher layer) {
    String digits = layer.group(1);
    return digits.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(digits);
  }

  private static boolean hasNumber(String path) {
    for (String word : path.split("\\.", -1)) {
      if (isNumber(word)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isNumber(String word) {
    return !word.isEmpty() && word.chars().allMatch(Character::isDigit);
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }
}
