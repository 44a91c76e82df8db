package io.fourierft.safetensors;

import static io.fourierft.safetensors.FileBytes.entry;
import static io.fourierft.safetensors.FileBytes.entryWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule of the format, at its limits. */
class SafetensorsHeaderTest {
  private static final String A = entry("a", "U8", "[4]", 0, 4);

  @TempDir Path folder;

  static Stream<Arguments> accepted() {
    return Stream.of(
        arguments("no tensors", FileBytes.of("{}", 0), List.of()),
        arguments("metadata only", FileBytes.of("{\"__metadata__\":{\"k\":\"v\"}}", 0), List.of()),
        arguments("metadata null", FileBytes.of("{\"__metadata__\":null}", 0), List.of()),
        arguments("white space around", FileBytes.of(" \t\r\n{" + A + "} \t\r\n", 4), List.of("a")),
        arguments("a header of odd length", FileBytes.of("{" + A + "}  ", 4), List.of("a")),
        arguments(
            "a scalar", FileBytes.of("{" + entry("s", "F32", "[]", 0, 4) + "}", 4), List.of("s")),
        arguments(
            "any order of entries",
            FileBytes.of("{" + entry("z", "U8", "[1]", 4, 5) + "," + A + "}", 5),
            List.of("a", "z")),
        arguments(
            "an offset that is no multiple of the item size",
            FileBytes.of(
                "{" + entry("a", "U8", "[1]", 0, 1) + "," + entry("b", "F64", "[1]", 1, 9) + "}",
                9),
            List.of("a", "b")),
        arguments(
            "zero bytes in the middle",
            FileBytes.of(
                "{"
                    + A
                    + ","
                    + entry("e", "F32", "[0,7]", 4, 4)
                    + ","
                    + entry("z", "U8", "[1]", 4, 5)
                    + "}",
                5),
            List.of("a", "e", "z")),
        arguments(
            "zero before a huge dimension",
            FileBytes.of(
                "{" + entry("e", "I32", "[0,9223372036854775807,9223372036854775807]", 0, 0) + "}",
                0),
            List.of("e")),
        arguments(
            "an even count of four-bit floats",
            FileBytes.of("{" + entry("f", "F4", "[1,4]", 0, 2) + "}", 2),
            List.of("f")),
        arguments(
            "an empty name",
            FileBytes.of("{" + entry("", "U8", "[4]", 0, 4) + "}", 4),
            List.of("")),
        arguments(
            "a name like a path",
            FileBytes.of("{" + entry("../../x", "U8", "[4]", 0, 4) + "}", 4),
            List.of("../../x")),
        arguments(
            "an escaped name",
            FileBytes.of("{" + entry("\\u0041\\ud83d\\ude00\\n", "U8", "[4]", 0, 4) + "}", 4),
            List.of("A\ud83d\ude00\n")),
        arguments(
            "a name in UTF-8",
            FileBytes.of("{" + entry("\u00e9\ud83d\ude00", "U8", "[4]", 0, 4) + "}", 4),
            List.of("\u00e9\ud83d\ude00")),
        arguments(
            "unknown fields of an entry",
            FileBytes.of(
                "{\"a\":{\"x\":{\"y\":[1,{\"z\":-1.5e3}],\"w\":null},\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"t\":true}}",
                4),
            List.of("a")),
        arguments(
            "a name of 60,000 characters",
            FileBytes.of("{" + entry("n".repeat(60_000), "U8", "[4]", 0, 4) + "}", 4),
            List.of("n".repeat(60_000))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void accepted(String what, byte[] bytes, List<String> names) throws IOException {
    try (var file = SafetensorsFile.open(FileBytes.write(folder, "model.safetensors", bytes))) {
      assertEquals(names, List.copyOf(file.tensors().keySet()), what);
    }
  }

  @Test
  void aNestingOf128IsAccepted() throws IOException {
    String header = entryWith("\"x\":" + "[".repeat(126) + "]".repeat(126));
    Path path = FileBytes.write(folder, "deep.safetensors", FileBytes.of(header, 4));
    try (var file = SafetensorsFile.open(path)) {
      assertEquals(4, file.tensor("a").sizeInBytes());
    }
  }

  @Test
  void aHeaderAtTheLimitIsAcceptedInLittleMemory() throws IOException {
    byte[] header = new byte[100_000_000];
    Arrays.fill(header, (byte) ' ');
    byte[] entries = ("{" + A + "}").getBytes(StandardCharsets.UTF_8);
    System.arraycopy(entries, 0, header, 0, entries.length);
    Path path = FileBytes.write(folder, "limit.safetensors", FileBytes.of(header, 4));
    long before = allocatedBytes();
    try (var file = SafetensorsFile.open(path)) {
      assertEquals(1, file.tensors().size());
    }
    assertTrue(allocatedBytes() - before < 4 << 20, "allocated " + (allocatedBytes() - before));
  }

  @Test
  void aForgedLengthAllocatesNothing() throws IOException {
    Path path = folder.resolve("forged.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(FileBytes.withLength(99_999_999));
      file.setLength(99_999_999 + 8);
    }
    long before = allocatedBytes();
    assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close());
    assertTrue(allocatedBytes() - before < 4 << 20, "allocated " + (allocatedBytes() - before));
  }

  @Test
  void metadataKeepsItsOrder() throws IOException {
    String header = "{\"__metadata__\":{\"z\":\"1\",\"\":\"\",\"a\":\"\\u00e9\"}}";
    Path path = FileBytes.write(folder, "metadata.safetensors", FileBytes.of(header, 0));
    try (var file = SafetensorsFile.open(path)) {
      assertEquals(
          List.of(Map.entry("z", "1"), Map.entry("", ""), Map.entry("a", "\u00e9")),
          List.copyOf(file.metadata().entrySet()));
    }
  }

  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}
