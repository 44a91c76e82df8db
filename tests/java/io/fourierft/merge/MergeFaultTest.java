package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.ChildJvm;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.ModelFiles;
import io.fourierft.cli.Main;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever goes wrong in the middle: no half model under the final name, nothing left beside it.
 */
class MergeFaultTest {
  private static final int SIZE = 512;

  @TempDir Path folder;
  private Path base;
  private Path adapter;
  private Path results;
  private FourierEngine engine;

  @BeforeEach
  void makeModel() throws IOException {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
    base =
        ModelFiles.model(
            folder.resolve("base"),
            "{\"model_type\": \"llama\"}",
            ModelFiles.matrix("first.weight", DType.F32, SIZE, SIZE, 1, 1),
            ModelFiles.matrix("a.q_proj.weight", DType.F32, SIZE, SIZE, 1, 2),
            ModelFiles.matrix("last.weight", DType.F32, SIZE, SIZE, 1, 3));
    adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            4,
            100,
            7,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("a.q_proj", DType.F32, 1, -2, 3, 4));
    results = Files.createDirectory(folder.resolve("results"));
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private MergeResult merge(Path output, ProgressListener progress) throws IOException {
    return ModelMerge.run(
        engine,
        base,
        List.of(adapter),
        output,
        MergeOptions.defaults().withOverwrite(true),
        progress);
  }

  /** SIGINT is ignored by what is started in the background, and by all that it starts. */
  private static final String LISTENS_TO_INTERRUPTS =
      "env --default-signal=INT true 2>/dev/null && set -- env --default-signal=INT \"$@\"";

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143", "KILL, 137"})
  void aKilledMergeLeavesNoModelAndTheNextOneCleansUp(String signal, int code) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "bash sends the signal");
    Path output = results.resolve("merged");
    boolean politely = !signal.equals("KILL");
    try (ChildJvm child =
        ChildJvm.start(
            LISTENS_TO_INTERRUPTS, List.of(), MergeUntilWaiting.class, base, adapter, output)) {
      child.await("half-way after first.weight");
      assertEquals(2, ModelFiles.names(results).size(), "the temporary folder and its lock");
      assumeTrue(!signal.equals("INT") || !ignoresInterrupts(child.process().pid()), "SIGINT");
      String send = "kill -s %s %d".formatted(signal, child.process().pid());
      assertEquals(0, new ProcessBuilder("bash", "-c", send).start().waitFor());
      assertEquals(code, child.waitFor());
    }
    assertFalse(Files.exists(output), "no half model");
    if (politely) {
      assertEquals(List.of(), ModelFiles.names(results), "a signal leaves time to clean up");
    }
    merge(output, ProgressListener.NONE);
    assertEquals(List.of("merged"), ModelFiles.names(results));
  }

  /** Where it can be told: the second bit of the mask. */
  private static boolean ignoresInterrupts(long process) throws IOException {
    Path status = Path.of("/proc/" + process + "/status");
    return Files.exists(status)
        && Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
  }

  @Test
  void aKilledReplacementLeavesTheOldModelWhole() throws Exception {
    Path output = results.resolve("merged");
    merge(output, ProgressListener.NONE);
    byte[] before = Files.readAllBytes(output.resolve("model.safetensors"));
    try (ChildJvm child =
        ChildJvm.start("", List.of(), MergeUntilWaiting.class, base, adapter, output)) {
      child.await("half-way after first.weight");
      child.process().destroyForcibly();
      child.waitFor();
    }
    assertArrayEquals(before, Files.readAllBytes(output.resolve("model.safetensors")));
    merge(output, ProgressListener.NONE);
    assertEquals(List.of("merged"), ModelFiles.names(results));
  }

  @Test
  void anotherMergeThatStillRunsKeepsItsTemporaryFolder() throws Exception {
    Path output = results.resolve("merged");
    try (ChildJvm child =
        ChildJvm.start("", List.of(), MergeUntilWaiting.class, base, adapter, output)) {
      child.await("half-way after first.weight");
      merge(output, ProgressListener.NONE);
      List<String> names = ModelFiles.names(results);
      assertEquals(3, names.size(), names.toString());
      assertTrue(names.getFirst().endsWith(".lock"), names.toString());
      assertTrue(names.get(1).endsWith(".partial"), names.toString());
      child.process().destroyForcibly();
      child.waitFor();
    }
  }

  @Test
  void aFullDiskIsNamedAndNothingIsLeft() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "the limit is set by bash");
    Path output = results.resolve("merged");
    // The system refuses to let a file grow over 1500 KiB, as a full disk does at some byte: the
    // first tensor fits, no other does, and which of them is tried first depends on the computing.
    try (ChildJvm child =
        ChildJvm.start(
            "ulimit -f 1500",
            List.of("-XX:-UsePerfData"),
            Main.class,
            "merge",
            "--device=cpu",
            "--base",
            base,
            "--adapter",
            adapter,
            "--out",
            output)) {
      String said = child.finish();
      assertEquals(1, child.waitFor(), said);
      assertTrue(
          Pattern.compile(
                  "model.safetensors: (writing tensor 'a.q_proj.weight'|copying tensor"
                      + " 'last.weight' from .*model.safetensors) failed")
              .matcher(said)
              .find(),
          said);
      assertFalse(said.contains("\tat "), "no stack trace: " + said);
    }
    assertEquals(List.of(), ModelFiles.names(results));
  }

  /** Within the last tensor, or before both that are still to come: one of them is named. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBaseThatIsTruncatedMeanwhileIsNamed(boolean early) throws IOException {
    Path output = results.resolve("merged");
    Path file = base.resolve("model.safetensors");
    long size = Files.size(file);
    SafetensorsException failure =
        assertThrows(
            SafetensorsException.class,
            () ->
                merge(
                    output,
                    (done, total, what) -> {
                      if (what.equals("first.weight")) {
                        truncate(file, early ? done : size - 4);
                      }
                    }));
    assertTrue(failure.getMessage().contains(file.toString()), failure.getMessage());
    assertTrue(
        failure.getMessage().contains("last.weight")
            || (early && failure.getMessage().contains("a.q_proj.weight")),
        failure.getMessage());
    assertEquals(List.of(), ModelFiles.names(results));
  }

  private static void truncate(Path file, long size) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anUnreadableBaseIsNamedAndNothingIsWritten() throws IOException {
    Path file = base.resolve("model.safetensors");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeTrue(!Files.isReadable(file), "the superuser reads everything");
    Exception failure =
        assertThrows(
            IOException.class, () -> merge(results.resolve("merged"), ProgressListener.NONE));
    assertTrue(
        failure instanceof AccessDeniedException || failure.getMessage().contains("denied"),
        failure.toString());
    assertEquals(List.of(), ModelFiles.names(results));
  }

  @Test
  void aListenerThatThrowsLeavesNothing() throws IOException {
    Path output = results.resolve("merged");
    assertThrows(
        IllegalStateException.class,
        () ->
            merge(
                output,
                (done, total, what) -> {
                  throw new IllegalStateException("enough");
                }));
    assertEquals(List.of(), ModelFiles.names(results));
  }
}
