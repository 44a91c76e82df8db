package io.fourierft.safetensors;

import static io.fourierft.safetensors.FileBytes.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files a folder's model is taken from, what its index says, and that nothing stays open. */
class SafetensorsFolderTest {
  @TempDir Path folder;

  private Path file(String name, String... tensors) throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < tensors.length; i++) {
      header.append(i == 0 ? "" : ",").append(entry(tensors[i], "U8", "[2]", 2L * i, 2L * i + 2));
    }
    return FileBytes.write(folder, name, FileBytes.of(header + "}", 2 * tensors.length));
  }

  private Path index(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private SafetensorsException refusal() {
    return assertThrows(
        SafetensorsException.class, () -> SafetensorsCheckpoint.open(folder).close());
  }

  /** Descriptors of this process that are open on files of the folder. */
  private long open() throws IOException {
    try (Stream<Path> numbers = Files.list(Path.of("/proc/self/fd"))) {
      return numbers.filter(this::leadsHere).count();
    }
  }

  private boolean leadsHere(Path number) {
    try {
      return Files.readSymbolicLink(number).toString().startsWith(folder.toRealPath().toString());
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "model.safetensors, model",
    "diffusion_pytorch_model.safetensors, diffusion_pytorch_model",
    "unet.safetensors, unet"
  })
  void theOneFileOfAFolderIsItsModel(String name, String stem) throws IOException {
    file(name, "a");
    // What training leaves beside it is none.
    file("adapter_model.safetensors", "b");
    file("optimizer.safetensors", "c");
    try (var model = SafetensorsCheckpoint.open(folder)) {
      assertEquals(List.of("a"), List.copyOf(model.tensors().keySet()));
      assertEquals(folder, model.path());
      assertEquals(stem, model.stem());
      assertEquals(Optional.empty(), model.indexFileName());
      assertEquals(List.of(), model.notes());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.safetensors.index.json",
        "diffusion_pytorch_model.safetensors.index.json",
        "unet.safetensors.index.fp16.json",
        "unet.safetensors.fp16.index.json"
      })
  void theOneIndexOfAFolderIsItsModel(String name) throws IOException {
    file("part.safetensors", "a");
    index(name, "{\"weight_map\":{\"a\":\"part.safetensors\"}}");
    try (var model = SafetensorsCheckpoint.open(folder)) {
      assertEquals(Optional.of(name), model.indexFileName());
      assertEquals(List.of("a"), List.copyOf(model.tensors().keySet()));
      assertEquals(
          name.startsWith("unet") ? model.stem() : name.replace(".safetensors.index.json", ""),
          model.stem());
    }
  }

  @Test
  void theStemIsWhatStandsBeforeAShardsNumber() throws IOException {
    file("unet-00001-of-00001.safetensors", "a");
    index(
        "other.safetensors.index.json",
        "{\"weight_map\":{\"a\":\"unet-00001-of-00001.safetensors\"}}");
    try (var model = SafetensorsCheckpoint.open(folder)) {
      assertEquals("unet", model.stem());
    }
  }

  @Test
  void twoFilesOrTwoIndexesAreNotChosenBetween() throws IOException {
    file("one.safetensors", "a");
    file("two.safetensors", "b");
    assertTrue(refusal().rule().contains("but one.safetensors, two.safetensors"));
    index("x.safetensors.index.json", "{}");
    index("y.safetensors.index.json", "{}");
    String rule = refusal().rule();
    assertTrue(rule.contains("but x.safetensors.index.json, y.safetensors.index.json"), rule);
  }

  @Test
  void shardsWithoutTheirIndexAreNotTakenForAModel() throws IOException {
    for (int i = 1; i <= 7; i++) {
      file("model-0000" + i + "-of-00007.safetensors", "t" + i);
    }
    String rule = refusal().rule();
    assertTrue(rule.contains("shards without their index"), rule);
    assertTrue(rule.contains("model-00005-of-00007.safetensors and 2 more"), rule);
    Files.delete(folder.resolve("model-00006-of-00007.safetensors"));
    Files.delete(folder.resolve("model-00007-of-00007.safetensors"));
    String five = refusal().rule();
    assertTrue(five.contains("model-00005-of-00007.safetensors)"), five);
    file("whole.safetensors", "w");
    assertTrue(refusal().rule().contains("but whole.safetensors"), refusal().rule());
  }

  @Test
  void anIndexMayBeginWithTheMarkThatEditorsPutThere() throws IOException {
    String text = "{\"other\":[1],\"weight_map\":{\"a\":\"b.safetensors\"}}";
    Path marked = index("marked.json", "\ufeff" + text);
    Map<String, String> expected = Map.of("a", "b.safetensors");
    assertEquals(expected, CheckpointIndex.open(marked).weightMap());
    assertEquals(expected, CheckpointIndex.open(index("plain.json", text)).weightMap());
  }

  @Test
  void anIndexsMetadataIsAnObjectOfKeysThatStandOnce() throws IOException {
    String map = "\"weight_map\":{\"a\":\"b.safetensors\"}}";
    for (String bad : List.of("[]", "1", "\"x\"", "{\"k\":1,\"k\":1}")) {
      Path path = index("bad.json", "{\"metadata\":" + bad + "," + map);
      SafetensorsException refusal =
          assertThrows(SafetensorsException.class, () -> CheckpointIndex.open(path));
      String expected = bad.length() > 3 ? "stands twice" : "metadata is not an object";
      assertTrue(refusal.rule().contains(expected), refusal.rule());
    }
    for (String claim : List.of("\"many\"", "1.5", "{}")) {
      Path path = index("odd.json", "{\"metadata\":{\"total_size\":" + claim + "}," + map);
      assertEquals(OptionalLong.empty(), CheckpointIndex.open(path).totalSize());
    }
    assertEquals(
        OptionalLong.empty(),
        CheckpointIndex.open(index("none.json", "{\"metadata\":null," + map)).totalSize());
  }

  @Test
  void aFaultOfAnIndexNamesTheTensorThatItIsOf() throws IOException {
    Path of = index("of.json", "{\"weight_map\":{\"a\":\"b.safetensors\",\"c\":1}}");
    assertEquals(
        "c", assertThrows(SafetensorsException.class, () -> CheckpointIndex.open(of)).tensor());
    Path after = index("after.json", "{\"weight_map\":{\"a\":\"b.safetensors\"},\"x\":1e9999999}");
    assertEquals(
        null, assertThrows(SafetensorsException.class, () -> CheckpointIndex.open(after)).tensor());
  }

  @Test
  void anIndexIsWrittenToAStreamAsToAFile() throws IOException {
    CheckpointIndex index = CheckpointIndex.of(6, new TreeMap<>(Map.of("a", "b.safetensors")));
    Path file = folder.resolve("written.json");
    index.write(file);
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    index.write(file, stream);
    assertEquals(Files.readString(file), stream.toString(StandardCharsets.UTF_8));
    CheckpointIndex unsafe = CheckpointIndex.of(6, Map.of("a", "../b.safetensors"));
    stream.reset();
    assertThrows(SafetensorsException.class, () -> unsafe.write(file, stream));
    assertEquals(0, stream.size());
    CheckpointIndex two = new CheckpointIndex(Map.of("k", "1 2"), Map.of());
    assertThrows(SafetensorsException.class, () -> two.write(file, stream));
  }

  @Test
  void aLinkThatACopyWroteAsItsTextIsNamedAsOne() throws IOException {
    String digits = "0123456789abcdef".repeat(64);
    for (String link :
        List.of(
            "/abcdefgh", "../abcde", "../../blobs/0f1e2d~\n", "../" + digits.substring(0, 1021))) {
      Path path = index("model.safetensors", link);
      String rule = refusal().rule();
      assertTrue(rule.contains("the text of a link"), path + ": " + rule);
    }
    for (String other :
        List.of(
            "../two words",
            "../{abcde}",
            "../abcde\u007f",
            "../abc",
            "no-folder-in-it",
            "../" + digits.substring(0, 1022))) {
      index("model.safetensors", other);
      assertTrue(!refusal().rule().contains("link"), other);
    }
  }

  @Test
  void tensorsStandInTheOrderOfTheirDataAlsoWhereSomeHaveNone() throws IOException {
    String header =
        "{"
            + entry("last", "U8", "[2]", 4, 6)
            + ","
            + entry("middle", "U8", "[2]", 2, 4)
            + ","
            + entry("nothing", "F32", "[0]", 2, 2)
            + ","
            + entry("first", "U8", "[2]", 0, 2)
            + "}";
    Path path = FileBytes.write(folder, "model.safetensors", FileBytes.of(header, 6));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(
          List.of("first", "nothing", "middle", "last"), List.copyOf(file.tensors().keySet()));
      assertEquals(Optional.of(file.tensor("middle")), file.find("middle"));
      assertEquals(path, file.path());
    }
  }

  @Test
  void anOffsetIsRefusedWithTheOneThatWouldBeRight() throws IOException {
    String gap = "{" + entry("a", "U8", "[2]", 0, 2) + "," + entry("b", "U8", "[2]", 3, 5) + "}";
    FileBytes.write(folder, "model.safetensors", FileBytes.of(gap, 5));
    assertTrue(refusal().rule().contains("[3, 5] should begin at 2"), refusal().rule());
    FileBytes.write(
        folder, "model.safetensors", FileBytes.of("{" + entry("a", "U8", "[2]", 2, 0) + "}", 2));
    assertTrue(refusal().rule().contains("[2, 0] end before they begin"), refusal().rule());
    // A range of no bytes in the wrong place.
    FileBytes.write(
        folder, "model.safetensors", FileBytes.of("{" + entry("a", "U8", "[0]", 1, 1) + "}", 0));
    assertTrue(refusal().rule().contains("[1, 1] should begin at 0"), refusal().rule());
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "open files are looked up in /proc")
  void nothingStaysOpenAfterTheClosingOrARefusal() throws IOException {
    file("one.safetensors", "a");
    file("two.safetensors", "b");
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(
        index, "{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
    try (var model = SafetensorsCheckpoint.open(folder)) {
      assertEquals(2, open());
      assertEquals(2, model.shards().size());
    }
    assertEquals(0, open());
    Files.writeString(folder.resolve("two.safetensors"), "broken as can be");
    refusal();
    assertEquals(0, open());
    file("two.safetensors", "c");
    refusal();
    assertEquals(0, open());
    Files.writeString(index, "{\"weight_map\":");
    refusal();
    assertEquals(0, open());
    Path written = folder.resolve("written.safetensors");
    try (var writer =
        SafetensorsWriter.create(
            written, Map.of(), List.of(new TensorDeclaration("e", DType.U8, List.of(0L))))) {
      assertEquals(1, open());
      writer.commit();
      assertEquals(0, open());
    }
    try (var writer =
        SafetensorsWriter.create(
            written, Map.of(), List.of(new TensorDeclaration("w", DType.U8, List.of(3L))))) {
      assertThrows(SafetensorsException.class, writer::commit);
    }
    assertEquals(0, open());
  }

  @Test
  void aLongShapeIsCutInTheMessage() throws IOException {
    String ones = "1,".repeat(15);
    for (String more : List.of("2", "2,1")) {
      FileBytes.write(
          folder,
          "model.safetensors",
          FileBytes.of("{" + entry("a", "U8", "[" + ones + more + "]", 0, 1) + "}", 1));
      String first = "[" + "1, ".repeat(15) + "2";
      String shape = more.equals("2") ? first + "]" : first + ", ... 17 dimensions]";
      assertTrue(refusal().rule().contains("U8 " + shape), refusal().rule());
    }
  }

  @Test
  void aMissingFileIsMissingAndNotUnreadable() {
    Path missing = folder.resolve("missing.safetensors");
    assertThrows(NoSuchFileException.class, () -> SafetensorsFile.open(missing).close());
  }
}
