package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The files of one run together.
 *
 * @param environment of {@link Survey}
 * @param engine of {@link Benchmark}
 * @param peers of peers.py
 */
record Joined(JsonNode environment, JsonNode engine, JsonNode peers) {
  /** Reads what is there; a file that a step did not write is an empty object. */
  static Joined read(Path folder) throws IOException {
    return new Joined(
        file(folder.resolve("environment.json")),
        file(folder.resolve("engine.json")),
        file(folder.resolve("peers.json")));
  }

  private static JsonNode file(Path path) throws IOException {
    ObjectMapper json = new ObjectMapper();
    return Files.exists(path) ? json.readTree(path.toFile()) : json.createObjectNode();
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
    ObjectNode all = new ObjectMapper().createObjectNode();
    all.set("environment", environment);
    all.set("engine", engine);
    all.set("peers", peers);
    return all;
  }
}
