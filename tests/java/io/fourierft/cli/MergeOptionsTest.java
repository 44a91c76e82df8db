package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fourierft.ModelFiles;
import io.fourierft.PeftFixture;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the options of merge and unmerge do to the output and to what is printed. */
class MergeOptionsTest extends ModelCommandTest {
  @Test
  void aDryRunSaysThePlanAndWritesNothing() throws IOException {
    CommandLineRun run =
        merge(base(DType.F32), adapter("adapter", 1, DType.F32), out(), "--dry-run");
    String text = succeeded(run);
    assertTrue(text.contains("2 changes would be merged into"), text);
    assertTrue(text.contains("nothing was written"), text);
    assertTrue(text.contains(QUERY + ".weight"), text);
    assertEquals(List.of(), ModelFiles.names(results));
    JsonNode plan =
        json(
            merge(folder.resolve("base"), folder.resolve("adapter"), out(), "--dry-run", "--json"));
    assertTrue(plan.get("dry_run").asBoolean());
    assertEquals("none", plan.get("device").asText());
    assertEquals(2, plan.get("edits").size());
    assertEquals(10, plan.get("edits").get(0).get("n_frequency").asInt());
    assertEquals("delta", plan.get("edits").get(0).get("kind").asText());
    assertEquals(0, plan.get("changes").size());
    assertEquals(List.of(), ModelFiles.names(results));
  }

  @Test
  void aDryRunFindsWhatTheMergeWouldRefuse() throws IOException {
    Path adapter = queryAdapter("adapter", "", ModelFiles.normal(289, 1, 1));
    refused(merge(base(DType.F32), adapter, out(), "--dry-run"), "289 coefficients");
  }

  @Test
  void jsonTellsWhatEachAdditionDid() throws IOException {
    Path adapter = adapter("adapter", 1, DType.F32);
    JsonNode root = json(merge(base(DType.F32), adapter, out(), "--json"));
    assertEquals("merge", root.get("command").asText());
    assertFalse(root.get("dry_run").asBoolean());
    assertEquals("cpu", root.get("device").asText());
    assertEquals(out().toString(), root.get("output").asText());
    assertEquals(3, root.get("untouched_tensors").asInt());
    assertEquals("model.safetensors", root.get("files").get(0).asText());
    assertEquals(0, root.get("notes").size());
    assertEquals(2, root.get("changes").size());
    JsonNode change = root.get("changes").get(0);
    assertEquals(QUERY + ".weight", change.get("tensor").asText());
    assertEquals(adapter.toString(), change.get("adapter").asText());
    double ratio = change.get("delta_norm").asDouble() / change.get("weight_norm").asDouble();
    assertEquals(ratio, change.get("relative_change").asDouble(), 1e-12);
    assertTrue(change.get("max_rounding_error").asDouble() > 0);
    assertTrue(
        change.get("mean_rounding_error").asDouble() < change.get("max_rounding_error").asDouble());
    assertEquals(0, change.get("non_finite").asInt());
    JsonNode back =
        json(
            run(
                "unmerge",
                "--base",
                out(),
                "--adapter",
                adapter,
                "--out",
                results.resolve("back"),
                "--json"));
    assertEquals("unmerge", back.get("command").asText());
  }

  @Test
  void theTableTellsWhatEachAdditionDid() throws IOException {
    String text = succeeded(merge(base(DType.BF16), adapter("adapter", 1, DType.F32), out()));
    assertTrue(text.contains("|dW|/|W|"), text);
    assertTrue(text.contains("2 weights merged into"), text);
    assertTrue(text.contains("3 tensors untouched"), text);
    assertTrue(text.contains("wrote " + out()), text);
  }

  @Test
  void quickWorkShowsNoProgressBarAndTheErrorStreamIsQuiet() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    PrintStream before = System.err;
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    CommandLineRun run;
    try {
      System.setErr(new PrintStream(shown, true, StandardCharsets.UTF_8));
      // --json shows no bar however slow the machine is.
      run = merge(base, adapter, out(), "--json");
    } finally {
      System.setErr(before);
    }
    succeeded(run);
    assertEquals("", run.err());
    assertEquals("", shown.toString(StandardCharsets.UTF_8));
  }

  @Test
  void overwriteReplacesAModelAndNothingElse() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    succeeded(merge(base, adapter, out()));
    byte[] first = Files.readAllBytes(out().resolve("model.safetensors"));
    Path other = adapter("other", 2, DType.F32);
    CommandLineRun again = merge(base, other, out());
    assertEquals(1, again.code());
    assertTrue(again.err().contains("--overwrite"), again.err());
    assertArrayEquals(first, Files.readAllBytes(out().resolve("model.safetensors")));
    Files.writeString(out().resolve("stale.txt"), "of the old model");
    succeeded(merge(base, other, out(), "--overwrite"));
    assertFalse(Arrays.equals(first, Files.readAllBytes(out().resolve("model.safetensors"))));
    assertFalse(Files.exists(out().resolve("stale.txt")), "the folder is replaced as a whole");
    assertEquals(List.of("merged"), ModelFiles.names(results));

    Path mine = Files.createDirectory(folder.resolve("mine"));
    Files.writeString(mine.resolve("thesis.txt"), "years of work");
    CommandLineRun refused = merge(base, adapter, mine, "--overwrite");
    assertEquals(1, refused.code());
    assertTrue(refused.err().contains("does not hold a model"), refused.err());
    assertEquals("years of work", Files.readString(mine.resolve("thesis.txt")));

    Path empty = Files.createDirectory(folder.resolve("empty"));
    succeeded(merge(base, adapter, empty));
  }

  @Test
  void foldersAboveTheOutputAreMade() throws IOException {
    Path deep = results.resolve("a/b/c");
    succeeded(merge(base(DType.F32), adapter("adapter", 1, DType.F32), deep));
    assertTrue(Files.exists(deep.resolve("model.safetensors")));
  }

  @Test
  void maxShardSizeSplitsAnewWithAnIndex() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    Path whole = results.resolve("whole");
    succeeded(merge(base, adapter, whole));
    JsonNode said = json(merge(base, adapter, out(), "--max-shard-size=1500", "--json"));
    List<String> files = ModelFiles.names(out());
    assertTrue(files.contains("model.safetensors.index.json"), files.toString());
    assertFalse(files.contains("model.safetensors"), files.toString());
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(out())) {
      assertEquals(said.get("files").size(), checkpoint.shards().size());
      assertTrue(checkpoint.shards().size() > 1);
      assertEquals(List.of(), checkpoint.notes(), "index and shards agree");
      for (SafetensorsCheckpoint.Shard shard : checkpoint.shards()) {
        assertTrue(
            shard.file().dataSizeInBytes() <= 1500, shard + " holds at most what was asked for");
        assertEquals(Map.of("format", "pt"), shard.file().metadata());
      }
    }
    assertSame(ModelFiles.contents(whole), ModelFiles.contents(out()));
    // And back to one file, which needs no index.
    Path joined = results.resolve("joined");
    succeeded(
        run(
            "unmerge",
            "--base",
            out(),
            "--adapter",
            adapter,
            "--out",
            joined,
            "--max-shard-size",
            "1GB"));
    assertEquals(List.of("config.json", "model.safetensors"), ModelFiles.names(joined));
  }

  @Test
  void aShardedBaseKeepsItsFilesAndItsIndex() throws IOException {
    PeftFixture fixture = PeftFixture.named("llama_two_layers_sharded");
    succeeded(merge(fixture.base(), fixture.adapter(), out()));
    JsonMapper mapper = JsonMapper.builder().build();
    String index = "model.safetensors.index.json";
    assertEquals(
        mapper.readTree(fixture.base().resolve(index).toFile()).get("weight_map"),
        mapper.readTree(out().resolve(index).toFile()).get("weight_map"));
    assertEquals(ModelFiles.names(fixture.base()), ModelFiles.names(out()));
    // The index itself may be given as the base.
    Path again = results.resolve("again");
    succeeded(merge(fixture.base().resolve(index), fixture.adapter(), again));
    assertSame(ModelFiles.contents(out()), ModelFiles.contents(again));
  }

  @Test
  void aBaseFileGivesItsWeightsAlone() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    succeeded(merge(base, adapter, out()));
    Path fromFile = results.resolve("from-file");
    succeeded(merge(base.resolve("model.safetensors"), adapter, fromFile));
    assertEquals(List.of("model.safetensors"), ModelFiles.names(fromFile));
    assertSame(ModelFiles.contents(out()), ModelFiles.contents(fromFile));
  }
}
