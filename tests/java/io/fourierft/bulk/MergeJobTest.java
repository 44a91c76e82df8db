package io.fourierft.bulk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.bulk.BulkOutcome.Status;
import io.fourierft.merge.MergeOptions;
import io.fourierft.merge.ModelMerge;
import io.fourierft.merge.ProgressListener;
import io.fourierft.merge.UntouchedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many models of one base: each as a merge of its own makes it. */
class MergeJobTest {
  private static final String TOUCHED = "model-00001-of-00002.safetensors";
  private static final String UNTOUCHED = "model-00002-of-00002.safetensors";

  private final FourierEngine engine =
      FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));

  @TempDir Path folder;
  private Path base;
  private Path out;
  private List<AdapterSet> sets;
  private MergeOptions merge = MergeOptions.defaults();

  @BeforeEach
  void makeFiles() throws IOException {
    base = BulkFixture.base(folder.resolve("base"));
    sets = new ArrayList<>(BulkFixture.adapters(folder.resolve("adapters"), 4));
    sets.add(new AdapterSet("both", List.of(sets.get(2).single(), sets.get(0).single())));
    out = folder.resolve("out");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private BulkResult run(BulkOptions options) throws IOException {
    try (MergeJob job = MergeJob.plan(base, sets, out, merge, options)) {
      return job.run(engine, BulkListener.NONE);
    }
  }

  private Map<String, String> single(AdapterSet set) throws IOException {
    Path model = folder.resolve("single-" + set.name());
    ModelMerge.run(engine, base, set.adapters(), model, merge, ProgressListener.NONE);
    return BulkFixture.files(model);
  }

  @Test
  void everyModelIsThatOfASingleMerge() throws IOException {
    BulkResult result = run(BulkOptions.defaults());
    assertEquals(5, result.with(Status.WRITTEN).size());
    assertEquals(4, result.outcomes().getLast().tensors(), "two adapters change two tensors each");
    for (AdapterSet set : sets) {
      assertEquals(single(set), BulkFixture.files(out.resolve(set.name())), set.name());
    }
    assertEquals(List.of(Journal.FILE_NAME), BulkFixture.hidden(out));
    assertEquals(5, run(BulkOptions.defaults().withResume(true)).with(Status.SKIPPED).size());
  }

  @Test
  void filesInWhichNothingChangesAreOneWithTheBasesOrCopied() throws IOException {
    merge = merge.withUntouched(UntouchedFiles.LINKED);
    run(BulkOptions.defaults());
    Path model = out.resolve("both");
    assertTrue(Files.isSameFile(base.resolve(UNTOUCHED), model.resolve(UNTOUCHED)));
    assertFalse(Files.isSameFile(base.resolve(TOUCHED), model.resolve(TOUCHED)));
    merge = merge.withUntouched(UntouchedFiles.COPIED);
    assertEquals(5, run(BulkOptions.defaults().withOverwrite(true)).with(Status.WRITTEN).size());
    assertFalse(Files.isSameFile(base.resolve(UNTOUCHED), model.resolve(UNTOUCHED)));
    assertEquals(-1, Files.mismatch(base.resolve(UNTOUCHED), model.resolve(UNTOUCHED)));
    assertEquals(single(sets.getLast()).get(TOUCHED), BulkFixture.files(model).get(TOUCHED));
  }

  @Test
  void nothingIsSharedWhereEveryFileChanges() throws IOException {
    merge = merge.withUntouched(UntouchedFiles.LINKED).withDtype(io.fourierft.ElementType.F16);
    run(BulkOptions.defaults());
    assertFalse(Files.isSameFile(base.resolve(UNTOUCHED), out.resolve("both").resolve(UNTOUCHED)));
  }

  @Test
  void aChangedBaseIsNoReasonToPassOverAndAFolderThatIsNoModelStays() throws IOException {
    run(BulkOptions.defaults());
    Files.setLastModifiedTime(base.resolve(UNTOUCHED), FileTime.fromMillis(5_000));
    assertEquals(5, run(BulkOptions.defaults().withResume(true)).with(Status.WRITTEN).size());
    Path foreign = out.resolve("a01");
    io.fourierft.ModelFiles.delete(foreign);
    Files.createDirectories(foreign);
    Files.writeString(foreign.resolve("letter.txt"), "mine");
    BulkException e =
        assertThrows(BulkException.class, () -> run(BulkOptions.defaults().withOverwrite(true)));
    assertTrue(e.getMessage().contains("does not hold a model"), e.getMessage());
  }

  @Test
  void aBaseThatChangesMeanwhileEndsTheJob() throws IOException {
    try (MergeJob job =
        MergeJob.plan(base, sets, out, merge, BulkOptions.defaults().withKeepGoing(true))) {
      Files.setLastModifiedTime(base.resolve(TOUCHED), FileTime.fromMillis(5_000));
      FourierException e =
          assertThrows(FourierException.class, () -> job.run(engine, BulkListener.NONE));
      assertTrue(e.getMessage().contains("changed while it was being read"), e.getMessage());
    }
    assertEquals(Map.of(), BulkFixture.files(out));
    assertEquals(List.of(Journal.FILE_NAME), BulkFixture.hidden(out));
  }

  @Test
  void aSetThatDoesNotFitIsReportedAtTheEndWhereThatIsAskedFor() throws IOException {
    BulkFixture.spoil(sets.get(2).single());
    BulkResult result = run(BulkOptions.defaults().withKeepGoing(true));
    assertEquals(
        List.of("a02", "both"),
        result.with(Status.FAILED).stream().map(BulkOutcome::name).toList());
    assertEquals(3, result.with(Status.WRITTEN).size());
  }
}
