package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.FourierException;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.SafetensorsException;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Which files a merge writes, of which it takes the base's own, and what goes along. */
class MergedFilesTest {
  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String SECOND = "model-00002-of-00002.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String QUERY = "encoder.layer.0.attention.self.query";
  private static final int BYTES = 8 * SmallMerge.WIDTH * Float.BYTES;

  @TempDir Path folder;
  private SmallMerge merge;
  private Path base;

  @BeforeEach
  void begin() throws IOException {
    merge = new SmallMerge(folder);
    base = Files.createDirectory(folder.resolve("base"));
    Files.writeString(base.resolve("config.json"), "{\"model_type\": \"bert\"}");
  }

  /** Writes the base's two files, each with metadata of its own, and their index. */
  private void makeShards(List<Tensor> first, List<Tensor> second) throws IOException {
    shard(FIRST, first);
    shard(SECOND, second);
    List<String> places = new ArrayList<>();
    first.forEach(tensor -> places.add("\"%s\": \"%s\"".formatted(tensor.name(), FIRST)));
    second.forEach(tensor -> places.add("\"%s\": \"%s\"".formatted(tensor.name(), SECOND)));
    Files.writeString(
        base.resolve(INDEX),
        "{\"metadata\": {\"made_by\": \"hand\"}, \"weight_map\": {%s}}"
            .formatted(String.join(", ", places)));
  }

  private void shard(String name, List<Tensor> tensors) throws IOException {
    List<TensorDeclaration> declarations =
        tensors.stream()
            .map(one -> new TensorDeclaration(one.name(), one.dtype(), one.shape()))
            .toList();
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(base.resolve(name), Map.of("file", name), declarations)) {
      for (Tensor tensor : tensors) {
        writer.write(tensor.name(), MemorySegment.ofArray(tensor.bytes()));
      }
      writer.commit();
    }
  }

  /** A matrix that the adapters change, and in the second file one that they do not. */
  private void makeTwoShards() throws IOException {
    makeShards(List.of(matrix("bert." + QUERY + ".weight")), List.of(matrix("bert.b.weight")));
  }

  /** An adapter of the first file's matrix that brings a classifier. */
  private void adapterWithHead() throws IOException {
    merge.adapter(
        List.of("bert." + QUERY),
        ", \"modules_to_save\": [\"classifier\"], \"task_type\": \"SEQ_CLS\"",
        SmallMerge.carried("classifier.weight", 2, 5));
  }

  private static Tensor matrix(String name) {
    return SmallMerge.matrix(name, 8, name.hashCode());
  }

  private boolean isShared(String name) throws IOException {
    return Files.isSameFile(base.resolve(name), merge.out().resolve(name));
  }

  private Set<String> tensors(String name) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(merge.out().resolve(name))) {
      return new HashSet<>(file.tensors().keySet());
    }
  }

  private String madeFrom(String name) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(merge.out().resolve(name))) {
      return file.metadata().get("file");
    }
  }

  private static MergeOptions linked() {
    return MergeOptions.defaults().withUntouched(UntouchedFiles.LINKED);
  }

  @Test
  void aFileInWhichNothingChangesIsTheBases() throws IOException {
    makeTwoShards();
    merge.adapter(List.of("bert." + QUERY), "");
    merge.run(linked());
    assertTrue(isShared(SECOND));
    assertFalse(isShared(FIRST));
    assertEquals(FIRST, madeFrom(FIRST));
    merge.run();
    assertFalse(isShared(SECOND));
    assertEquals(SECOND, madeFrom(SECOND));
    assertEquals(
        "hand",
        new ObjectMapper()
            .readTree(Files.readAllBytes(merge.out().resolve(INDEX)))
            .get("metadata")
            .get("made_by")
            .asText());
  }

  /** Beside a new head all tensors of a bare base have other names, so no file can stay. */
  @Test
  void aFileWhoseTensorsAreRenamedIsWritten() throws IOException {
    makeShards(List.of(matrix(QUERY + ".weight")), List.of(matrix("embeddings.b.weight")));
    adapterWithHead();
    merge.run(linked());
    assertFalse(isShared(SECOND));
    assertEquals(Set.of("bert.embeddings.b.weight", "classifier.weight"), tensors(SECOND));
  }

  /** Files of another size have the names of the base's, and other tensors. */
  @Test
  void aFileThatHoldsMoreThanIsWantedIsWritten() throws IOException {
    makeShards(
        List.of(matrix("bert.a.weight"), matrix("bert.b.weight"), matrix("bert.c.weight")),
        List.of(matrix("bert." + QUERY + ".weight")));
    merge.adapter(List.of("bert." + QUERY), "");
    merge.run(linked().withMaxShardSizeInBytes(2L * BYTES));
    assertEquals(Set.of("bert.a.weight", "bert.b.weight"), tensors(FIRST));
    assertFalse(isShared(FIRST));
    assertEquals(Set.of("bert.c.weight", "bert." + QUERY + ".weight"), tensors(SECOND));
    assertEquals(FIRST, madeFrom(SECOND), "where its first tensor comes from");
  }

  @Test
  void aFileOfNewTensorsHasTheMetadataOfTheBasesFirst() throws IOException {
    makeTwoShards();
    adapterWithHead();
    merge.run(MergeOptions.defaults().withMaxShardSizeInBytes((long) BYTES));
    String last = "model-00003-of-00003.safetensors";
    assertEquals(Set.of("classifier.weight"), tensors(last));
    assertEquals(FIRST, madeFrom(last));
  }

  /** Files are numbered anew where there are more of them; one that holds the same is still one. */
  @Test
  void aFileThatIsNumberedOtherwiseIsTheBasesToo() throws IOException {
    makeTwoShards();
    adapterWithHead();
    merge.run(linked().withMaxShardSizeInBytes((long) BYTES));
    assertTrue(
        Files.isSameFile(
            base.resolve(SECOND), merge.out().resolve("model-00002-of-00003.safetensors")));
  }

  /** A model in one file has an index only where the file's name is not the usual one. */
  @Test
  void anIndexIsWrittenWhereProgramsLookForOne() throws IOException {
    makeTwoShards();
    merge.adapter(List.of("bert." + QUERY), "");
    merge.run(MergeOptions.defaults().withMaxShardSizeInBytes(1L << 30));
    assertTrue(Files.exists(merge.out().resolve("model.safetensors")));
    assertFalse(Files.exists(merge.out().resolve(INDEX)));
    makeIndexed("model-00001-of-00001.safetensors", INDEX);
    assertEquals(
        List.of("model-00001-of-00001.safetensors"), merge.run(MergeOptions.defaults()).files());
    assertTrue(Files.exists(merge.out().resolve(INDEX)));
  }

  /** Writes one file and an index of it. */
  private void makeIndexed(String file, String index) throws IOException {
    String tensor = "bert." + QUERY + ".weight";
    shard(file, List.of(matrix(tensor)));
    Files.writeString(
        base.resolve(index), "{\"weight_map\": {\"%s\": \"%s\"}}".formatted(tensor, file));
  }

  @Test
  void anIndexOfAnotherNameIsNoWeightFileThatWasLeftBehind() throws IOException {
    makeIndexed("weights.safetensors", "diffusion_pytorch_" + INDEX);
    merge.adapter(List.of("bert." + QUERY), "");
    List<String> notes = merge.run().notes();
    assertFalse(notes.toString().contains("not copied"), notes.toString());
    assertTrue(Files.exists(merge.out().resolve("diffusion_pytorch_" + INDEX)));
  }

  /** What a run refuses before it computes, planning it refuses too. */
  @Test
  void planningRefusesTheOutputsThatARunRefuses() throws IOException {
    shard("model.safetensors", List.of(matrix("bert." + QUERY + ".weight")));
    List<Path> adapters = List.of(merge.adapter(List.of("bert." + QUERY), ""));
    MergeOptions options = MergeOptions.defaults();
    FourierException inside =
        assertThrows(
            FourierException.class,
            () -> ModelMerge.plan(base, adapters, base.resolve("out"), options));
    assertTrue(inside.getMessage().contains("lies in the base"), inside.getMessage());
    Files.createDirectory(merge.out());
    Files.writeString(merge.out().resolve("notes.txt"), "mine");
    assertThrows(
        FourierException.class, () -> ModelMerge.plan(base, adapters, merge.out(), options));
  }

  /** A cache of the hub is no model; the models in it are named, and nothing else. */
  @Test
  void ofACacheTheModelsAreNamed() throws IOException {
    Path snapshots = Files.createDirectories(folder.resolve("models--a--b/snapshots"));
    Files.writeString(snapshots.resolve("left-over"), "");
    Path model = Files.createDirectory(snapshots.resolve("5c0ffee"));
    FourierException e =
        assertThrows(
            FourierException.class, () -> OpenBase.open(folder.resolve("models--a--b")).close());
    assertTrue(e.getMessage().contains("the model lies in " + model + ";"), e.getMessage());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aBaseThatIsRefusedIsClosed() throws IOException {
    shard("model.safetensors", List.of(matrix("bert.b.weight")));
    Files.writeString(base.resolve("config.json"), "{");
    assertThrows(FourierException.class, () -> OpenBase.open(base).close());
    Path weights = base.resolve("model.safetensors").toRealPath();
    try (Stream<Path> numbers = Files.list(Path.of("/proc/self/fd"))) {
      for (Path number : numbers.toList()) {
        assertFalse(Files.exists(number) && Files.isSameFile(number, weights), "is open");
      }
    }
  }

  private void write(String name) throws IOException {
    Path file = base.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "text of " + name);
  }

  /** A file of a base that was opened is one that a change of is noticed. */
  @Test
  void weightsIndexAndConfigurationAreLookedAfter() throws IOException {
    makeTwoShards();
    write("tokenizer.json");
    try (OpenBase open = OpenBase.open(base)) {
      assertEquals(
          Set.of(
              base.resolve(FIRST),
              base.resolve(SECOND),
              base.resolve(INDEX),
              base.resolve("config.json")),
          Set.copyOf(open.files()));
    }
  }

  @Test
  void aBaseThatIsClosedIsReadNoMore() throws IOException {
    shard("model.safetensors", List.of(matrix("bert.b.weight")));
    OpenBase open = OpenBase.open(base);
    SafetensorsFile file = open.checkpoint().find("bert.b.weight").orElseThrow().shard().file();
    open.close();
    SafetensorsException e =
        assertThrows(SafetensorsException.class, () -> file.data("bert.b.weight"));
    assertTrue(e.rule().contains("closed"), e.rule());
  }

  @Test
  void whatIsNotCopiedIsNamedInOrderAndInBrief() throws IOException {
    shard("model.safetensors", List.of(matrix("bert." + QUERY + ".weight")));
    merge.adapter(List.of("bert." + QUERY), "");
    for (String left : List.of("z.bin", "b.pt", "old/model.safetensors", "a.onnx", "m/c.gguf")) {
      write(left);
    }
    List<String> training = new ArrayList<>();
    for (int i = 8; i <= 12; i++) {
      training.add("rng_state_%d.pth".formatted(i));
      write(training.getLast());
    }
    write(".git/config");
    List<String> notes = merge.run().notes();
    assertTrue(
        notes.stream().anyMatch(note -> note.endsWith("copied: " + training)), notes.toString());
    assertTrue(
        notes.toString().contains("[a.onnx, b.pt, m/c.gguf, old/model.safetensors, z.bin]"),
        notes.toString());
    assertFalse(Files.exists(merge.out().resolve(".git")));
    write("rng_state_13.pth");
    notes = merge.run().notes();
    assertTrue(
        notes.toString().contains("not copied: " + training + " and 1 more"), notes.toString());
  }

  /** What machines write by shares is what one writes alone. */
  @Test
  void aShardedMergeHasTheSameCompanions() throws IOException {
    makeTwoShards();
    Files.writeString(base.resolve("config.json"), "\uFEFF{\"model_type\": \"bert\"}");
    for (String kept : List.of("vocab.txt", "inner/b.txt", "inner/a.txt", "LICENSE")) {
      write(kept);
    }
    Path adapter = merge.adapter(List.of("bert." + QUERY), "");
    MergeResult result = merge.run();
    try (OpenBase open = OpenBase.open(base)) {
      ShardedMerge shares = ShardedMerge.plan(open, List.of(adapter), MergeOptions.defaults());
      assertEquals(
          List.of("LICENSE", "config.json", "inner/a.txt", "inner/b.txt", "vocab.txt", INDEX),
          shares.otherFiles());
      for (String file : shares.otherFiles()) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        shares.writeOther(file, bytes);
        assertArrayEquals(Files.readAllBytes(merge.out().resolve(file)), bytes.toByteArray(), file);
      }
      assertEquals(List.of(FIRST, SECOND), shares.weightFiles());
      List<TensorChange> changes = new ArrayList<>();
      for (String file : shares.weightFiles()) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        changes.addAll(shares.write(SmallMerge.ENGINE, file, Channels.newChannel(bytes)));
        assertArrayEquals(Files.readAllBytes(merge.out().resolve(file)), bytes.toByteArray(), file);
      }
      assertEquals(result.changes(), changes);
      assertEquals(BYTES, shares.sizeInBytes(SECOND));
      assertEquals(1, shares.edits());
      assertEquals(result.notes(), shares.notes());
      assertTrue(shares.notes().toString().contains("byte order mark"), shares.notes().toString());
    }
  }

  @Test
  void aFileThatIsTheWholeModelIsTakenThoughItsNameSaysShard() throws IOException {
    String only = "model-00001-of-00001.safetensors";
    shard(only, List.of(matrix("bert." + QUERY + ".weight")));
    try (OpenBase open = OpenBase.open(base.resolve(only))) {
      assertEquals(1, open.checkpoint().tensors().size());
      assertFalse(open.files().contains(base.resolve(INDEX)));
    }
  }
}
