package io.fourierft.merge;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.MemoryFolder;
import io.fourierft.ModelFiles;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftAdapterWriter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.CheckpointIndex;
import io.fourierft.safetensors.DType;
import io.fourierft.watched.EveryCall;
import io.fourierft.watched.WatchedFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A small merge, delta and save, once for each call that they make of the file system, with that
 * call failing, or delayed while another run passes ({@link EveryCall}).
 */
class FileFaultsTest {
  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private FourierEngine engine;
  private Path base;
  private Path adapter;
  private Path results;

  @BeforeEach
  void makeModel() throws IOException {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
    base = Files.createDirectory(folder.resolve("base"));
    ModelFiles.write(
        base.resolve("model-00001-of-00002.safetensors"),
        ModelFiles.matrix("a.q_proj.weight", DType.F32, 8, 8, 1, 1));
    ModelFiles.write(
        base.resolve("model-00002-of-00002.safetensors"),
        ModelFiles.vector("norm.weight", DType.F32, 8, 2));
    CheckpointIndex.of(
            288,
            Map.of(
                "a.q_proj.weight",
                "model-00001-of-00002.safetensors",
                "norm.weight",
                "model-00002-of-00002.safetensors"))
        .write(base.resolve("model.safetensors.index.json"));
    Files.writeString(base.resolve("config.json"), "{\"torch_dtype\": \"float32\"}");
    Files.createDirectory(base.resolve("inner"));
    Files.writeString(base.resolve("inner").resolve("a.txt"), "a");
    adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            2,
            100,
            7,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("a.q_proj", DType.F32, 1, -2));
    results = folder.resolve("results");
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private void merge(WatchedFileSystem system, boolean overwrite) throws IOException {
    ModelMerge.run(
        engine,
        system.watch(base),
        List.of(system.watch(adapter)),
        system.watch(results.resolve("out")),
        MergeOptions.defaults().withDtype(io.fourierft.ElementType.BF16).withOverwrite(overwrite),
        ProgressListener.NONE);
  }

  private EveryCall newMerge() {
    return new EveryCall(results, () -> {}, system -> merge(system, false));
  }

  private EveryCall replacingMerge() {
    return new EveryCall(
        results,
        () -> {
          Path old = Files.createDirectory(results.resolve("out"));
          Files.writeString(old.resolve("model.safetensors"), "old");
        },
        system -> merge(system, true));
  }

  private void export(WatchedFileSystem system, boolean overwrite) throws IOException {
    DeltaExport.write(
        engine,
        system.watch(base),
        system.watch(adapter),
        system.watch(results.resolve("out")),
        overwrite,
        ResolveOptions.defaults(),
        ProgressListener.NONE);
  }

  private EveryCall newDelta() {
    return new EveryCall(results, () -> {}, system -> export(system, false));
  }

  private EveryCall replacingDelta() {
    return new EveryCall(
        results,
        () -> Files.writeString(results.resolve("out"), "old"),
        system -> export(system, true));
  }

  private EveryCall savedAdapter() throws IOException {
    PeftAdapter loaded = PeftAdapter.open(adapter);
    return new EveryCall(
        results,
        () -> {
          Path old = Files.createDirectory(results.resolve("out"));
          Files.writeString(old.resolve("adapter_config.json"), "{}");
          Files.writeString(old.resolve("README.md"), "mine");
        },
        system -> PeftAdapterWriter.write(loaded, system.watch(results.resolve("out")), true));
  }

  @Test
  void aMergeIntoANewFolder() throws IOException {
    newMerge().fails();
  }

  @Test
  void aMergeThatReplacesAModel() throws IOException {
    replacingMerge().fails();
  }

  @Test
  void aDeltaThatReplacesAFile() throws IOException {
    replacingDelta().fails();
  }

  @Test
  void aNewDelta() throws IOException {
    newDelta().fails();
  }

  @Test
  void anAdapterThatIsSavedOverAnother() throws IOException {
    savedAdapter().fails();
  }

  @Test
  void aMergeThatAnotherOvertakes() throws IOException {
    newMerge().isDelayed(false);
    replacingMerge().isDelayed(true);
  }

  @Test
  void aDeltaThatAnotherOvertakes() throws IOException {
    newDelta().isDelayed(false);
    replacingDelta().isDelayed(true);
  }

  @Test
  void aSaveThatAnotherOvertakes() throws IOException {
    savedAdapter().isDelayed(true);
  }
}
