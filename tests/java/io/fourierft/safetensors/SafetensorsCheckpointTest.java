package io.fourierft.safetensors;

import static io.fourierft.safetensors.FileBytes.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.PeftFixture;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsCheckpointTest {
  @TempDir Path folder;
  private Path index;

  @BeforeEach
  void writeTwoShards() throws IOException {
    index = folder.resolve("model.safetensors.index.json");
    shard("one.safetensors", "a");
    shard("two.safetensors", "b");
  }

  private Path shard(String fileName, String... tensors) throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < tensors.length; i++) {
      header.append(i == 0 ? "" : ",").append(entry(tensors[i], "U8", "[2]", 2L * i, 2L * i + 2));
    }
    return FileBytes.write(folder, fileName, FileBytes.of(header + "}", 2 * tensors.length));
  }

  private void map(String weightMap) throws IOException {
    Files.writeString(index, "{\"metadata\":{\"total_size\":4},\"weight_map\":" + weightMap + "}");
  }

  private SafetensorsException refusal() {
    return assertThrows(
        SafetensorsException.class, () -> SafetensorsCheckpoint.open(folder).close());
  }

  @Test
  void aFixtureOfShardsIsOneModel() throws IOException {
    Path base = PeftFixture.cases().resolve("llama_two_layers_sharded/base");
    try (var model = SafetensorsCheckpoint.open(base)) {
      assertEquals(
          List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
          model.shards().stream().map(SafetensorsCheckpoint.Shard::fileName).toList());
      assertEquals(List.of(), model.notes());
      CheckpointIndex read = model.index().orElseThrow();
      assertEquals(OptionalLong.of(31104), read.totalSize());
      assertEquals(read.weightMap().keySet(), model.tensors().keySet());
      assertEquals(
          "model-00001-of-00002.safetensors",
          model.find("model.embed_tokens.weight").orElseThrow().shard().fileName());
      assertTrue(model.find("nothing").isEmpty());
    }
  }

  @Test
  void aFileAnIndexOrAFolderOfOneFileCanBeGiven() throws IOException {
    Path single = shard("model.safetensors", "c");
    map("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}");
    try (var model = SafetensorsCheckpoint.open(single)) {
      assertEquals(List.of("c"), List.copyOf(model.tensors().keySet()));
      assertTrue(model.index().isEmpty());
    }
    try (var model = SafetensorsCheckpoint.open(index)) {
      assertEquals(List.of("a", "b"), List.copyOf(model.tensors().keySet()));
    }
    try (var model = SafetensorsCheckpoint.open(folder)) {
      assertEquals(List.of("c"), List.copyOf(model.tensors().keySet()));
      assertEquals(1, model.notes().size());
      assertTrue(model.notes().getFirst().contains("ignored"), model.notes().getFirst());
    }
  }

  @Test
  void unmappedTensorsAndAWrongTotalAreNotes() throws IOException {
    shard("two.safetensors", "b", "extra");
    map("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}");
    try (var model = SafetensorsCheckpoint.open(folder)) {
      assertTrue(model.find("extra").isPresent());
      assertEquals(2, model.notes().size());
      assertTrue(model.notes().get(0).contains("'extra'"), model.notes().get(0));
      assertTrue(model.notes().get(1).contains("total_size of 4"), model.notes().get(1));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/one.safetensors",
        "\\\\one.safetensors",
        "\\\\\\\\host\\\\share\\\\one.safetensors",
        "//host/one.safetensors",
        "C:one.safetensors",
        "C:\\\\one.safetensors",
        "../one.safetensors",
        "sub/one.safetensors",
        "sub\\\\one.safetensors",
        "..",
        "",
        "one.safetensors/..",
        "one.bin",
        "one.SAFETENSORS",
        ".safetensors",
        "one.safetensors:x",
        "one\\u0000.safetensors",
        "one.safetensors\\n"
      })
  void unsafeShardNamesAreRefused(String name) throws IOException {
    map("{\"a\":\"" + name + "\",\"b\":\"two.safetensors\"}");
    SafetensorsException refusal = refusal();
    assertEquals("a", refusal.tensor());
    assertEquals(index, refusal.path());
    assertTrue(refusal.rule().contains("unsafe shard name"), refusal.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1} | not a string",
        "{\"a\":null} | not a string",
        "{\"a\":[\"one.safetensors\"]} | not a string",
        "[] | not an object",
        "null | not an object",
        "{\"a\":\"one.safetensors\",\"a\":\"one.safetensors\"} | stands twice",
        "{\"a\":\"one.safetensors\",} | invalid JSON",
        "{} , \"weight_map\":{} | stands twice",
        "{}} | invalid JSON",
        "{\"a\":\"two.safetensors\",\"b\":\"two.safetensors\"} | does not have it",
        "{\"a\":\"two.safetensors\",\"b\":\"one.safetensors\"} | one.safetensors does",
        "{\"a\":\"one.safetensors\",\"x\":\"two.safetensors\"} | does not have it"
      })
  void aMapThatIsMalformedOrUntrueIsRefused(String weightMap, String rule) throws IOException {
    map(weightMap);
    SafetensorsException refusal = refusal();
    assertEquals(index, refusal.path());
    assertTrue(refusal.rule().contains(rule), refusal.getMessage());
  }

  @Test
  void aTensorInTwoShardsIsRefused() throws IOException {
    shard("two.safetensors", "b", "a");
    map("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}");
    SafetensorsException refusal = refusal();
    assertEquals("a", refusal.tensor());
    assertTrue(
        refusal.rule().contains("two shards, one.safetensors and two.safetensors"),
        refusal.getMessage());
  }

  @Test
  void anIndexWithoutAMapIsRefused() throws IOException {
    Files.writeString(index, "{\"metadata\":{}}");
    assertTrue(refusal().rule().contains("no weight_map"));
  }

  @Test
  void anOversizedIndexIsRefusedBeforeItIsRead() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(index.toFile(), "rw")) {
      file.setLength(CheckpointIndex.LONGEST + 1L);
    }
    assertTrue(refusal().rule().contains("index too large"));
  }

  @Test
  void anIndexThatIsAGitLfsPointerIsNamedAsOne() throws IOException {
    Files.writeString(index, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    assertTrue(refusal().rule().contains("git lfs pull"));
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    map("{\"a\":\"one.safetensors\",\"b\":\"three.safetensors\"}");
    var failure = assertThrows(IOException.class, () -> SafetensorsCheckpoint.open(folder).close());
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("three.safetensors") && message.contains("index.json"), message);
  }

  @Test
  void aBrokenShardIsNamed() throws IOException {
    Path broken = Files.writeString(folder.resolve("two.safetensors"), "broken");
    map("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}");
    assertEquals(broken, refusal().path());
  }

  @Test
  void aFolderWithoutAModelSaysWhatItHas() throws IOException {
    assertTrue(refusal().rule().contains("one.safetensors, two.safetensors"));
    Files.delete(folder.resolve("one.safetensors"));
    Files.delete(folder.resolve("two.safetensors"));
    assertTrue(refusal().rule().contains("neither model.safetensors nor"));
    Files.writeString(folder.resolve("pytorch_model.bin"), "pickle");
    String rule = refusal().rule();
    assertTrue(rule.contains("pytorch_model.bin") && rule.contains("safe_serialization"), rule);
  }

  @Test
  void closingClosesEveryShard() throws IOException {
    map("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}");
    var model = SafetensorsCheckpoint.open(folder);
    model.close();
    model.close();
    for (SafetensorsCheckpoint.Location location : model.tensors().values()) {
      SafetensorsFile file = location.shard().file();
      assertThrows(SafetensorsException.class, () -> file.data(location.tensor().name()));
    }
  }

  @Test
  void anIndexIsWrittenSortedAndKeepsItsOtherMetadata() throws IOException {
    Files.writeString(
        index,
        "{\"metadata\":{\"total_parameters\":2,\"total_size\":4,\"x\":{\"y\":[1.50,null]},"
            + "\"n\":123456789012345678901234567890},"
            + "\"weight_map\":{\"a\":\"one.safetensors\"}}");
    CheckpointIndex read = CheckpointIndex.open(index);
    Path copy = folder.resolve("copy.json");
    read.withShards(6, Map.of("b", "two.safetensors", "\ud83d\ude00", "one.safetensors"))
        .write(copy);
    String text =
        """
        {
          "metadata": {
            "total_parameters": 2,
            "total_size": 6,
            "x": {"y":[1.50,null]},
            "n": 123456789012345678901234567890
          },
          "weight_map": {
            "b": "two.safetensors",
            "\ud83d\ude00": "one.safetensors"
          }
        }
        """;
    CheckpointIndex again = CheckpointIndex.open(copy);
    assertEquals(OptionalLong.of(6), again.totalSize());
    assertEquals(List.of("b", "\ud83d\ude00"), List.copyOf(again.weightMap().keySet()));
    assertEquals(text, Files.readString(copy));
  }

  @Test
  void aPlannedModelIsWrittenAndOpenedAgain() throws IOException {
    Files.delete(folder.resolve("one.safetensors"));
    Files.delete(folder.resolve("two.safetensors"));
    List<TensorDeclaration> tensors =
        List.of(
            new TensorDeclaration("x", DType.U8, List.of(3L)),
            new TensorDeclaration("y", DType.U8, List.of(9L)),
            new TensorDeclaration("z", DType.U8, List.of(2L)));
    ShardPlan plan = ShardPlan.of(tensors, 4);
    for (ShardPlan.PlannedShard shard : plan.shards()) {
      Path file = folder.resolve(shard.fileName());
      try (var writer = SafetensorsWriter.create(file, Map.of(), shard.tensors())) {
        for (TensorDeclaration tensor : shard.tensors()) {
          byte[] content = new byte[(int) tensor.sizeInBytes()];
          Arrays.fill(content, (byte) tensor.name().charAt(0));
          writer.write(tensor.name(), MemorySegment.ofArray(content));
        }
        writer.commit();
      }
    }
    CheckpointIndex.of(plan.totalSizeInBytes(), plan.weightMap()).write(index);
    try (var model = SafetensorsCheckpoint.open(folder)) {
      assertEquals(List.of(), model.notes());
      assertEquals(3, model.shards().size());
      for (TensorDeclaration tensor : tensors) {
        var location = model.find(tensor.name()).orElseThrow();
        assertEquals(tensor, location.tensor().declaration());
        byte last =
            location
                .shard()
                .file()
                .read(tensor.name(), data -> data.get(ValueLayout.JAVA_BYTE, data.byteSize() - 1));
        assertEquals((byte) tensor.name().charAt(0), last);
      }
    }
  }

  @Test
  void anIndexThatCannotBeExpressedIsRefusedBeforeAnythingIsWritten() {
    Path copy = folder.resolve("copy.json");
    for (CheckpointIndex broken :
        List.of(
            CheckpointIndex.of(1, Map.of("a", "../one.safetensors")),
            CheckpointIndex.of(1, Map.of("\ud800", "one.safetensors")),
            new CheckpointIndex(Map.of("k", "no JSON"), Map.of()),
            new CheckpointIndex(Map.of("k", "1,\"k\":2"), Map.of()))) {
      assertThrows(SafetensorsException.class, () -> broken.write(copy));
      assertTrue(Files.notExists(copy));
    }
  }
}
