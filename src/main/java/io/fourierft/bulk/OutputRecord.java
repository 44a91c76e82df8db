package io.fourierft.bulk;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an output was made from, by which a later job tells whether it need be made again. One line
 * of JSON as a text.
 *
 * @param name the output's name in its job
 * @param settings what the job was, and its options
 * @param base what it took of the base
 * @param inputs the adapters' files
 * @param outputs the output's own files as they were written, relative to the job's folder; none
 *     where the file system does not keep their times
 */
public record OutputRecord(
    String name, String settings, String base, List<FileRecord> inputs, List<FileRecord> outputs) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Copies the lists. */
  public OutputRecord {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** Whether both were made in the same way from the same contents. */
  public boolean isOfTheSame(OutputRecord other) {
    if (!settings.equals(other.settings)
        || !base.equals(other.base)
        || inputs.size() != other.inputs.size()) {
      return false;
    }
    for (int i = 0; i < inputs.size(); i++) {
      FileRecord one = inputs.get(i);
      FileRecord another = other.inputs.get(i);
      if (one.size() != another.size() || !one.sha256().equals(another.sha256())) {
        return false;
      }
    }
    return true;
  }

  /** The record of a text; empty if it is none, such as a line that was cut off. */
  public static Optional<OutputRecord> parse(String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      return node == null || !node.isObject()
          ? Optional.empty()
          : Optional.of(
              new OutputRecord(
                  node.path("name").asText(),
                  node.path("settings").asText(),
                  node.path("base").asText(),
                  FileRecord.of(node.path("inputs")),
                  FileRecord.of(node.path("outputs"))));
    } catch (JsonProcessingException half) {
      return Optional.empty();
    }
  }

  /** The text that {@link #parse} reads. */
  public String asText() {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("name", name).put("settings", settings).put("base", base);
    inputs.forEach(record -> record.addTo(node.withArray("inputs")));
    outputs.forEach(record -> record.addTo(node.withArray("outputs")));
    return node.toString();
  }

  /**
   * One file.
   *
   * @param path where it was
   * @param size its length in bytes
   * @param modified the time of its last change
   * @param sha256 of its bytes, in hexadecimal; empty of an output
   */
  public record FileRecord(String path, long size, String modified, String sha256) {
    private static List<FileRecord> of(JsonNode nodes) {
      List<FileRecord> records = new ArrayList<>();
      for (JsonNode node : nodes) {
        records.add(
            new FileRecord(
                node.path("path").asText(),
                node.path("size").asLong(-1),
                node.path("modified").asText(),
                node.path("sha256").asText()));
      }
      return records;
    }

    private void addTo(ArrayNode array) {
      array
          .addObject()
          .put("path", path)
          .put("size", size)
          .put("modified", modified)
          .put("sha256", sha256);
    }
  }
}
