package io.fourierft.bulk;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the outputs of a folder were made from: one line of JSON an output, appended and forced to
 * the device before the output gets its name. The last line of a name holds; a line that a killed
 * run left half-written is none.
 */
final class Journal implements AutoCloseable {
  static final String FILE_NAME = ".fourierft-bulk.jsonl";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final FileChannel channel;

  private Journal(FileChannel channel) {
    this.channel = channel;
  }

  static Journal open(Path folder) throws IOException {
    Path file = folder.resolve(FILE_NAME);
    boolean cut = Files.exists(file) && !endsWithNewline(file);
    Journal journal =
        new Journal(FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    if (cut) {
      journal.write("\n");
    }
    return journal;
  }

  private static boolean endsWithNewline(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      return channel.size() == 0
          || (channel.read(last, channel.size() - 1) == 1 && last.get(0) == '\n');
    }
  }

  /** The last entry of each name; none if the folder or its journal is not there. */
  static Map<String, Entry> read(Path folder) throws IOException {
    Map<String, Entry> entries = new HashMap<>();
    try (var lines = Files.lines(folder.resolve(FILE_NAME), StandardCharsets.UTF_8)) {
      lines.forEach(
          line -> {
            Entry entry = parse(line);
            if (entry != null) {
              entries.put(entry.name(), entry);
            }
          });
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    return entries;
  }

  private static @Nullable Entry parse(String line) {
    try {
      return line.isBlank() ? null : Entry.of(MAPPER.readTree(line));
    } catch (JsonProcessingException half) {
      return null;
    }
  }

  synchronized void append(Entry entry) throws IOException {
    write(MAPPER.writeValueAsString(entry.asJson()) + "\n");
    channel.force(false);
  }

  private void write(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /**
   * One output.
   *
   * @param name its name in the job
   * @param settings what the job was, and its options
   * @param base what it took of the base
   * @param inputs the adapters' files
   * @param outputs the output's files, relative to the folder or the output
   */
  record Entry(
      String name,
      String settings,
      String base,
      List<FileRecord> inputs,
      List<FileRecord> outputs) {
    private static Entry of(JsonNode node) {
      return new Entry(
          node.path("name").asText(),
          node.path("settings").asText(),
          node.path("base").asText(),
          FileRecord.of(node.path("inputs")),
          FileRecord.of(node.path("outputs")));
    }

    private ObjectNode asJson() {
      ObjectNode node = MAPPER.createObjectNode();
      node.put("name", name).put("settings", settings).put("base", base);
      inputs.forEach(record -> record.addTo(node.withArray("inputs")));
      outputs.forEach(record -> record.addTo(node.withArray("outputs")));
      return node;
    }
  }

  /**
   * One file.
   *
   * @param path where it was
   * @param size its length in bytes
   * @param modified the time of its last change
   * @param sha256 of its bytes; empty of an output
   */
  record FileRecord(String path, long size, String modified, String sha256) {
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
