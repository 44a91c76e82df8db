package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.ModelFiles;
import io.fourierft.merge.MergeOptions;
import io.fourierft.merge.ModelMerge;
import io.fourierft.merge.ProgressListener;
import io.fourierft.safetensors.CheckpointIndex;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What model folders hold besides one file of weights, as they are met. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a privilege there")
class ModelFoldersTest {
  @TempDir Path folder;
  private Path base;
  private Path adapter;
  private Path out;

  @BeforeEach
  void makeModel() throws IOException {
    base =
        ModelFiles.model(
            folder.resolve("base"),
            "{\"model_type\": \"llama\", \"torch_dtype\": \"float32\"}",
            ModelFiles.matrix("a.q_proj.weight", DType.F32, 8, 8, 1, 1));
    adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            2,
            100,
            7,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("a.q_proj", DType.F32, 1, -2));
    out = folder.resolve("out");
  }

  private CommandLineRun merge(Object... more) {
    return mergeOf(base, more);
  }

  private CommandLineRun mergeOf(Path model, Object... more) {
    Object[] arguments = {
      "merge", "--device=cpu", "--base", model, "--adapter", adapter, "--out", out
    };
    Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return CommandLineRun.of(all);
  }

  private static void succeeded(CommandLineRun run) {
    assertEquals(0, run.code(), run.err());
  }

  private void refused(CommandLineRun run, String... words) throws IOException {
    assertEquals(1, run.code(), run.out() + run.err());
    for (String word : words) {
      assertTrue(run.err().contains(word), word + " in: " + run.err());
    }
    assertFalse(run.err().contains("\tat "), run.err());
    assertFalse(
        ModelFiles.names(folder).stream().anyMatch(name -> name.startsWith(".out")), "left over");
  }

  @Test
  void whatATrainingLeftStaysBehind() throws IOException {
    List<String> training =
        List.of(
            "adapter_config.json",
            "adapter_model.safetensors",
            "adapter_model.bin",
            "optimizer.pt",
            "optimizer.bin",
            "scheduler.pt",
            "scaler.pt",
            "rng_state.pth",
            "rng_state_3.pth",
            "random_states_0.pkl",
            "trainer_state.json",
            "training_args.bin",
            "all_results.json",
            "events.out.tfevents.1700000000.host.1.0",
            "zero_to_fp32.py",
            "latest");
    for (String name : training) {
      Files.writeString(base.resolve(name), "old");
    }
    for (String inner :
        List.of(
            "checkpoint-500/config.json",
            "global_step500/mp_rank_00_model_states.pt",
            "runs/Nov26/events.out.tfevents.1",
            "my-adapter/adapter_config.json",
            "my-adapter/README.md",
            "assets/chat.jinja")) {
      Files.createDirectories(base.resolve(inner).getParent());
      Files.writeString(base.resolve(inner), "text");
    }
    Files.writeString(base.resolve("tokenizer.json"), "{}");
    CommandLineRun run = merge();
    succeeded(run);
    assertEquals(
        List.of("assets", "config.json", "model.safetensors", "tokenizer.json"),
        ModelFiles.names(out));
    assertTrue(run.err().contains("what a training left"), run.err());
    assertFalse(run.err().contains("other weight files"), run.err());
  }

  @Test
  void modesAreNotCopied() throws IOException {
    Files.createDirectory(base.resolve("inner"));
    Files.writeString(base.resolve("inner").resolve("a.txt"), "a");
    Files.setPosixFilePermissions(
        base.resolve("inner").resolve("a.txt"), PosixFilePermissions.fromString("r--r--r--"));
    Files.setPosixFilePermissions(
        base.resolve("config.json"), PosixFilePermissions.fromString("r--r--r--"));
    succeeded(merge("--dtype", "bf16"));
    for (Path file : List.of(out.resolve("config.json"), out.resolve("inner").resolve("a.txt"))) {
      assertTrue(
          PosixFilePermissions.toString(Files.getPosixFilePermissions(file)).startsWith("rw"));
    }
    assertTrue(Files.readString(out.resolve("config.json")).contains("bfloat16"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"diffusion_pytorch_model", "diffusion_pytorch_model.fp16", "weights"})
  void aShardedModelOfAnotherNameKeepsItsIndexAndItsConfig(String stem) throws IOException {
    Files.delete(base.resolve("model.safetensors"));
    String first = stem + "-00001-of-00002.safetensors";
    String second = stem + "-00002-of-00002.safetensors";
    ModelFiles.write(
        base.resolve(first), ModelFiles.matrix("a.q_proj.weight", DType.F32, 8, 8, 1, 1));
    ModelFiles.write(base.resolve(second), ModelFiles.vector("norm.weight", DType.F32, 8, 2));
    String index = stem + ".safetensors.index.json";
    CheckpointIndex.of(288, Map.of("a.q_proj.weight", first, "norm.weight", second))
        .write(base.resolve(index));
    for (Path given : List.of(base, base.resolve(index))) {
      succeeded(mergeOf(given, "--overwrite"));
      assertEquals(Set.of("config.json", index, first, second), Set.copyOf(ModelFiles.names(out)));
      assertEquals(
          CheckpointIndex.open(base.resolve(index)).weightMap(),
          CheckpointIndex.open(out.resolve(index)).weightMap());
    }
    succeeded(merge("--overwrite", "--max-shard-size", "200"));
    assertEquals(Set.of("config.json", index, first, second), Set.copyOf(ModelFiles.names(out)));
    succeeded(merge("--overwrite", "--max-shard-size", "1GB"));
    assertEquals(Set.of("config.json", stem + ".safetensors"), Set.copyOf(ModelFiles.names(out)));
    // The folder that was written is one that can be given again.
    Path again = Files.move(out, folder.resolve("again"));
    succeeded(mergeOf(again));
  }

  @Test
  void oneFileOfAnyNameIsTheModelOfItsFolder() throws IOException {
    Files.move(base.resolve("model.safetensors"), base.resolve("flux.safetensors"));
    Files.writeString(base.resolve("adapter_model.safetensors"), "left by a training");
    succeeded(merge());
    assertEquals(List.of("config.json", "flux.safetensors"), ModelFiles.names(out));
    Files.copy(base.resolve("flux.safetensors"), base.resolve("other.safetensors"));
    ModelFiles.delete(out);
    refused(merge(), "flux.safetensors", "other.safetensors", "give one of these");
    succeeded(mergeOf(base.resolve("flux.safetensors")));
    assertEquals(List.of("flux.safetensors"), ModelFiles.names(out));
  }

  @Test
  void shardsWithoutTheirIndexAreRefused() throws IOException {
    Files.move(base.resolve("model.safetensors"), base.resolve("model-00001-of-00003.safetensors"));
    refused(merge(), "shards without their index");
  }

  @ParameterizedTest
  @ValueSource(strings = {"base/model.safetensors", "base/config.json"})
  void aBrokenLinkIsNamedForWhatItIs(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("../blobs/0123abcd"));
    refused(merge(), name.substring(5), "broken link", "../blobs/0123abcd");
    Files.delete(file);
    Files.createSymbolicLink(file, file.getFileName());
    refused(merge(), name.substring(5), "broken link", "cannot be reached");
  }

  @Test
  void aLinkThatWasCopiedAsTextIsNamedForWhatItIs() throws IOException {
    Files.writeString(base.resolve("model.safetensors"), "../../blobs/0123abcd");
    refused(merge(), "model.safetensors", "text of a link", "../../blobs/0123abcd");
    Path snapshot = Files.writeString(folder.resolve("text"), "hub/models--a/snapshots/abc123");
    refused(mergeOf(snapshot), "text of a link");
  }

  @ParameterizedTest
  @ValueSource(strings = {"adapter_config.json", "adapter_model.safetensors"})
  void aBrokenLinkInTheAdapterToo(String name) throws IOException {
    Path file = adapter.resolve(name);
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("../blobs/0123abcd"));
    refused(merge(), name, "broken link");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base/model.safetensors",
        "base/config.json",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors"
      })
  void whatIsNoRegularFileIsRefusedBeforeItIsOpened(String name) throws Exception {
    Path file = folder.resolve(name);
    Files.delete(file);
    Process fifo = new ProcessBuilder("mkfifo", file.toString()).start();
    assumeTrue(fifo.waitFor() == 0, "mkfifo makes a pipe");
    refused(merge(), file.getFileName().toString(), "no regular file");
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("/dev/zero"));
    refused(merge(), file.getFileName().toString(), "no regular file");
    Files.delete(file);
    Files.createDirectory(file);
    refused(merge(), file.getFileName().toString(), "folder");
  }

  @Test
  void companionsAreFilesAndLinksToFiles() throws Exception {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("vocab.txt"), "words");
    Files.createSymbolicLink(base.resolve("vocab.txt"), elsewhere.resolve("vocab.txt"));
    Files.createSymbolicLink(base.resolve("alias.json"), Path.of("config.json"));
    Files.createSymbolicLink(base.resolve("etc"), Path.of("/etc"));
    Files.createSymbolicLink(base.resolve("loop"), base);
    Files.createSymbolicLink(base.resolve("tokenizer.json"), Path.of("gone"));
    Process fifo = new ProcessBuilder("mkfifo", base.resolve("pipe").toString()).start();
    assumeTrue(fifo.waitFor() == 0, "mkfifo makes a pipe");
    CommandLineRun run = merge();
    succeeded(run);
    assertEquals(
        List.of("alias.json", "config.json", "model.safetensors", "vocab.txt"),
        ModelFiles.names(out));
    assertFalse(Files.isSymbolicLink(out.resolve("vocab.txt")));
    for (String word :
        List.of(
            "etc of the base is a folder",
            "loop of the base is a folder",
            "pipe of the base is no regular file",
            "tokenizer.json of the base is a broken link",
            "links to places outside its folder",
            "vocab.txt -> ")) {
      assertTrue(run.err().contains(word), word + " in: " + run.err());
    }
    assertFalse(run.err().contains("alias"), run.err());
  }

  @Test
  void aHubCacheIsOnePlace() throws IOException {
    Path repository = folder.resolve("hub").resolve("models--a--b");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve("0123"));
    Path blobs = Files.createDirectory(repository.resolve("blobs"));
    for (String name : List.of("model.safetensors", "config.json")) {
      Files.move(base.resolve(name), blobs.resolve(name + "-blob"));
      Files.createSymbolicLink(
          snapshot.resolve(name), Path.of("../../blobs").resolve(name + "-blob"));
    }
    CommandLineRun run = mergeOf(snapshot);
    succeeded(run);
    assertEquals("", run.err());
    assertFalse(Files.isSymbolicLink(out.resolve("config.json")));
  }

  @Test
  void nothingThatIsReadIsReplacedThroughLinks() throws IOException {
    // The output of an earlier merge is the base of this one, by links.
    Path real = Files.move(base, out);
    Files.createDirectory(base);
    for (String name : List.of("model.safetensors", "config.json")) {
      Files.createSymbolicLink(base.resolve(name), real.resolve(name));
    }
    byte[] before = Files.readAllBytes(real.resolve("model.safetensors"));
    refused(merge("--overwrite"), "model.safetensors", "would be replaced");
    refused(mergeOf(base.resolve("model.safetensors"), "--overwrite"), "would be replaced");
    Files.copy(real.resolve("model.safetensors"), folder.resolve("own.safetensors"));
    Path file = adapter.resolve("adapter_config.json");
    Files.move(file, real.resolve("adapter_config.json"));
    Files.createSymbolicLink(file, real.resolve("adapter_config.json"));
    refused(mergeOf(folder.resolve("own.safetensors"), "--overwrite"), "adapter_config.json");
    assertEquals(
        HexFormat.of().formatHex(before),
        HexFormat.of().formatHex(Files.readAllBytes(real.resolve("model.safetensors"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base/model.safetensors",
        "base/config.json",
        "adapter/adapter_model.safetensors",
        "adapter/adapter_config.json"
      })
  void aDeltaReplacesNothingThatIsReadEither(String name) throws IOException {
    Path read = folder.resolve(name);
    String before = HexFormat.of().formatHex(Files.readAllBytes(read));
    Path link = Files.createSymbolicLink(folder.resolve("delta.safetensors"), read);
    for (Path target : List.of(link, read)) {
      CommandLineRun run =
          CommandLineRun.of(
              "delta",
              "--device=cpu",
              "--overwrite",
              "--base",
              base,
              "--adapter",
              adapter,
              "--out",
              target);
      refused(run, "is read as");
    }
    assertEquals(before, HexFormat.of().formatHex(Files.readAllBytes(read)));
  }

  @Test
  void aByteOrderMarkIsPassedOver() throws IOException {
    for (Path file : List.of(base.resolve("config.json"), adapter.resolve("adapter_config.json"))) {
      Files.writeString(file, "\uFEFF" + Files.readString(file));
    }
    CommandLineRun run = merge();
    succeeded(run);
    assertTrue(run.err().contains("adapter_config.json starts with a byte order mark"), run.err());
    assertTrue(run.err().contains("config.json of the base starts with"), run.err());
    assertTrue(Files.readString(out.resolve("config.json")).startsWith("{"));
    Files.write(
        adapter.resolve("adapter_config.json"), "\uFEFF{}".getBytes(StandardCharsets.UTF_16LE));
    refused(merge("--overwrite"), "UTF-16");
  }

  @Test
  void anIndexWithAByteOrderMarkIsRead() throws IOException {
    String shard = "model-00001-of-00001.safetensors";
    Files.move(base.resolve("model.safetensors"), base.resolve(shard));
    Files.writeString(
        base.resolve("model.safetensors.index.json"),
        "\uFEFF{\"metadata\": {}, \"weight_map\": {\"a.q_proj.weight\": \"" + shard + "\"}}");
    succeeded(merge());
    assertTrue(Files.readString(out.resolve("model.safetensors.index.json")).startsWith("{"));
  }

  @Test
  void namesThatAreNoTextAreCarriedByteForByte() throws IOException {
    Path odd = Path.of(URI.create(base.toUri() + "gr%F6%DFe"));
    Files.createDirectory(odd);
    Path inner = Path.of(URI.create(odd.toUri() + "a%FF.txt"));
    Files.writeString(inner, "text");
    Files.writeString(base.resolve("größe.txt"), "text");
    succeeded(merge());
    assertEquals("text", Files.readString(out.resolve("größe.txt")));
    assertEquals("text", Files.readString(Path.of(URI.create(out.toUri() + "gr%F6%DFe/a%FF.txt"))));
  }

  @Test
  void aFolderMayHaveAnyName() throws IOException {
    Path odd = Path.of(URI.create(folder.toUri() + "gr%F6%DFe%20%5B1%5D"));
    Files.move(base, odd);
    Path target = Path.of(URI.create(folder.toUri() + "%FFout"));
    try (FourierEngine engine =
        FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1))) {
      ModelMerge.run(
          engine, odd, List.of(adapter), target, MergeOptions.defaults(), ProgressListener.NONE);
    }
    assertEquals(List.of("config.json", "model.safetensors"), ModelFiles.names(target));
  }
}
