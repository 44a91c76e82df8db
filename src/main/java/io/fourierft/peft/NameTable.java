package io.fourierft.peft;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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
  private final List<Split> splits = new ArrayList<>();
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
        case "split" -> table.splits.add(new Split(line.from(), List.of(line.to().split(" \\| "))));
        case "tower" -> table.towers.add(line.from() + ".");
        default -> table.rules.add(new NameRule(line.from(), line.to()));
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
    splits.forEach(split -> texts.add(split.toString()));
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
      for (Split split : splits) {
        if (split.rule(0).apply(name).equals(name) && split.rule(0).apply(at).equals(at)) {
          continue;
        }
        unused.remove(split.toString());
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

  /** The equal parts that a tensor is split into by rows, as current names; empty if it is not. */
  List<String> parts(String name) {
    String current = current(name);
    for (Split split : splits) {
      for (String candidate : List.of(name, current)) {
        if (!split.rule(0).apply(candidate).equals(candidate)) {
          List<String> parts = new ArrayList<>();
          for (int i = 0; i < split.parts().size(); i++) {
            parts.add(current(split.rule(i).apply(candidate)));
          }
          return parts;
        }
      }
    }
    return List.of();
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

  private record Split(String whole, List<String> parts) {
    NameRule rule(int part) {
      return new NameRule(whole, parts.get(part));
    }
  }

  private record Line(String kind, String from, String to) {
    static Line parse(String text) {
      String kind =
          text.startsWith("split ") || text.startsWith("tower ") ? text.substring(0, 5) : "";
      String rest = text.substring(kind.length()).strip();
      int arrow = rest.indexOf(" -> ");
      return arrow < 0
          ? new Line(kind, rest, "")
          : new Line(kind, rest.substring(0, arrow).strip(), rest.substring(arrow + 4).strip());
    }
  }
}
