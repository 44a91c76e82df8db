package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fourierft.DefinitionOracle;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.PeftFixture;
import io.fourierft.SpectralLocations;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What each option of merge and unmerge does to the output. */
class MergeOptionsTest extends ModelCommandTest {
  private static final float[] TEN = ModelFiles.normal(10, 1, 9);

  private Path out() {
    return results.resolve("merged");
  }

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

  @ParameterizedTest
  @CsvSource({
    "F32, f16, float16",
    "F32, BF16, bfloat16",
    "BF16, f32, float32",
    "F16, bf16, bfloat16",
    "F64, f32, float32"
  })
  void dtypeConvertsEveryFloatingPointTensor(DType from, String dtype, String name)
      throws IOException {
    Path base = base("base", from, CONFIG);
    Path adapter = adapter("adapter", 1, DType.F32);
    succeeded(merge(base, adapter, out(), "--dtype", dtype));
    DType to = DType.valueOf(dtype.toUpperCase(Locale.ROOT));
    ElementType type = ElementType.valueOf(to.toString());
    for (String tensor : List.of("model.embed_tokens.weight", "model.norm.weight")) {
      assertEquals(to, ModelFiles.dtype(out(), tensor));
      double[] before = ModelFiles.elements(base, tensor);
      double[] after = ModelFiles.elements(out(), tensor);
      for (int i = 0; i < before.length; i++) {
        assertEquals((double) type.round((float) before[i]), after[i], tensor);
      }
    }
    assertEquals(DType.I32, ModelFiles.dtype(out(), "model.position_ids"));
    assertArrayEquals(
        ModelFiles.contents(base).get("model.position_ids"),
        ModelFiles.contents(out()).get("model.position_ids"));
    // As loading the base in that format and merging then: the weight is rounded, the delta added,
    // the sum rounded once.
    double[] before = ModelFiles.elements(base, QUERY + ".weight");
    double[] after = ModelFiles.elements(out(), QUERY + ".weight");
    double[] delta = delta(QUERY, 24, 12, 1);
    int equal = 0;
    for (int i = 0; i < before.length; i++) {
      float sum = (float) (type.round((float) before[i]) + delta[i]);
      equal += type.round(sum) == (float) after[i] ? 1 : 0;
      assertEquals(sum, after[i], Math.abs(sum) * 0x1p-8 + 1e-6);
    }
    assertTrue(to == DType.F32 || equal >= 0.99 * before.length, equal + " are equal");
    JsonNode config = JsonMapper.builder().build().readTree(out().resolve("config.json").toFile());
    assertEquals(name, config.get("torch_dtype").asText());
    assertEquals(12, config.get("hidden_size").asInt());
    assertFalse(config.has("dtype"), "no key is added");
  }

  private static double[] delta(String module, int rows, int cols, long seed) {
    float[] spectrum = ModelFiles.normal(10, 1, module.equals(QUERY) ? seed : seed + 1);
    return DefinitionOracle.delta(
        FourierAdapter.of(SpectralLocations.of(rows, cols, 10, seed), spectrum, 20));
  }

  @Test
  void keepLeavesConfigByteForByte() throws IOException {
    Path base = base(DType.BF16);
    succeeded(merge(base, adapter("adapter", 1, DType.F32), out(), "--dtype", "keep"));
    assertEquals(CONFIG, Files.readString(out().resolve("config.json")));
  }

  @Test
  void adaptersAreRoundedOneAfterTheOtherSoTheirOrderMatters() throws IOException {
    Path base = base(DType.BF16);
    Path first = adapter("first", 1, DType.F32);
    Path second = adapter("second", 40, DType.F32);
    succeeded(merge(base, first, out(), "--adapter", second));
    Path reversed = results.resolve("reversed");
    succeeded(merge(base, second, reversed, "--adapter", first));
    Path one = results.resolve("one");
    succeeded(merge(base, first, one));
    Path then = results.resolve("then");
    succeeded(merge(one, second, then));
    assertSame(ModelFiles.contents(then), ModelFiles.contents(out()));
    double[] forward = ModelFiles.elements(out(), QUERY + ".weight");
    double[] backward = ModelFiles.elements(reversed, QUERY + ".weight");
    assertFalse(Arrays.equals(forward, backward), "the order shows in BF16");
    // PEFT's rule, spelled out: one rounding for each adapter.
    double[] weight = ModelFiles.elements(base, QUERY + ".weight");
    double[] firstDelta = delta(QUERY, 24, 12, 1);
    double[] secondDelta = delta(QUERY, 24, 12, 40);
    int equal = 0;
    for (int i = 0; i < weight.length; i++) {
      float step = ElementType.BF16.round((float) weight[i] + (float) firstDelta[i]);
      equal += ElementType.BF16.round(step + (float) secondDelta[i]) == forward[i] ? 1 : 0;
    }
    assertTrue(equal >= 0.99 * weight.length, equal + " of " + weight.length + " are equal");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void unmergeComesBackToWithinTheFormatsRounding(DType dtype) throws IOException {
    Path base = base(dtype);
    Path first = adapter("first", 1, DType.F32);
    Path second = adapter("second", 40, DType.F32);
    succeeded(merge(base, first, out(), "--adapter", second));
    Path back = results.resolve("back");
    succeeded(
        run("unmerge", "--base", out(), "--adapter", first, "--adapter", second, "--out", back));
    double worst = 0;
    double error = 0;
    double norm = 0;
    int same = 0;
    int count = 0;
    for (String name : List.of(QUERY + ".weight", VALUE + ".weight")) {
      double[] before = ModelFiles.elements(base, name);
      double[] after = ModelFiles.elements(back, name);
      double[] between = ModelFiles.elements(out(), name);
      assertTrue(PeftFixture.relativeError(between, before) > 0.01, "the merge changed something");
      for (int i = 0; i < before.length; i++) {
        worst = Math.max(worst, Math.abs(after[i] - before[i]));
        error += (after[i] - before[i]) * (after[i] - before[i]);
        norm += before[i] * before[i];
        same += before[i] == after[i] ? 1 : 0;
        count++;
      }
    }
    double relative = Math.sqrt(error / norm);
    System.out.printf(
        Locale.ROOT,
        "unmerge  %-4s two adapters in and out: relative Frobenius error %.2e,"
            + " largest %.2e (weights of deviation 0.05), %.1f%% restored bit for bit%n",
        dtype,
        relative,
        worst,
        100.0 * same / count);
    double bound =
        switch (dtype) {
          case F32 -> 3e-7;
          case F16 -> 2e-3;
          default -> 2e-2;
        };
    assertTrue(relative <= bound, "relative error " + relative);
    assertTrue(same < count, "not every bit comes back, as the help says");
    // In reverse order: taking them off in the order given is something else.
    Path step = results.resolve("step");
    succeeded(run("unmerge", "--base", out(), "--adapter", second, "--out", step));
    Path both = results.resolve("both");
    succeeded(run("unmerge", "--base", step, "--adapter", first, "--out", both));
    assertSame(ModelFiles.contents(both), ModelFiles.contents(back));
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity", "-Infinity"})
  void safeWritesAllOrNothing(float bad) throws IOException {
    Path base = base(DType.F32);
    Path good = adapter("good", 1, DType.F32);
    float[] spectrum = TEN.clone();
    spectrum[3] = bad;
    Path broken = queryAdapter("broken", "", spectrum);
    refused(
        merge(base, good, out(), "--adapter", broken, "--safe"),
        QUERY + ".weight",
        broken.toString(),
        "NaN or infinite",
        "Nothing was written");
    CommandLineRun run = merge(base, good, out(), "--adapter", broken, "--json");
    JsonNode root = json(run);
    assertEquals(1, root.get("notes").size(), root.get("notes").toString());
    assertTrue(root.get("notes").get(0).asText().contains("not finite"));
    JsonNode change = root.get("changes").get(1);
    assertEquals(broken.toString(), change.get("adapter").asText());
    assertEquals(24 * 12, change.get("non_finite").asInt());
    assertTrue(change.get("delta_norm").isTextual(), "JSON has no NaN: it is a string");
    for (double element : ModelFiles.elements(out(), QUERY + ".weight")) {
      assertFalse(Double.isFinite(element));
    }
    for (double element : ModelFiles.elements(out(), VALUE + ".weight")) {
      assertTrue(Double.isFinite(element));
    }
    Path safe = results.resolve("safe");
    succeeded(merge(base, good, safe, "--safe"));
  }

  @Test
  void safeLooksAtReplacedTensorsToo() throws IOException {
    Tensor broken =
        ModelFiles.tensor(
            "base_model.model.model.norm.weight",
            DType.F32,
            List.of(12L),
            1,
            2,
            3,
            Float.NaN,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12);
    Path adapter = queryAdapter("adapter", ", \"modules_to_save\": [\"norm\"]", TEN, broken);
    Path base = base(DType.F32);
    refused(
        merge(base, adapter, out(), "--safe"), "1 of 12", "model.norm.weight", adapter.toString());
    succeeded(merge(base, adapter, out()));
  }

  @Test
  void safeRefusesAConversionThatOverflows() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            CONFIG,
            ModelFiles.matrix(QUERY + ".weight", DType.F32, 24, 12, 0.05, 2),
            ModelFiles.tensor(
                "mask", DType.F32, List.of(3L), Float.NEGATIVE_INFINITY, 0, Float.NaN),
            ModelFiles.tensor("large", DType.F32, List.of(3L), 1, 70000, Float.POSITIVE_INFINITY));
    Path adapter = queryAdapter("adapter", "", TEN);
    refused(merge(base, adapter, out(), "--dtype=f16", "--safe"), "1 of 3", "large", "F16");
    // What the base itself holds is its own affair.
    succeeded(merge(base, adapter, out(), "--dtype=bf16", "--safe"));
  }

  @Test
  void tiedEmbeddingsAreSaid() throws IOException {
    Path base =
        base("base", DType.F32, "{\"model_type\": \"llama\", \"tie_word_embeddings\": true}");
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            10,
            1,
            1,
            "[\"embed_tokens\"]",
            "",
            ModelFiles.spectrum("model.embed_tokens", DType.F32, TEN));
    CommandLineRun run = merge(base, adapter, out());
    succeeded(run);
    assertTrue(
        run.err().contains("tie_word_embeddings") && run.err().contains("model.embed_tokens"),
        run.err());
    CommandLineRun other = merge(base, queryAdapter("query", "", TEN), results.resolve("other"));
    succeeded(other);
    assertFalse(other.err().contains("tie_word_embeddings"), other.err());
  }

  @Test
  void companionsComeAlongAndOtherWeightsDoNot() throws IOException {
    Path base = base(DType.F32);
    for (String kept :
        List.of("tokenizer.json", "generation_config.json", "LICENSE", "original/params.json")) {
      Path file = base.resolve(kept);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "the text of " + kept);
    }
    for (String left :
        List.of(
            "pytorch_model.bin",
            "tf_model.h5",
            "model.gguf",
            "onnx/model.onnx",
            "original/consolidated.00.pth",
            "adapter.safetensors",
            ".gitattributes")) {
      Path file = base.resolve(left);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "old");
    }
    CommandLineRun run = merge(base, adapter("adapter", 1, DType.F32), out());
    succeeded(run);
    assertEquals(
        List.of(
            "LICENSE",
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "original",
            "tokenizer.json"),
        ModelFiles.names(out()));
    assertEquals("the text of LICENSE", Files.readString(out().resolve("LICENSE")));
    assertEquals(List.of("params.json"), ModelFiles.names(out().resolve("original")));
    assertTrue(run.err().contains("were not copied"), run.err());
    for (String left : List.of("pytorch_model.bin", "model.onnx", "consolidated.00.pth")) {
      assertTrue(run.err().contains(left), left + " in: " + run.err());
    }
  }

  @Test
  void savedModulesAndBiasesReplaceTheBases() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            CONFIG,
            ModelFiles.matrix(QUERY + ".weight", DType.BF16, 24, 12, 0.05, 2),
            ModelFiles.vector(QUERY + ".bias", DType.BF16, 24, 3),
            ModelFiles.matrix("score.weight", DType.BF16, 2, 12, 0.05, 4),
            ModelFiles.tensor("score.ids", DType.I32, List.of(3L), 1, 2, 3));
    Tensor bias =
        ModelFiles.vector("base_model.model." + QUERY + ".base_layer.bias", DType.BF16, 24, 33);
    Tensor score = ModelFiles.matrix("base_model.model.score.weight", DType.F32, 2, 12, 1, 44);
    Tensor ids = ModelFiles.tensor("base_model.model.score.ids", DType.I32, List.of(3L), 7, 8, 9);
    Path adapter =
        queryAdapter(
            "adapter",
            ", \"bias\": \"fourierft_only\", \"modules_to_save\": [\"score\"]",
            TEN,
            bias,
            ids,
            score);
    JsonNode root = json(merge(base, adapter, out(), "--json", "--safe"));
    assertArrayEquals(ids.bytes(), ModelFiles.contents(out()).get("score.ids"));
    assertArrayEquals(bias.bytes(), ModelFiles.contents(out()).get(QUERY + ".bias"));
    assertEquals(DType.BF16, ModelFiles.dtype(out(), "score.weight"), "the base's format stays");
    float[] wanted = ModelFiles.normal(24, 1, 44);
    double[] found = ModelFiles.elements(out(), "score.weight");
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(ElementType.BF16.round(wanted[i]), (float) found[i]);
    }
    int replaced = 0;
    for (JsonNode edit : root.get("edits")) {
      replaced += edit.get("kind").asText().equals("replaced") ? 1 : 0;
    }
    assertEquals(3, replaced);
    CommandLineRun back =
        run("unmerge", "--base", out(), "--adapter", adapter, "--out", results.resolve("back"));
    succeeded(back);
    assertTrue(back.err().contains("it had replaced 3 tensors whole"), back.err());
  }

  @Test
  void withoutAutocastTheDeltaIsRoundedToTheCoefficientsFormat() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.BF16);
    Path deltas = results.resolve("deltas.safetensors");
    Path rounded = results.resolve("rounded.safetensors");
    succeeded(run("delta", "--base", base, "--adapter", adapter, "--out", deltas));
    succeeded(
        run(
            "delta",
            "--base",
            base,
            "--adapter",
            adapter,
            "--out",
            rounded,
            "--no-autocast-adapter-dtype"));
    double[] full = ModelFiles.elements(deltas, QUERY + ".delta");
    double[] low = ModelFiles.elements(rounded, QUERY + ".delta");
    int changed = 0;
    for (int i = 0; i < full.length; i++) {
      assertEquals((double) ElementType.BF16.round((float) full[i]), low[i]);
      changed += full[i] == low[i] ? 0 : 1;
    }
    assertTrue(changed > full.length / 2, changed + " are rounded");
    succeeded(merge(base, adapter, out(), "--no-autocast-adapter-dtype"));
    double[] before = ModelFiles.elements(base, QUERY + ".weight");
    double[] after = ModelFiles.elements(out(), QUERY + ".weight");
    for (int i = 0; i < before.length; i++) {
      assertEquals((double) (float) (before[i] + low[i]), after[i]);
    }
    Path cast = results.resolve("cast");
    succeeded(merge(base, adapter, cast, "--autocast-adapter-dtype"));
    assertNotEquals(
        Arrays.hashCode(after), Arrays.hashCode(ModelFiles.elements(cast, QUERY + ".weight")));
  }

  @Test
  void aVeryLargeLayerIsWarnedOfUnlessTheShuffleIsSaid() throws IOException {
    int rows = 16384;
    int cols = 13108;
    long bytes = 2L * rows * cols;
    Path base = Files.createDirectory(folder.resolve("large"));
    byte[] header =
        "{\"a.q_proj.weight\":{\"dtype\":\"BF16\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}"
            .formatted(rows, cols, bytes)
            .getBytes(StandardCharsets.UTF_8);
    try (FileChannel file =
        FileChannel.open(
            base.resolve("model.safetensors"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE)) {
      byte[] start = new byte[8 + header.length];
      start[0] = (byte) header.length;
      System.arraycopy(header, 0, start, 8, header.length);
      file.write(ByteBuffer.wrap(start));
      file.write(ByteBuffer.wrap(new byte[1]), start.length + bytes - 1);
    }
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            4,
            1,
            1,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("a.q_proj", DType.F32, 1, 2, 3, 4));
    JsonNode warned = json(merge(base, adapter, out(), "--dry-run", "--json"));
    assertEquals(1, warned.get("notes").size(), warned.toString());
    String note = warned.get("notes").get(0).asText();
    assertTrue(
        note.contains("214761472 elements")
            && note.contains("torch before 2025")
            && note.contains("--legacy-randperm"),
        note);
    JsonNode told = json(merge(base, adapter, out(), "--dry-run", "--json", "--legacy-randperm"));
    assertEquals(0, told.get("notes").size(), told.toString());
  }

  private static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
  }
}
