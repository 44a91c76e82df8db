package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is measured, read from cases.json, which the Python peers read too. A name stands for one
 * case in both.
 *
 * @param node one of the lists in the file: wanted, full, quick, dry
 */
record Cases(JsonNode node) {
  static Cases read(Path file, String list) throws IOException {
    JsonNode all = new ObjectMapper().readTree(file.toFile());
    if (!all.has(list)) {
      throw new IOException(file + " has no list '" + list + "'");
    }
    return new Cases(all.get(list));
  }

  /** The shape of one adapter's ΔW and its number of coefficients. */
  record Problem(int rows, int cols, int n) {
    @Override
    public String toString() {
      return rows + "x" + cols + "/n" + n;
    }
  }

  /**
   * Layers of one size, each with two adapted modules.
   *
   * @param layers how many
   * @param side in_features and out_features of a module
   */
  record Stack(int layers, int side) {
    private static final int TARGETS = 2;

    int modules() {
      return TARGETS * layers;
    }

    @Override
    public String toString() {
      return layers + "x" + side;
    }
  }

  double seconds() {
    return node.get("seconds").asDouble();
  }

  List<Problem> problems(String group) {
    List<Problem> problems = new ArrayList<>();
    for (JsonNode n : node.path(group).path("frequencies")) {
      for (JsonNode shape : node.path(group).path("shapes")) {
        problems.add(new Problem(shape.get(0).asInt(), shape.get(1).asInt(), n.asInt()));
      }
    }
    return problems;
  }

  List<Stack> stacks(String group) {
    List<Stack> stacks = new ArrayList<>();
    for (JsonNode stack : node.path(group).path("stacks")) {
      stacks.add(new Stack(stack.get(0).asInt(), stack.get(1).asInt()));
    }
    return stacks;
  }

  List<Integer> numbers(String group, String key) {
    List<Integer> numbers = new ArrayList<>();
    node.path(group).path(key).forEach(each -> numbers.add(each.asInt()));
    return numbers;
  }

  List<String> texts(String group, String key) {
    List<String> texts = new ArrayList<>();
    node.path(group).path(key).forEach(each -> texts.add(each.asText()));
    return texts;
  }

  static String delta(Problem problem, int batch) {
    return "delta/" + problem + "/b" + batch;
  }

  static String operator(Problem problem, String direction, int tokens, String type) {
    return direction + "/" + problem + "/t" + tokens + "/" + type.toLowerCase(Locale.ROOT);
  }

  static String mixed(Problem problem, int tokens, int adapters) {
    return "mixed/" + problem + "/t" + tokens + "/a" + adapters;
  }

  static String layer(Problem problem, int tokens, String type) {
    return operator(problem, "layer", tokens, type);
  }

  static String training(Stack stack, int n, int tokens, String type) {
    return "training/%s/n%d/t%d/%s".formatted(stack, n, tokens, type.toLowerCase(Locale.ROOT));
  }

  static String merge(Problem problem) {
    return "merge/" + problem;
  }
}
