package io.fourierft.bulk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * What the outputs of a folder were made from: one line of JSON an output, appended and forced to
 * the device before the output gets its name. The last line of a name holds; a line that a killed
 * run left half-written is none.
 */
final class Journal implements AutoCloseable {
  static final String FILE_NAME = ".fourierft-bulk.jsonl";

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

  /** The last record of each name; none if the folder or its journal is not there. */
  static Map<String, OutputRecord> read(Path folder) throws IOException {
    Map<String, OutputRecord> records = new HashMap<>();
    try (var lines = Files.lines(folder.resolve(FILE_NAME), StandardCharsets.UTF_8)) {
      lines.forEach(
          line -> OutputRecord.parse(line).ifPresent(record -> records.put(record.name(), record)));
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    return records;
  }

  synchronized void append(OutputRecord record) throws IOException {
    write(record.asText() + "\n");
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
}
