package io.fourierft.peft;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The names that one weight has on disk and in a model. transformers renames weights when it loads
 * a checkpoint and reverses that when it saves, so files keep the names of the first release while
 * adapters carry those of the transformers that trained them. The facts are in {@code names.txt},
 * by {@code model_type} or class; a table for a base takes the sections of all families in its
 * configuration. Both an old and a new name come out as the new one. Immutable.
 */
final class NameTable {
  private static final String RESOURCE = "names.txt";
  private static final Map<String, List<Line>> SECTIONS = read();

  private final List<NameRule> rules = new ArrayList<>();
  private final List<Fusion> fusions = new ArrayList<>();
  private final List<String> towers = new ArrayList<>();

  private NameTable() {}

  /** The table for a model of these types and classes. */
  static NameTable of(Collection<String> families) {
    NameTable table = new NameTable();
    Set<Line> lines = new LinkedHashSet<>();
    for (String family : families) {
      lines.addAll(SECTIONS.getOrDefault(family, List.of()));
    }
    lines.addAll(SECTIONS.getOrDefault("*", List.of()));
    for (Line line : lines) {
      switch (line.kind()) {
        case "tower" -> table.towers.add(line.from() + ".");
        case "" -> table.rules.add(new NameRule(line.from(), line.to()));
        default -> table.fusions.add(Fusion.of(line.kind(), line.from(), line.to()));
      }
    }
    return table;
  }

  /** The model types and classes that the table knows. */
  static Set<String> families() {
    return SECTIONS.keySet();
  }

  /** The rules and splits, as they stand in the table. */
  Set<String> ruleTexts() {
    Set<String> texts = new LinkedHashSet<>();
    rules.forEach(rule -> texts.add(rule.toString()));
    fusions.forEach(fusion -> texts.add(fusion.toString()));
    return texts;
  }

  /** Those of the rules and splits that change none of these names. */
  Set<String> rulesUnusedBy(Collection<String> names) {
    Set<String> unused = ruleTexts();
    for (String name : names) {
      String at = name;
      for (NameRule rule : rules) {
        String next = rule.apply(at);
        if (!next.equals(at)) {
          unused.remove(rule.toString());
        }
        at = next;
      }
      for (Fusion fusion : fusions) {
        if (fusion.holds(name) || fusion.holds(at)) {
          unused.remove(fusion.toString());
        }
      }
    }
    return unused;
  }

  /** What goes before the names of a class that is one tower of a larger model. */
  List<String> towers() {
    return towers;
  }

  /** The name in the model of today's transformers. */
  String current(String name) {
    String result = name;
    for (NameRule rule : rules) {
      result = rule.apply(result);
    }
    return result;
  }

  /** The name of the first release, if {@link #current} makes this one of it; else the same. */
  String original(String name) {
    String result = name;
    for (NameRule rule : rules.reversed()) {
      result = rule.revert(result);
    }
    return current(result).equals(name) ? result : name;
  }

  /**
   * The equal parts, as current names, that the model has of a tensor; empty if it is not fused.
   */
  List<Part> parts(String name) {
    return find(name, false)
        .map(
            found ->
                found.fusion().parts().stream()
                    .map(part -> part.named(current(found.fusion().part(found.name(), part))))
                    .toList())
        .orElse(List.of());
  }

  /** What the model joins this tensor with others to; empty if it does not. */
  Optional<Joint> joint(String name) {
    return find(name, true)
        .map(
            found ->
                new Joint(
                    current(found.fusion().whole(found.name())),
                    found.fusion().position(found.name()),
                    found.fusion().parts().size()));
  }

  private Optional<Found> find(String name, boolean joins) {
    String current = current(name);
    for (Fusion fusion : fusions) {
      for (String candidate : List.of(name, current)) {
        if (fusion.isJoin() == joins && fusion.holds(candidate)) {
          return Optional.of(new Found(fusion, candidate));
        }
      }
    }
    return Optional.empty();
  }

  private static Map<String, List<Line>> read() {
    Map<String, List<Line>> sections = new LinkedHashMap<>();
    TableLines.forEach(
        RESOURCE,
        (heading, text) -> {
          for (String family : heading.split(" ", -1)) {
            List<Line> lines = sections.computeIfAbsent(family, key -> new ArrayList<>());
            if (!text.isEmpty()) {
              lines.add(Line.parse(text));
            }
          }
        });
    return sections;
  }

  private record Found(Fusion fusion, String name) {}

  /**
   * One of the equal parts of a fused tensor.
   *
   * @param name its name in the model
   * @param order how its rows are in the tensor
   * @param heads the key in the configuration that says how many heads there are; empty if the
   *     order does not depend on it
   */
  record Part(String name, Order order, String heads) {
    Part named(String newName) {
      return new Part(newName, order, heads);
    }
  }

  /** How the rows of a part are in the fused tensor. */
  enum Order {
    /** One part below the other. */
    BELOW,
    /** One part below the other, in each of them the two halves of a head by turns. */
    ROTARY,
    /** The rows of the parts by turns. */
    BY_TURNS
  }

  /**
   * One tensor of several that the model has as one, one below the other.
   *
   * @param name the name of the whole in the model
   * @param position which of them it is
   * @param count how many they are
   */
  record Joint(String name, int position, int count) {}

  private record Line(String kind, String from, String to) {
    static Line parse(String text) {
      String kind = "";
      for (String word : List.of("split", "turns", "join", "tower")) {
        kind = text.startsWith(word + " ") ? word : kind;
      }
      String rest = text.substring(kind.length()).strip();
      int arrow = rest.indexOf(" -> ");
      return arrow < 0
          ? new Line(kind, rest, "")
          : new Line(kind, rest.substring(0, arrow).strip(), rest.substring(arrow + 4).strip());
    }
  }
}
