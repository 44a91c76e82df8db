package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Situations from public reports, each rebuilt small in a folder of {@code tests/resources/cases}.
 * Its {@code case.json} says what is run there and what must come of it; {@code
 * expected.safetensors} holds what PEFT's merge_and_unload and save_pretrained wrote otherwise than
 * the base has it. Every other tensor must be the base's, to the bit.
 */
class FieldCasesTest {
  private static final Path CASES =
      Path.of(System.getProperty("fourierft.project.dir", "."), "tests/resources/cases");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  static Stream<String> cases() throws IOException {
    try (Stream<Path> children = Files.list(CASES)) {
      return children
          .filter(child -> Files.exists(child.resolve("case.json")))
          .map(child -> child.getFileName().toString())
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void comesOutAsPeftHasIt(String name) throws IOException {
    Path source = CASES.resolve(name);
    JsonNode wanted = JSON.readTree(source.resolve("case.json").toFile());
    lay(source, wanted);
    List<Object> arguments = new ArrayList<>();
    for (JsonNode word : wanted.get("command")) {
      String text = word.asText();
      boolean path = !text.startsWith("-") && arguments.size() > 0 && isPath(arguments.getLast());
      arguments.add(path ? folder.resolve(text) : text);
    }
    arguments.add("--check");

    CommandLineRun run = CommandLineRun.of(arguments.toArray());

    String said = run.out() + run.err();
    assertEquals(wanted.path("exit").asInt(0), run.code(), said);
    assertFalse(said.contains("\tat "), said);
    for (JsonNode words : wanted.path("says")) {
      assertTrue(said.contains(words.asText()), () -> "does not say " + words + ": " + said);
    }
    for (JsonNode file : wanted.path("present")) {
      assertTrue(Files.exists(folder.resolve(file.asText())), file.asText());
    }
    for (JsonNode file : wanted.path("absent")) {
      assertFalse(Files.exists(folder.resolve(file.asText())), file.asText());
    }
    if (run.code() == 0) {
      assertTrue(said.contains("units of the format away"), said);
      compareWeights(wanted);
      compareConfig(wanted);
    } else {
      assertFalse(Files.exists(folder.resolve("out")), "something was written");
    }
  }

  private static boolean isPath(Object option) {
    return List.of("--base", "--adapter", "--out").contains(String.valueOf(option));
  }

  /** Copies the case, with the links and the shared files that its description names. */
  private void lay(Path source, JsonNode wanted) throws IOException {
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        copy(file, folder.resolve(source.relativize(file).toString()));
      }
    }
    for (Map.Entry<String, JsonNode> entry : wanted.path("same").properties()) {
      copy(CASES.resolve(entry.getValue().asText()), folder.resolve(entry.getKey()));
    }
    for (Map.Entry<String, JsonNode> entry : wanted.path("links").properties()) {
      Path link = folder.resolve(entry.getKey());
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, Path.of(entry.getValue().asText()));
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to);
  }

  private void compareWeights(JsonNode wanted) throws IOException {
    Path expectedFile = folder.resolve("expected.safetensors");
    if (!Files.exists(expectedFile)) {
      return;
    }
    String prefix = wanted.path("prefix").asText("");
    Path basePath = folder.resolve(wanted.get("command").get(2).asText());
    try (SafetensorsCheckpoint base = SafetensorsCheckpoint.open(basePath);
        SafetensorsCheckpoint out = SafetensorsCheckpoint.open(folder.resolve("out"));
        SafetensorsFile expected = SafetensorsFile.open(expectedFile)) {
      Map<String, String> left = new LinkedHashMap<>();
      base.tensors().keySet().forEach(tensor -> left.put(prefix + tensor, tensor));
      for (String tensor : expected.tensors().keySet()) {
        assertTrue(out.find(tensor).isPresent(), () -> "no " + tensor);
        assertClose(expected, out.find(tensor).orElseThrow(), tensor);
        left.remove(tensor);
      }
      left.forEach((inOut, inBase) -> assertSame(base, inBase, out, inOut));
      for (String tensor : out.tensors().keySet()) {
        assertTrue(
            left.containsKey(tensor) || expected.tensors().containsKey(tensor),
            () -> "unexpected " + tensor);
      }
    }
  }

  private static void assertClose(
      SafetensorsFile expected, SafetensorsCheckpoint.Location got, String name) {
    TensorInfo info = expected.tensor(name);
    assertEquals(info.shape(), got.tensor().shape(), name);
    assertEquals(info.dtype(), got.tensor().dtype(), name);
    double[] wanted = expected.read(name, data -> numbers(data, info.dtype()));
    double[] found = got.shard().file().read(name, data -> numbers(data, info.dtype()));
    double squares = 0;
    double difference = 0;
    for (int i = 0; i < wanted.length; i++) {
      squares += wanted[i] * wanted[i];
      difference += (wanted[i] - found[i]) * (wanted[i] - found[i]);
    }
    double relative = Math.sqrt(difference / Math.max(squares, 1e-60));
    double most = info.dtype() == DType.F32 ? 2e-6 : 2e-3;
    assertTrue(relative <= most, () -> name + " differs by " + relative);
  }

  private static double[] numbers(MemorySegment data, DType type) {
    if (type == DType.BF16) {
      short[] halves =
          data.toArray(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
      double[] numbers = new double[halves.length];
      for (int i = 0; i < halves.length; i++) {
        numbers[i] = Float.intBitsToFloat(halves[i] << 16);
      }
      return numbers;
    }
    assertEquals(DType.F32, type);
    float[] floats =
        data.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    double[] numbers = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      numbers[i] = floats[i];
    }
    return numbers;
  }

  private static void assertSame(
      SafetensorsCheckpoint base, String inBase, SafetensorsCheckpoint out, String inOut) {
    assertTrue(out.find(inOut).isPresent(), () -> "no " + inOut);
    SafetensorsCheckpoint.Location a = base.find(inBase).orElseThrow();
    SafetensorsCheckpoint.Location b = out.find(inOut).orElseThrow();
    assertEquals(a.tensor().shape(), b.tensor().shape(), inOut);
    long mismatch =
        a.shard()
            .file()
            .<Long, RuntimeException>read(
                inBase, x -> b.shard().file().<Long, RuntimeException>read(inOut, x::mismatch));
    assertEquals(-1, mismatch, inOut);
  }

  private void compareConfig(JsonNode wanted) throws IOException {
    if (!wanted.has("config")) {
      return;
    }
    JsonNode config = JSON.readTree(folder.resolve("out/config.json").toFile());
    for (Map.Entry<String, JsonNode> entry : wanted.get("config").properties()) {
      assertEquals(entry.getValue(), config.get(entry.getKey()), entry.getKey());
    }
  }
}
