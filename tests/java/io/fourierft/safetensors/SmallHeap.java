package io.fourierft.safetensors;

import io.fourierft.SpectralLocations;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** Headers of 96 MB that say little, read in a small heap. Prints how each ends. */
final class SmallHeap {
  private static final int LENGTH = 96_000_000;

  private SmallHeap() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    String begin = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[";
    attempt(folder, "offsets", begin, i -> i == 0 ? "0" : ",0", "]}}");
    String shape = "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1],\"shape\":[";
    attempt(folder, "dimensions", shape, i -> i == 0 ? "1" : ",1", "]}}");
    attempt(folder, "name", "{\"", i -> "nnnnnnnn", "\":1}");
    attempt(
        folder, "value", "{\"__metadata__\":{\"a\":\"", i -> "\u00e9\u00e9\u00e9\u00e9", "\"}}");
    String unknown = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":";
    attempt(folder, "unknown", unknown + "{", i -> (i == 0 ? "\"" : ",\"") + i + "\":0", "}}}");
    attempt(folder, "integer", unknown, i -> "99999999", "}}");
    attempt(folder, "fraction", unknown + "0.", i -> "99999999", "}}");
    attempt(
        folder,
        "tensors",
        "{",
        i ->
            "%s\"%d\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[%d,%d]}"
                .formatted(i == 0 ? "" : ",", i, i, i + 1),
        "}");
    index(folder);
    try {
      SpectralLocations.of(1 << 16, 1 << 16, Integer.MAX_VALUE, 777);
      System.out.println("locations: made");
    } catch (RuntimeException e) {
      System.out.println("locations: " + e.getMessage());
    }
    System.out.println("all ended");
  }

  private static void attempt(
      Path folder, String name, String begin, Function<Integer, String> middle, String end)
      throws IOException {
    Path file = folder.resolve(name + ".safetensors");
    write(file, 8, begin, middle, end);
    report(name, () -> SafetensorsFile.open(file).close());
    Files.delete(file);
  }

  private static void index(Path folder) throws IOException {
    Path file = folder.resolve(CheckpointIndex.FILE_NAME);
    write(
        file,
        0,
        "{\"metadata\":{},\"weight_map\":{",
        i -> (i == 0 ? "\"" : ",\"") + i + "\":\"a.safetensors\"",
        "}}");
    report("index", () -> CheckpointIndex.open(file));
    write(file, 0, "{\"weight_map\":{},\"metadata\":{\"total_size\":", i -> "99999999", "}}");
    report("total_size", () -> CheckpointIndex.open(file));
  }

  private static void report(String name, Attempt attempt) throws IOException {
    try {
      attempt.run();
      System.out.println(name + ": read");
    } catch (SafetensorsException e) {
      System.out.println(name + ": " + e.rule());
    }
  }

  private static void write(
      Path file, int lengthBytes, String begin, Function<Integer, String> middle, String end)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(LENGTH).array(),
          0,
          lengthBytes);
      int length = append(out, begin);
      for (int i = 0; length < LENGTH - 200; i++) {
        length += append(out, middle.apply(i));
      }
      length += append(out, end);
      while (length < LENGTH) {
        length += append(out, " ");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int append(OutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.write(bytes);
    return bytes.length;
  }

  @FunctionalInterface
  private interface Attempt {
    void run() throws IOException;
  }
}
