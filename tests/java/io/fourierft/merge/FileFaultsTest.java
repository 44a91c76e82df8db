package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftAdapterWriter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.CheckpointIndex;
import io.fourierft.safetensors.DType;
import io.fourierft.watched.FailingCall;
import io.fourierft.watched.WatchedFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A small merge, delta and save, once for each call that they make of the file system, with that
 * call failing: they end well or with an error of ours or the system's, their output is the old one
 * or the new one, and the next run leaves nothing but that.
 */
class FileFaultsTest {
  @TempDir Path folder;
  private FourierEngine engine;
  private Path base;
  private Path adapter;
  private Path results;

  /** Something that reads and writes files. */
  private interface Work {
    void run(WatchedFileSystem system) throws IOException;
  }

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

  @Test
  void aMergeIntoANewFolder() throws IOException {
    failEveryCall(() -> {}, system -> merge(system, false));
  }

  @Test
  void aMergeThatReplacesAModel() throws IOException {
    failEveryCall(
        () -> {
          Path old = Files.createDirectory(results.resolve("out"));
          Files.writeString(old.resolve("model.safetensors"), "old");
        },
        system -> merge(system, true));
  }

  @Test
  void aDeltaThatReplacesAFile() throws IOException {
    failEveryCall(
        () -> Files.writeString(results.resolve("out"), "old"),
        system ->
            DeltaExport.write(
                engine,
                system.watch(base),
                system.watch(adapter),
                system.watch(results.resolve("out")),
                true,
                ResolveOptions.defaults(),
                ProgressListener.NONE));
  }

  @Test
  void aNewDelta() throws IOException {
    failEveryCall(
        () -> {},
        system ->
            DeltaExport.write(
                engine,
                system.watch(base),
                system.watch(adapter),
                system.watch(results.resolve("out")),
                false,
                ResolveOptions.defaults(),
                ProgressListener.NONE));
  }

  @Test
  void anAdapterThatIsSavedOverAnother() throws IOException {
    PeftAdapter loaded = PeftAdapter.open(adapter);
    failEveryCall(
        () -> {
          Path old = Files.createDirectory(results.resolve("out"));
          Files.writeString(old.resolve("adapter_config.json"), "{}");
          Files.writeString(old.resolve("README.md"), "mine");
        },
        system -> PeftAdapterWriter.write(loaded, system.watch(results.resolve("out")), true));
  }

  /** Prepares a state. */
  private interface Preparation {
    void run() throws IOException;
  }

  private void prepare(Preparation preparation) throws IOException {
    if (Files.exists(results)) {
      ModelFiles.delete(results);
    }
    Files.createDirectory(results);
    preparation.run();
  }

  private void failEveryCall(Preparation preparation, Work work) throws IOException {
    prepare(preparation);
    Map<String, String> old = contents();
    FailingCall none = new FailingCall(0);
    work.run(new WatchedFileSystem(none));
    Map<String, String> whole = contents();
    assertTrue(none.calls() > 20, "watched: " + none.calls());
    for (int fault = 1; fault <= none.calls(); fault++) {
      prepare(preparation);
      FailingCall watcher = new FailingCall(fault);
      boolean done = false;
      try {
        work.run(new WatchedFileSystem(watcher));
        done = true;
      } catch (IOException | FourierException e) {
        if (String.valueOf(e.getMessage()).length() < 10) {
          fail(watcher + ": " + e, e);
        }
      } catch (RuntimeException e) {
        throw new AssertionError(watcher.toString(), e);
      }
      Map<String, String> left = contents();
      left.keySet().removeIf(name -> name.startsWith(".out.fourierft-"));
      assertTrue(
          left.equals(done ? whole : old), watcher + ", done " + done + ": " + left.keySet());
      prepareAgain(preparation, done);
      work.run(new WatchedFileSystem(new FailingCall(0)));
      assertTrue(whole.equals(contents()), watcher + ", the next run: " + contents().keySet());
    }
  }

  /** What was written goes, so that the next run may write it; what else was left stays. */
  private void prepareAgain(Preparation preparation, boolean done) throws IOException {
    Path out = results.resolve("out");
    if (done && Files.exists(out)) {
      ModelFiles.delete(out);
      preparation.run();
    }
  }

  /** Every file's bytes, by its path. */
  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(results)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        contents.put(
            results.relativize(path).toString(),
            HexFormat.of().formatHex(Files.readAllBytes(path)));
      }
    }
    return contents;
  }
}
