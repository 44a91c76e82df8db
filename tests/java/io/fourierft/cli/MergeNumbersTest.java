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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What merge and unmerge do to the numbers of a model: formats, rounding, order, --safe. */
class MergeNumbersTest extends ModelCommandTest {
  @Test
  void aRewrittenConfigurationKeepsItsInfinity() throws IOException {
    Path base =
        base(
            "base",
            DType.F32,
            "{\"model_type\": \"mamba2\", \"dtype\": \"float32\","
                + " \"time_step_limit\": [0.0, Infinity]}");
    succeeded(merge(base, adapter("adapter", 1, DType.F32), out(), "--dtype", "bf16"));
    String config = Files.readString(out().resolve("config.json"));
    assertTrue(config.contains("bfloat16"), config);
    assertTrue(config.contains("Infinity") && !config.contains("\"Infinity\""), config);
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
}
