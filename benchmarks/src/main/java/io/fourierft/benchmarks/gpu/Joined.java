package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The files of one run together.
 *
 * @param environment of {@link Survey}
 * @param engine of {@link Benchmark} and {@link VariantBenchmark}, all steps in one
 * @param peers of peers.py, likewise
 */
record Joined(JsonNode environment, JsonNode engine, JsonNode peers) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Reads what is there; a file that a step did not write is an empty object. */
  static Joined read(Path folder) throws IOException {
    return new Joined(
        file(folder.resolve("environment.json")),
        together(folder, "engine-*.json"),
        together(folder, "peers-*.json"));
  }

  private static JsonNode file(Path path) throws IOException {
    return Files.exists(path) ? JSON.readTree(path.toFile()) : JSON.createObjectNode();
  }

  /**
   * The files of several steps as one: lists behind each other, counts added, of a fact the first.
   * What one step left out and another measured counts as measured.
   */
  private static ObjectNode together(Path folder, String glob) throws IOException {
    ObjectNode all = JSON.createObjectNode();
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
      entries.forEach(files::add);
    }
    files.sort(null);
    for (Path each : files) {
      file(each).properties().forEach(entry -> add(all, entry.getKey(), entry.getValue()));
    }
    Set<String> measured = new HashSet<>();
    all.path("cases").forEach(each -> measured.add(key(each)));
    Set<String> told = new HashSet<>();
    ArrayNode left = JSON.createArrayNode();
    for (JsonNode each : all.path("skipped")) {
      if (!measured.contains(key(each)) && told.add(key(each))) {
        left.add(each);
      }
    }
    all.set("skipped", left);
    return all;
  }

  private static void add(ObjectNode all, String name, JsonNode value) {
    if (value.isArray()) {
      all.withArray(name).addAll((ArrayNode) value);
    } else if (value.isInt()) {
      all.put(name, all.path(name).asInt() + value.asInt());
    } else if (value.isObject()) {
      ObjectNode known = all.withObject("/" + name);
      value.properties().forEach(each -> known.putIfAbsent(each.getKey(), each.getValue()));
    } else {
      all.putIfAbsent(name, value);
    }
  }

  /** A case, and of the engine which way it took, or of the peers which one. */
  private static String key(JsonNode entry) {
    return entry.path("case").asText()
        + " "
        + entry.path("variant").asText()
        + entry.path("peer").asText();
  }

  /** Whether the times mean anything. */
  boolean isEmulated() {
    return environment.path("emulated").asBoolean();
  }

  /** Bytes read and written a second by a copy. */
  double copyBandwidth() {
    return engine.path("copyBytesPerSecond").asDouble();
  }

  /** The engine's measurement of a case. */
  Optional<JsonNode> measured(String name, String variant) {
    for (JsonNode each : engine.path("cases")) {
      if (each.get("case").asText().equals(name) && each.get("variant").asText().equals(variant)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** Milliseconds of the engine. */
  OptionalDouble milliseconds(String name, String variant) {
    return measured(name, variant)
        .map(each -> OptionalDouble.of(each.get("milliseconds").asDouble()))
        .orElse(OptionalDouble.empty());
  }

  /** Milliseconds of a peer. */
  OptionalDouble peer(String name, String peer) {
    for (JsonNode each : peers.path("cases")) {
      if (each.get("case").asText().equals(name) && each.get("peer").asText().equals(peer)) {
        return OptionalDouble.of(each.get("milliseconds").asDouble());
      }
    }
    return OptionalDouble.empty();
  }

  /** All of it as one document. */
  ObjectNode document() {
    ObjectNode all = JSON.createObjectNode();
    all.set("environment", environment);
    all.set("engine", engine);
    all.set("peers", peers);
    return all;
  }
}
