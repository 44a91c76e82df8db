package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.DefinitionOracle;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.PeftFixture;
import io.fourierft.TinyModel;
import io.fourierft.peft.BaseModel;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MergeCommandTest {
  private static final String LAYER = TinyModel.LAYERS.getFirst();

  @TempDir Path folder;

  @Test
  void severalAdaptersAreRoundedOneAfterTheOther() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.BF16);
    Path first = TinyModel.adapter(folder.resolve("first"), 1, TinyModel.LAYERS);
    Path second = TinyModel.adapter(folder.resolve("second"), 2, List.of(LAYER));
    Path out = folder.resolve("out");
    ok("merge", "--base", base, "--adapter", first, "--adapter", second, "--out", out);
    ElementType bf16 = ElementType.BF16;
    double[] expected = weight(base, LAYER);
    for (Path adapter : List.of(first, second)) {
      double[] delta = DefinitionOracle.delta(adapter(base, adapter, LAYER));
      for (int i = 0; i < expected.length; i++) {
        expected[i] = bf16.round((float) expected[i] + (float) delta[i]);
      }
    }
    double[] merged = weight(out, LAYER);
    int equal = 0;
    for (int i = 0; i < expected.length; i++) {
      equal += merged[i] == expected[i] ? 1 : 0;
      // One unit in the last place of a bfloat16 is at most 2^-7 of the number.
      assertEquals(expected[i], merged[i], Math.abs(expected[i]) / 128);
    }
    assertTrue(equal >= expected.length * 98 / 100, equal + " of " + expected.length);
    ok("merge", "--base", base, "--adapter", second, "--adapter", first, "--out", out + "2");
    assertFalse(
        Arrays.equals(merged, weight(Path.of(out + "2"), LAYER)), "the order shows in bfloat16");
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16", "F64"})
  void unmergingComesBackToWithinTheRounding(DType dtype) throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), dtype);
    Path first = TinyModel.adapter(folder.resolve("first"), 1, TinyModel.LAYERS);
    Path second = TinyModel.adapter(folder.resolve("second"), 2, TinyModel.LAYERS);
    Path merged = folder.resolve("merged");
    Path back = folder.resolve("back");
    ok("merge", "--base", base, "--adapter", first, "--adapter", second, "--out", merged);
    ok("unmerge", "--base", merged, "--adapter", first, "--adapter", second, "--out", back);
    double[] before = weight(base, LAYER);
    double error = PeftFixture.relativeError(weight(back, LAYER), before);
    System.out.printf(
        Locale.ROOT, "round trip of merge and unmerge, %s: relative error %.1e%n", dtype, error);
    double bound =
        switch (dtype) {
          case F64 -> 1e-13;
          case F32 -> 1e-6;
          case F16 -> 2e-3;
          default -> 2e-2;
        };
    assertTrue(error <= bound, error + " for " + dtype);
    assertTrue(PeftFixture.relativeError(weight(merged, LAYER), before) > 10 * error);
  }

  @Test
  void safeKeepsNothingOfABrokenMergeAndPlainKeepsAll() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path good = TinyModel.adapter(folder.resolve("good"), 1, TinyModel.LAYERS);
    Path bad =
        TinyModel.adapter(
            folder.resolve("bad"),
            2,
            List.of(TinyModel.LAYERS.getLast()),
            k -> k == 3 ? Double.NaN : 1);
    Path out = folder.resolve("out");
    CommandLineRun refused =
        CommandLineRun.of(
            "merge", "--base", base, "--adapter", good, "--adapter", bad, "--out", out, "--safe");
    assertEquals(1, refused.code());
    assertTrue(refused.err().contains(TinyModel.LAYERS.getLast()), refused.err());
    assertTrue(refused.err().contains("NaN"), refused.err());
    assertEquals(List.of("bad", "base", "good"), names(folder));
    ok("merge", "--base", base, "--adapter", good, "--adapter", bad, "--out", out);
    assertTrue(Double.isNaN(weight(out, TinyModel.LAYERS.getLast())[0]));
  }

  @Test
  void aDryRunChecksEverythingAndWritesNothing() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 1, TinyModel.LAYERS);
    Path out = folder.resolve("out");
    CommandLineRun run =
        ok("merge", "--base", base, "--adapter", adapter, "--out", out, "--dry-run");
    for (String layer : TinyModel.LAYERS) {
      assertTrue(run.out().contains(layer + ".weight"), run.out());
    }
    assertEquals(List.of("adapter", "base"), names(folder));
    JsonNode json =
        json("merge", "--base", base, "--adapter", adapter, "--out", out, "--dry-run", "--json");
    assertTrue(json.get("dry_run").asBoolean());
    assertEquals(3, json.get("edits").size());
    assertEquals(20, json.get("edits").get(0).get("n_frequency").asInt());
    assertEquals(0, json.get("changes").size());
  }

  @Test
  void theReportSaysWhatChangedAndWhatRoundingCost() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F16);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 1, List.of(LAYER));
    JsonNode json =
        json("merge", "--base", base, "--adapter", adapter, "--out", folder.resolve("o"), "--json");
    JsonNode change = json.get("changes").get(0);
    double deltaNorm = norm(DefinitionOracle.delta(adapter(base, adapter, LAYER)));
    double weightNorm = norm(weight(base, LAYER));
    assertEquals(deltaNorm, change.get("delta_norm").asDouble(), 1e-6 * deltaNorm);
    assertEquals(weightNorm, change.get("weight_norm").asDouble(), 1e-9 * weightNorm);
    assertEquals(
        deltaNorm / weightNorm, change.get("relative_change").asDouble(), 1e-6 * deltaNorm);
    double largest = change.get("max_rounding_error").asDouble();
    assertTrue(largest > change.get("mean_rounding_error").asDouble(), "the largest and the mean");
    assertTrue(largest > 1e-5 && largest < 4e-3, "half a unit of an F16: " + largest);
    assertEquals(4, json.get("untouched_tensors").asInt());
  }

  @Test
  void anotherDtypeConvertsEveryFloatTensorAndTheConfiguration() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 1, List.of(LAYER));
    Path out = folder.resolve("out");
    ok("merge", "--base", base, "--adapter", adapter, "--out", out, "--dtype", "bf16");
    try (SafetensorsCheckpoint merged = SafetensorsCheckpoint.open(out)) {
      for (SafetensorsCheckpoint.Location location : merged.tensors().values()) {
        DType expected = location.tensor().name().equals("steps") ? DType.I64 : DType.BF16;
        assertEquals(expected, location.tensor().dtype(), location.tensor().name());
      }
    }
    String config = Files.readString(out.resolve("config.json"));
    assertTrue(config.contains("\"torch_dtype\": \"bfloat16\""), config);
    double[] delta = DefinitionOracle.delta(adapter(base, adapter, LAYER));
    double[] before = weight(base, LAYER);
    double[] merged = weight(out, LAYER);
    for (int i = 0; i < merged.length; i++) {
      // The base is rounded as it is loaded in bfloat16, and the sum once more.
      float sum = ElementType.BF16.round((float) before[i]) + (float) delta[i];
      assertEquals(ElementType.BF16.round(sum), merged[i], Math.abs(sum) / 128);
    }
  }

  @Test
  void aShardSizeSplitsAnewWithAnIndexAndWithoutItShardsStay() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 1, TinyModel.LAYERS);
    Path out = folder.resolve("out");
    ok("merge", "--base", base, "--adapter", adapter, "--out", out, "--max-shard-size", "800B");
    assertTrue(Files.exists(out.resolve("model.safetensors.index.json")));
    assertFalse(Files.exists(out.resolve("model.safetensors")));
    Path again = folder.resolve("again");
    Path none = TinyModel.adapter(folder.resolve("none"), 3, List.of(LAYER), k -> 0);
    ok("merge", "--base", out, "--adapter", none, "--out", again);
    assertEquals(names(out), names(again));
    for (String layer : TinyModel.LAYERS) {
      assertArrayEquals(weight(out, layer), weight(again, layer), layer);
    }
    try (SafetensorsCheckpoint model = SafetensorsCheckpoint.open(again)) {
      assertTrue(model.shards().size() > 1);
      for (SafetensorsCheckpoint.Shard shard : model.shards()) {
        assertTrue(shard.file().dataSizeInBytes() <= 800, shard.fileName());
        assertEquals("TinyModel", shard.file().metadata().get("made_by"));
      }
    }
    // An index given by name, and one file of a model.
    Path index = out.resolve("model.safetensors.index.json");
    ok("merge", "--base", index, "--adapter", none, "--out", folder.resolve("byIndex"));
    Path file = base.resolve("model.safetensors");
    ok("merge", "--base", file, "--adapter", none, "--out", folder.resolve("byFile"));
    assertEquals(List.of("model.safetensors"), names(folder.resolve("byFile")));
  }

  @Test
  void otherFilesComeAlongButNotWeightsOfOtherFormats() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Files.writeString(base.resolve("pytorch_model.bin"), "stale");
    Files.createDirectories(base.resolve("extra"));
    Files.writeString(base.resolve("extra/notes.txt"), "kept");
    Files.createDirectories(base.resolve(".cache"));
    Files.writeString(base.resolve(".cache/thing"), "hidden");
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 1, List.of(LAYER));
    Path out = folder.resolve("out");
    CommandLineRun run = ok("merge", "--base", base, "--adapter", adapter, "--out", out);
    assertEquals(
        List.of("config.json", "extra", "model.safetensors", "tokenizer.json"), names(out));
    assertEquals("kept", Files.readString(out.resolve("extra/notes.txt")));
    assertTrue(run.err().contains("pytorch_model.bin"), run.err());
  }

  @Test
  void whatCannotBeMergedIsRefusedBeforeAnythingIsWritten() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 1, List.of(LAYER));
    Path wide = TinyModel.adapter(folder.resolve("wide"), 1, List.of("model.layers.9.q_proj"));
    Path out = folder.resolve("out");
    refused("nearest", "model.layers", "--base", base, "--adapter", wide, "--out", out);
    refused("outside", "lies in", "--base", base, "--adapter", adapter, "--out", base.resolve("x"));
    refused("around", "lies in", "--base", base, "--adapter", adapter, "--out", folder);
    Path quantized = TinyModel.write(folder.resolve("quantized"), DType.F32);
    Files.writeString(
        quantized.resolve("config.json"),
        "{\"quantization_config\": {\"quant_method\": \"gptq\"}}");
    refused("gptq", "unquantised", "--base", quantized, "--adapter", adapter, "--out", out);
    Path packed = Files.createDirectories(folder.resolve("packed"));
    TinyModel.write(
        packed.resolve("model.safetensors"),
        List.of(
            new TensorDeclaration(
                LAYER + ".weight",
                DType.U8,
                List.of((long) TinyModel.ROWS, (long) TinyModel.COLS))));
    refused("U8", "quantised", "--base", packed, "--adapter", adapter, "--out", out);
    Path pointer = Files.createDirectories(folder.resolve("pointer"));
    Files.writeString(
        pointer.resolve("model.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    refused("pointer", "git lfs pull", "--base", pointer, "--adapter", adapter, "--out", out);
    Path pickle = Files.createDirectories(folder.resolve("pickle"));
    Files.copy(adapter.resolve("adapter_config.json"), pickle.resolve("adapter_config.json"));
    Files.writeString(pickle.resolve("adapter_model.bin"), "cos\nsystem\n");
    refused("pickle", "convert", "--base", base, "--adapter", pickle, "--out", out);
    Path lora = Files.createDirectories(folder.resolve("lora"));
    Files.writeString(lora.resolve("adapter_config.json"), "{\"peft_type\": \"LORA\"}");
    Files.copy(
        adapter.resolve("adapter_model.safetensors"), lora.resolve("adapter_model.safetensors"));
    refused("LORA", "LORA", "--base", base, "--adapter", lora, "--out", out);
    assertFalse(Files.exists(out));
    assertTrue(names(folder).stream().noneMatch(name -> name.startsWith(".")), "no leftovers");
  }

  @Test
  void tiedEmbeddingsAreSaid() throws IOException {
    Path base = Files.createDirectories(folder.resolve("base"));
    TinyModel.write(
        base.resolve("model.safetensors"),
        List.of(
            new TensorDeclaration(
                "model.embed_tokens.weight",
                DType.F32,
                List.of((long) TinyModel.ROWS, (long) TinyModel.COLS))));
    Files.writeString(base.resolve("config.json"), "{\"tie_word_embeddings\": true}");
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 1, List.of("model.embed_tokens"));
    CommandLineRun run =
        ok("merge", "--base", base, "--adapter", adapter, "--out", folder.resolve("out"));
    assertTrue(run.err().contains("tie_word_embeddings"), run.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bias_all_and_saved_head", "bias_fourier_only"})
  void whatAnAdapterCarriesWholeReplacesTheBases(String name) throws IOException {
    Path peftCase = PeftFixture.root().resolveSibling("peft").resolve("adapters").resolve(name);
    Path out = folder.resolve("out");
    ok(
        "merge",
        "--base",
        peftCase.resolve("base"),
        "--adapter",
        peftCase.resolve("adapter"),
        "--out",
        out);
    try (SafetensorsFile file =
            SafetensorsFile.open(peftCase.resolve("adapter/adapter_model.safetensors"));
        SafetensorsCheckpoint base = SafetensorsCheckpoint.open(peftCase.resolve("base"));
        SafetensorsCheckpoint merged = SafetensorsCheckpoint.open(out)) {
      Map<String, ExtraTensor> replacements =
          PeftAdapter.load(peftCase.resolve("adapter"))
              .resolve(BaseModel.of(base, null), ResolveOptions.defaults())
              .replacements();
      assertFalse(replacements.isEmpty());
      replacements.forEach(
          (tensor, extra) ->
              assertArrayEquals(
                  PeftFixture.doubles(file, extra.key()),
                  PeftFixture.doubles(merged.find(tensor).orElseThrow().shard().file(), tensor),
                  tensor));
    }
  }

  private CommandLineRun ok(Object... arguments) {
    CommandLineRun run = CommandLineRun.of(arguments);
    assertEquals(0, run.code(), run.err());
    return run;
  }

  private JsonNode json(Object... arguments) throws IOException {
    return new ObjectMapper().readTree(ok(arguments).out());
  }

  private void refused(String what, String says, Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = "merge";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    CommandLineRun run = CommandLineRun.of(all);
    assertEquals(1, run.code(), what);
    assertTrue(run.err().contains(says), what + ": " + run.err());
    assertFalse(run.err().contains("\tat "), "no stack trace: " + run.err());
  }

  private static FourierAdapter adapter(Path base, Path adapter, String layer) throws IOException {
    try (SafetensorsCheckpoint model = SafetensorsCheckpoint.open(base)) {
      return PeftAdapter.load(adapter)
          .resolve(BaseModel.of(model, "llama"), ResolveOptions.defaults())
          .modules()
          .stream()
          .filter(module -> module.path().equals(layer))
          .findFirst()
          .orElseThrow()
          .adapter();
    }
  }

  private static double[] weight(Path model, String layer) throws IOException {
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(model)) {
      String name = layer + ".weight";
      return PeftFixture.doubles(checkpoint.find(name).orElseThrow().shard().file(), name);
    }
  }

  private static double norm(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  private static List<String> names(Path path) throws IOException {
    try (Stream<Path> list = Files.list(path)) {
      return list.map(each -> each.getFileName().toString()).sorted().toList();
    }
  }
}
