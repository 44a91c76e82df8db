package io.fourierft.bulk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import io.fourierft.bulk.BulkOutcome.Status;
import io.fourierft.merge.DeltaExport;
import io.fourierft.merge.ProgressListener;
import io.fourierft.peft.ResolveOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ΔW of many adapters: the same bytes as one by one, whole or not there, and not twice. */
class DeltaJobTest {
  private static final BulkOptions OPTIONS = BulkOptions.defaults();
  private final FourierEngine engine =
      FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));

  @TempDir Path folder;
  private Path base;
  private Path out;
  private List<AdapterSet> adapters;

  @BeforeEach
  void makeFiles() throws IOException {
    base = BulkFixture.base(folder.resolve("base"));
    adapters = BulkFixture.adapters(folder.resolve("adapters"), 9);
    out = folder.resolve("out");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private DeltaJob plan(BulkOptions options) throws IOException {
    return DeltaJob.plan(base, adapters, out, ResolveOptions.defaults(), options);
  }

  private BulkResult run(BulkOptions options) throws IOException {
    try (DeltaJob job = plan(options)) {
      return job.run(engine, BulkListener.NONE);
    }
  }

  /** With room for all, for some, for one and for less than one. */
  @ParameterizedTest
  @ValueSource(longs = {1L << 30, 16_000, 6_000, 1})
  void everyFileIsThatOfASingleExport(long memory) throws IOException {
    AtomicLong bytes = new AtomicLong();
    List<String> heard = new ArrayList<>();
    BulkResult result;
    try (DeltaJob job = plan(OPTIONS.withMemoryInBytes(memory))) {
      assertEquals(9, job.planned().size());
      assertFalse(Files.exists(out), "a plan writes nothing");
      result =
          job.run(
              engine,
              new BulkListener() {
                @Override
                public void finished(BulkOutcome outcome, int done, int total) {
                  heard.add(outcome.name() + " " + done + " of " + total);
                }

                @Override
                public void progressed(long done, long total) {
                  assertTrue(done <= total && done > bytes.get(), done + " of " + total);
                  bytes.set(done);
                }
              });
    }
    assertEquals(9, result.with(Status.WRITTEN).size());
    assertEquals(9L * (24 * 20 + 8 * 20) * 4, bytes.get());
    assertEquals(bytes.get(), result.sizeInBytes());
    assertEquals(9, heard.size());
    assertTrue(heard.getLast().endsWith("9 of 9"), heard.getLast());
    for (AdapterSet set : adapters) {
      Path single = folder.resolve("single.safetensors");
      DeltaExport.write(
          engine,
          base,
          set.single(),
          single,
          true,
          ResolveOptions.defaults(),
          ProgressListener.NONE);
      Path file = out.resolve(set.name() + ".safetensors");
      assertArrayEquals(Files.readAllBytes(single), Files.readAllBytes(file), set.name());
    }
    assertEquals(List.of(Journal.FILE_NAME), BulkFixture.hidden(out));
  }

  @Test
  void adaptersOfDifferentShapesAreWrittenTooAndTheirOrderIsKept() throws IOException {
    Path other = folder.resolve("adapters/a03");
    ModelFiles.delete(other);
    ModelFiles.adapter(
        other,
        5,
        1,
        7,
        "[\"v_proj\"]",
        "",
        ModelFiles.spectrum(
            "model.layers.0.self_attn.v_proj", io.fourierft.safetensors.DType.F16, 1, 2, 3, 4, 5));
    BulkResult result = run(OPTIONS);
    assertEquals(
        adapters.stream().map(AdapterSet::name).toList(),
        result.outcomes().stream().map(BulkOutcome::name).toList());
    assertEquals(1, result.outcomes().get(3).tensors());
    assertEquals(9, BulkFixture.files(out).size());
  }

  @Test
  void aBrokenAdapterEndsTheJobBeforeAnythingIsWritten() throws IOException {
    BulkFixture.spoil(adapters.get(4).single());
    BulkFixture.spoil(adapters.get(6).single());
    BulkException e = assertThrows(BulkException.class, () -> run(OPTIONS));
    assertEquals("a04", e.adapter());
    assertTrue(e.getMessage().contains("adapter 'a04' (and 1 more of 9 fail)"), e.getMessage());
    assertTrue(e.getMessage().contains("(keepGoing)"), e.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void theOthersGoOnWhereThatIsAskedFor() throws IOException {
    BulkFixture.spoil(adapters.get(4).single());
    BulkResult result = run(OPTIONS.withKeepGoing(true));
    assertEquals(8, result.with(Status.WRITTEN).size());
    List<BulkOutcome> failed = result.with(Status.FAILED);
    assertEquals("a04", failed.getFirst().name());
    assertTrue(String.valueOf(failed.getFirst().failure()).contains("3 coefficients"));
    assertEquals(8, BulkFixture.files(out).size());
  }

  @Test
  void outputsThatExistAreKeptOrReplacedAsAskedFor() throws IOException {
    run(OPTIONS);
    var before = BulkFixture.files(out);
    BulkException e = assertThrows(BulkException.class, () -> run(OPTIONS));
    assertTrue(e.getMessage().contains("a00.safetensors exists already"), e.getMessage());
    assertEquals(before, BulkFixture.files(out));
    assertEquals(9, run(OPTIONS.withOverwrite(true)).with(Status.WRITTEN).size());
    assertEquals(before, BulkFixture.files(out));
  }

  @Test
  void aSecondRunPassesOverWhatIsUnchangedAndReplacesWhatIsNot() throws IOException {
    run(OPTIONS);
    var before = BulkFixture.files(out);
    BulkOptions resume = OPTIONS.withResume(true);
    assertEquals(9, run(resume).with(Status.SKIPPED).size());

    // Touched and moved, but the same bytes.
    Path config = adapters.get(1).single().resolve("adapter_config.json");
    Files.setLastModifiedTime(config, FileTime.fromMillis(1_000));
    assertEquals(9, run(resume).with(Status.SKIPPED).size());

    BulkFixture.adapter(adapters.get(2).single(), 2024, 999);
    Files.delete(out.resolve("a05.safetensors"));
    BulkResult result = run(resume);
    assertEquals(
        List.of("a02", "a05"),
        result.with(Status.WRITTEN).stream().map(BulkOutcome::name).toList());
    var after = BulkFixture.files(out);
    assertFalse(after.get("a02.safetensors").equals(before.get("a02.safetensors")));
    after.put("a02.safetensors", before.get("a02.safetensors"));
    assertEquals(before, after);
  }

  @Test
  void otherOptionsOrAnotherBaseAreNoReasonToPassOver() throws IOException {
    run(OPTIONS);
    BulkOptions resume = OPTIONS.withResume(true);
    try (DeltaJob job =
        DeltaJob.plan(
            base,
            adapters,
            out,
            ResolveOptions.defaults().withAutocastAdapterDtype(false),
            resume)) {
      assertEquals(Status.WRITTEN, job.planned().getFirst().status());
    }
    Files.writeString(base.resolve("config.json"), "{\"model_type\": \"mistral\"}");
    assertEquals(9, run(resume).with(Status.WRITTEN).size());
  }

  @Test
  void aFileThatNoJobWroteIsNotReplacedByAResumedOne() throws IOException {
    run(OPTIONS);
    Files.writeString(out.resolve("a03.safetensors"), "somebody's");
    BulkException e = assertThrows(BulkException.class, () -> run(OPTIONS.withResume(true)));
    assertTrue(e.getMessage().contains("a03.safetensors exists already"), e.getMessage());
    assertEquals("somebody's", Files.readString(out.resolve("a03.safetensors")));
  }

  @Test
  void aHalfWrittenLineOfTheJournalIsNone() throws IOException {
    run(OPTIONS);
    Path journal = out.resolve(Journal.FILE_NAME);
    String text = Files.readString(journal);
    Files.writeString(journal, text.substring(0, text.length() - 40));
    Files.delete(out.resolve("a00.safetensors"));
    BulkResult result = run(OPTIONS.withResume(true).withOverwrite(true));
    assertEquals(2, result.with(Status.WRITTEN).size(), "the one without a line, and the removed");
    assertEquals(9, run(OPTIONS.withResume(true)).with(Status.SKIPPED).size());
  }

  @Test
  void twoOfOneNameAreRefused() throws IOException {
    Path twin = folder.resolve("other/a01");
    BulkFixture.adapter(twin, 2024, 5);
    adapters = new ArrayList<>(adapters);
    adapters.add(AdapterSet.of(twin));
    FourierException e = assertThrows(FourierException.class, () -> run(OPTIONS));
    assertTrue(e.getMessage().contains("two adapters are called 'a01'"), e.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void aFolderThatIsInUseIsRefused() throws IOException {
    try (WorkFolder held = WorkFolder.take(out)) {
      FourierException e = assertThrows(FourierException.class, () -> run(OPTIONS));
      assertTrue(e.getMessage().contains("another job writes into " + held.path()), e.getMessage());
    }
    assertEquals(9, run(OPTIONS).with(Status.WRITTEN).size());
  }

  @Test
  void outputsDoNotFallAmongTheInputs() {
    for (Path taken : List.of(base, adapters.get(3).single())) {
      out = taken;
      FourierException e = assertThrows(FourierException.class, () -> run(OPTIONS));
      assertTrue(e.getMessage().contains("is read from"), e.getMessage());
    }
  }

  @Test
  void aBaseThatChangesMeanwhileEndsTheJobWhateverWasAskedFor() throws IOException {
    try (DeltaJob job = plan(OPTIONS.withKeepGoing(true).withMemoryInBytes(1))) {
      Path shard = base.resolve("model-00002-of-00002.safetensors");
      BulkListener changing =
          (outcome, done, total) -> {
            try {
              Files.setLastModifiedTime(shard, FileTime.fromMillis(1_000));
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          };
      FourierException e = assertThrows(FourierException.class, () -> job.run(engine, changing));
      assertTrue(
          e.getMessage().contains(shard + " changed while it was being read"), e.getMessage());
    }
    assertEquals(1, BulkFixture.files(out).size(), "only what was whole before");
    assertEquals(List.of(Journal.FILE_NAME), BulkFixture.hidden(out));
  }

  @Test
  void anAdapterThatChangesAfterThePlanFails() throws IOException {
    try (DeltaJob job = plan(OPTIONS.withKeepGoing(true))) {
      BulkFixture.adapter(adapters.get(7).single(), 1, 2);
      BulkResult result = job.run(engine, BulkListener.NONE);
      assertEquals("a07", result.with(Status.FAILED).getFirst().name());
      assertEquals(8, result.with(Status.WRITTEN).size());
    }
  }

  @Test
  void aCancelledJobEndsWhatItBegan() throws IOException {
    try (DeltaJob job = plan(OPTIONS.withMemoryInBytes(1))) {
      BulkResult result =
          job.run(
              engine,
              (outcome, done, total) -> {
                if (done == 3) {
                  job.cancel();
                }
              });
      assertTrue(result.cancelled());
      assertEquals(3, result.outcomes().size());
      assertEquals(3, BulkFixture.files(out).size());
      BulkResult again = job.run(engine, BulkListener.NONE);
      assertTrue(again.cancelled() && again.outcomes().isEmpty());
    }
    assertEquals(List.of(Journal.FILE_NAME), BulkFixture.hidden(out));
  }

  @Test
  void aListenerThatThrowsEndsTheJobWithItsException() throws IOException {
    try (DeltaJob job = plan(OPTIONS)) {
      assertThrows(
          ArithmeticException.class,
          () ->
              job.run(
                  engine,
                  (outcome, done, total) -> {
                    throw new ArithmeticException();
                  }));
    }
    assertEquals(List.of(Journal.FILE_NAME), BulkFixture.hidden(out));
  }

  @Test
  void anOutputFolderThatIsAFileIsRefused() throws IOException {
    Files.writeString(out, "a file");
    FourierException e = assertThrows(FourierException.class, () -> run(OPTIONS));
    assertTrue(e.getMessage().contains("is a file"), e.getMessage());
  }
}
