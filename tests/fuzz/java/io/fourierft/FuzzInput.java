package io.fourierft;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/**
 * A fuzzer's bytes as texts and files: parts that a zero byte separates, so that seeds can be read.
 */
public final class FuzzInput {
  private FuzzInput() {}

  /** Exactly {@code count} parts; the last may hold zero bytes, missing ones are empty. */
  public static List<byte[]> parts(byte[] input, int count) {
    List<byte[]> parts = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < input.length && parts.size() < count - 1; i++) {
      if (input[i] == 0) {
        parts.add(Arrays.copyOfRange(input, begin, i));
        begin = i + 1;
      }
    }
    parts.add(Arrays.copyOfRange(input, Math.min(begin, input.length), input.length));
    while (parts.size() < count) {
      parts.add(new byte[0]);
    }
    return parts;
  }

  /** Inputs to begin with. */
  public static Stream<Arguments> seeds(String... texts) {
    return Stream.of(texts).map(text -> Arguments.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** The bytes as text. */
  public static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** A safetensors file of a header and its data; the length is right. */
  public static byte[] safetensors(byte[] header, byte[] data) {
    return ByteBuffer.allocate(Long.BYTES + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(data)
        .array();
  }

  /** A folder for the files of one fuzz test, which go with the process. */
  public static Path folder(String name) {
    try {
      Path folder = Files.createTempDirectory("fourierft-fuzz-" + name);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
