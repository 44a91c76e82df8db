package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fourierft.ModelFiles;
import io.fourierft.PeftFixture;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The LoRA folders that to-lora writes, against torch's singular values of PEFT's own deltas. */
class ToLoraCommandTest extends ModelCommandTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private static List<PeftFixture> fixtures() {
    return PeftFixture.all();
  }

  private CommandLineRun toLora(Path base, Path adapter, int rank, Object... more) {
    List<Object> all =
        new ArrayList<>(
            List.of(
                "to-lora", "--base", base, "--adapter", adapter, "--out", out(), "--rank", rank));
    all.addAll(List.of(more));
    return CommandLineRun.of(all.toArray());
  }

  private JsonNode config() throws IOException {
    return MAPPER.readTree(out().resolve("adapter_config.json").toFile());
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void theFactorsAreTheBestOfTheirRank(PeftFixture fixture) throws IOException {
    JsonNode torch =
        MAPPER
            .readTree(PeftFixture.resources().resolve("peft/lora/singular_values.json").toFile())
            .get(fixture.name());
    int rank = 7;
    JsonNode report = json(toLora(fixture.base(), fixture.adapter(), rank, "--json"));
    try (SafetensorsFile expected = fixture.expected();
        SafetensorsFile written =
            SafetensorsFile.open(out().resolve("adapter_model.safetensors"))) {
      assertEquals(torch.size(), report.get("modules").size());
      for (JsonNode module : report.get("modules")) {
        String path = module.get("module").asText();
        double[] values = MAPPER.convertValue(torch.get(path), double[].class);
        double whole = sumOfSquares(values, 0);
        double left = sumOfSquares(values, rank);
        double[] delta = PeftFixture.doubles(expected, path + ".delta64");
        double distance = distance(delta, written, "base_model.model." + path);
        assertEquals(Math.sqrt(left / whole), distance / Math.sqrt(whole), 1e-6, path);
        assertEquals(1 - left / whole, module.get("kept_energy").asDouble(), 1e-7, path);
        assertEquals(Math.sqrt(whole), module.get("delta_norm").asDouble(), 1e-6 * whole, path);
      }
    }
  }

  private static double sumOfSquares(double[] values, int from) {
    return Arrays.stream(values, Math.min(from, values.length), values.length)
        .map(value -> value * value)
        .sum();
  }

  /** {@code ‖ΔW − B·A‖}. */
  private static double distance(double[] delta, SafetensorsFile file, String module) {
    float[] a = PeftFixture.floats(file, module + ".lora_A.weight");
    float[] b = PeftFixture.floats(file, module + ".lora_B.weight");
    int rank = Math.toIntExact(file.tensor(module + ".lora_A.weight").shape().getFirst());
    int cols = a.length / rank;
    double squares = 0;
    for (int i = 0; i < delta.length; i++) {
      double difference = delta[i];
      for (int r = 0; r < rank; r++) {
        difference -= (double) b[i / cols * rank + r] * a[r * cols + i % cols];
      }
      squares += difference * difference;
    }
    return Math.sqrt(squares);
  }

  @Test
  void theConfigurationIsThatOfALora() throws IOException {
    PeftFixture conv1d = PeftFixture.named("conv1d_gpt2");
    succeeded(toLora(conv1d.base(), conv1d.adapter(), 4));
    JsonNode config = config();
    assertEquals("LORA", config.get("peft_type").asText());
    assertTrue(config.get("fan_in_fan_out").asBoolean());
    assertEquals("openai-community/gpt2", config.get("base_model_name_or_path").asText());
    assertEquals("[\"c_attn\",\"c_proj\"]", config.get("target_modules").toString());
    assertEquals(4, config.get("r").asInt());
    assertEquals(4, config.get("lora_alpha").asInt());
    assertEquals("none", config.get("bias").asText());
    assertEquals("{}", config.get("rank_pattern").toString());
    assertFalse(config.has("n_frequency"));
  }

  /** A delta of few coefficients has a low rank, and gets no more. */
  @Test
  void lowerRanksStandInAPattern() throws IOException {
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("two"),
            10,
            20,
            5,
            "[\"q_proj\", \"v_proj\"]",
            ", \"n_frequency_pattern\": {\"v_proj\": 1}",
            ModelFiles.spectrum(QUERY, DType.F32, TEN),
            ModelFiles.spectrum(VALUE, DType.F32, new float[] {1}));
    JsonNode report = json(toLora(base(DType.F32), adapter, 5, "--json"));
    int lower = report.get("modules").get(1).get("rank").asInt();
    assertTrue(lower == 1 || lower == 2, report.toString());
    JsonNode config = config();
    String key = "^" + VALUE.replace(".", "\\.");
    assertEquals(lower, config.get("rank_pattern").get(key).asInt(), config.toString());
    assertEquals(config.get("rank_pattern"), config.get("alpha_pattern"));
    assertEquals(1, config.get("rank_pattern").size());
    assertEquals(5, config.get("r").asInt());
  }

  @Test
  void tensorsSavedWholeComeAlong() throws IOException {
    Path adapter =
        queryAdapter(
            "adapter",
            ", \"modules_to_save\": [\"norm\"], \"bias\": \"fourier_only\"",
            TEN,
            ModelFiles.vector("base_model.model.model.norm.weight", DType.F16, 12, 4));
    succeeded(toLora(base(DType.F32), adapter, 3));
    assertEquals("[\"norm\"]", config().get("modules_to_save").toString());
    assertEquals("lora_only", config().get("bias").asText());
    try (SafetensorsFile before =
            SafetensorsFile.open(adapter.resolve("adapter_model.safetensors"));
        SafetensorsFile after = SafetensorsFile.open(out().resolve("adapter_model.safetensors"))) {
      String key = "base_model.model.model.norm.weight";
      assertEquals(-1, before.data(key).mismatch(after.data(key)));
      assertEquals(DType.F16, after.tensor(key).dtype());
    }
  }

  @Test
  void ranksFollowTheEnergyAndTooLittleIsRefused() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    JsonNode report = json(toLora(base, adapter, 12, "--energy", 0.6, "--json"));
    for (JsonNode module : report.get("modules")) {
      assertTrue(module.get("rank").asInt() < 12, report.toString());
      assertTrue(module.get("kept_energy").asDouble() >= 0.6, report.toString());
    }
    String text = succeeded(toLora(base, adapter, 2, "--overwrite"));
    assertTrue(text.contains("kept of |dW|^2") && text.contains(" %"), text);
    CommandLineRun again = toLora(base, adapter, 2);
    assertEquals(1, again.code());
    assertTrue(again.err().contains("--overwrite"), again.err());
    ModelFiles.delete(out());
    refused(
        toLora(base, adapter, 2, "--min-energy", 0.99),
        "2 of 2 modules keep less than 0.99",
        "--min-energy",
        "at rank 2");
  }

  @Test
  void whatCannotBeIsRefused() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.BF16);
    for (Object[] options :
        List.of(
            new Object[] {"--rank is", 0},
            new Object[] {"--energy is", 4, "--energy", "1.5"},
            new Object[] {"--min-energy is", 4, "--min-energy", "NaN"})) {
      CommandLineRun run =
          toLora(base, adapter, (int) options[1], Arrays.copyOfRange(options, 2, options.length));
      assertEquals(2, run.code(), run.err());
      assertTrue(run.err().contains(options[0].toString()), run.err());
    }
    refused(toLora(base, adapter, 4, "--no-autocast-adapter-dtype"), "rounded to BF16", QUERY);
    refused(
        toLora(base, queryAdapter("broken", "", new float[] {1, Float.NaN}), 4),
        "not finite",
        QUERY);
    CommandLineRun onto =
        CommandLineRun.of(
            "to-lora",
            "--base",
            base,
            "--adapter",
            adapter,
            "--out",
            adapter,
            "--rank",
            4,
            "--overwrite");
    assertEquals(1, onto.code());
    assertTrue(onto.err().contains("is the adapter that is to be converted"), onto.err());
    assertTrue(Files.readString(adapter.resolve("adapter_config.json")).contains("FOURIERFT"));
  }
}
