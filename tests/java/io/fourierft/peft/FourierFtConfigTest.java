package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of {@code adapter_config.json}. */
class FourierFtConfigTest {
  @Test
  void missingKeysHavePeftsDefaults() {
    FourierFtConfig config = config("");
    assertEquals(FourierFtConfig.builder().build(), config);
    assertEquals(1000, config.nFrequency());
    assertEquals(150.0, config.scaling());
    assertEquals(BigInteger.valueOf(777), config.randomLocSeed());
    assertNull(config.targetModules());
    assertEquals("none", config.bias());
    assertEquals(Map.of(), config.nFrequencyPattern());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"n_frequency\": 0 | n_frequency should be a positive integer, but is 0",
        "\"n_frequency\": -3 | n_frequency should be a positive integer",
        "\"n_frequency\": 10.5 | n_frequency is 10.5; give an integer",
        "\"n_frequency\": 10.0 | n_frequency is 10.0; give an integer",
        "\"n_frequency\": true | n_frequency is true",
        "\"n_frequency\": null | n_frequency is null",
        "\"n_frequency\": \"10\" | n_frequency is \"10\"",
        "\"n_frequency\": 2147483648 | n_frequency is 2147483648; give an integer up to",
        "\"scaling\": null | scaling is null; give a number",
        "\"scaling\": \"3\" | scaling is \"3\"",
        "\"scaling\": 1e39 | no finite float32",
        "\"scaling\": 1e999999 | no finite float32",
        "\"scaling\": NaN | is not valid JSON",
        "\"random_loc_seed\": null | random_loc_seed is null",
        "\"random_loc_seed\": 7.0 | random_loc_seed is 7.0",
        "\"random_loc_seed\": 18446744073709551616 | outside what torch takes",
        "\"random_loc_seed\": -9223372036854775809 | outside what torch takes",
        "\"bias\": \"weird\" | bias 'weird' is not implemented",
        "\"bias\": null | bias is null",
        "\"task_type\": \"CHAT\" | task_type 'CHAT' is invalid",
        "\"target_modules\": 3 | target_modules is 3; give a list of strings",
        "\"target_modules\": [\"q\", 3] | target_modules holds 3",
        "\"exclude_modules\": {} | exclude_modules is {}",
        "\"modules_to_save\": \"head\" | modules_to_save is \"head\"; give a list",
        "\"target_modules\": \"q\", \"layers_to_transform\": [] | layers_to_transform cannot be"
            + " used",
        "\"target_modules\": \"q\", \"layers_to_transform\": 0 | layers_to_transform cannot be"
            + " used",
        "\"target_modules\": \"q\", \"layers_pattern\": \"h\" | layers_pattern cannot be used",
        "\"layers_pattern\": \"h\" | layers_pattern is [h] but layers_to_transform is empty",
        "\"layers_to_transform\": \"1\" | layers_to_transform is \"1\"",
        "\"layers_to_transform\": [1.5] | layers_to_transform is 1.5",
        "\"n_frequency_pattern\": [] | n_frequency_pattern is []",
        "\"n_frequency_pattern\": {\"q\": 0} | n_frequency_pattern entry 'q' should be a positive",
        "\"n_frequency_pattern\": {\"q\": 1.0} | n_frequency_pattern['q'] is 1.0",
        "\"n_frequency_pattern\": {\"q\": 1, \"q\": 2} | Duplicate field 'q'",
        "\"fan_in_fan_out\": 1 | fan_in_fan_out is 1; give true or false",
        "\"inference_mode\": \"true\" | inference_mode is \"true\"",
        "\"auto_mapping\": \"x\" | auto_mapping is \"x\"; give an object or null",
        "\"revision\": 3 | revision is 3; give a string or null",
        "\"scaling\": 1e99999999999 | the number 1e99999999999 has an exponent that nothing can",
        "\"scaling\": 0.1e-2147483648 | the number 0.1e-2147483648 has an exponent that nothing",
        "\"unknown\": [1E+0002147483647] | the number 1E+0002147483647 has an exponent that",
        "\"scaling\": 1.0, \"scaling\": 2.0 | Duplicate field 'scaling'"
      })
  void aBadValueIsRefusedByNameWithFileAndRemedy(String entry, String message) {
    String e = Refusal.of(() -> config(", " + entry));
    assertTrue(e.startsWith("some/adapter_config.json"), e);
    assertTrue(e.contains(message), e);
  }

  @ParameterizedTest
  @ValueSource(strings = {"scaling", "n_frequency", "random_loc_seed", "unknown"})
  void aNumberOfMillionsOfDigitsIsRefusedAtOnce(String key) {
    String digits = "9".repeat(3_000_000);
    for (String number : List.of(digits, "0." + digits, "-" + digits + "e5")) {
      String e = Refusal.of(() -> config(", \"" + key + "\": " + number));
      assertTrue(e.contains("Number value length"), e);
      assertTrue(e.length() < 500);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | peft_type is missing",
        "{\"peft_type\": null} | peft_type is missing",
        "{\"peft_type\": \"LORA\"} | peft_type is \"LORA\", not \"FOURIERFT\"; this library",
        "{\"peft_type\": \"fourierft\"} | peft_type is \"fourierft\", not \"FOURIERFT\"; write it"
            + " in upper",
        "{\"peft_type\": 3} | peft_type is 3",
        "[] | holds no JSON object, but []",
        "`` | is empty, not JSON",
        "{\"peft_type\": \"FOURIERFT\"} x | is not valid JSON",
        "{\"peft_type\": \"FOURIERFT\" | is not valid JSON",
        "version https://git-lfs.github.com/spec/v1 | is a git-LFS pointer"
      })
  void aFileOfAnotherKindIsRefused(String json, String message) {
    String e = Refusal.of(() -> FourierFtConfig.parse(json, "file.json"));
    assertTrue(e.contains("file.json"), e);
    assertTrue(e.contains(message), e);
  }

  @ParameterizedTest
  @CsvSource({
    "-1,-1",
    "777,777",
    "4294968073,4294968073",
    "9223372036854775808,-9223372036854775808",
    "18446744073709551615,-1",
    "-9223372036854775808,-9223372036854775808"
  })
  void everySeedOfTorchIsTaken(String seed, long bits) {
    FourierFtConfig config = config(", \"random_loc_seed\": " + seed);
    assertEquals(bits, config.seedBits());
    assertTrue(config.toJson().contains("\"random_loc_seed\": " + seed));
  }

  @Test
  void odditiesThatPeftAcceptsBecomeNotes() {
    ConfigDocument document =
        parse(
            ", \"scaling\": 300, \"n_frequency_pattern\": null, \"future\": {\"b\": 1.50, \"a\":"
                + " [1]}, \"runtime_config\": {}, \"init_weights\": null");
    assertEquals(300.0, document.config().scaling());
    assertEquals(
        Map.of("future", "{\n  \"a\": [\n    1\n  ],\n  \"b\": 1.50\n}"),
        document.config().unknownKeys());
    assertEquals(4, document.notes().size(), document.notes().toString());
    String json = document.config().toJson();
    assertTrue(json.contains("\"n_frequency_pattern\": {}"), json);
    assertTrue(json.contains("\"future\": {\n    \"a\": [\n      1\n    ],\n    \"b\": 1.5"), json);
    assertTrue(!json.contains("runtime_config"), json);
  }

  @Test
  void nullIsFalseAndANumberIsAListOfOne() {
    ConfigDocument document = parse(", \"fan_in_fan_out\": null, \"layers_to_transform\": 0");
    assertFalse(document.config().fanInFanOut());
    assertTrue(document.notes().toString().contains("fan_in_fan_out is null and taken as false"));
    assertEquals(List.of(0), document.config().layersToTransform());
  }

  @Test
  void aRefusalCutsWhatIsLongerThanSixtyCharacters() {
    String longest = "\"" + "x".repeat(58) + "\"";
    Refusal.says(() -> parse(", \"scaling\": " + longest), "scaling is " + longest + ";");
    String longer = "\"" + "x".repeat(59) + "\"";
    Refusal.says(
        () -> parse(", \"scaling\": " + longer),
        "scaling is " + longer.substring(0, 57) + "...; give a number");
  }

  @Test
  void theOrderOfThePatternIsThatOfTheFile() {
    FourierFtConfig config = config(", \"n_frequency_pattern\": {\"q\": 3, \"0.q\": 4, \"a\": 5}");
    assertEquals(List.of("q", "0.q", "a"), new ArrayList<>(config.nFrequencyPattern().keySet()));
  }

  @Test
  void savingWritesTrueForInferenceModeWhateverWasRead() {
    assertTrue(config(", \"inference_mode\": false").toJson().contains("\"inference_mode\": true"));
  }

  @ParameterizedTest
  @CsvSource({
    "150.0,150.0",
    "0.1,0.1",
    "1e-5,1e-05",
    "1.5e16,1.5e+16",
    "1e15,1000000000000000.0",
    "0.0001,0.0001",
    "0,0.0",
    "-0.0,-0.0",
    "33.25,33.25",
    "1e-300,1e-300",
    "123456789012345680,1.2345678901234568e+17"
  })
  void numbersAreWrittenAsPythonWritesThem(String value, String python) {
    assertEquals(python, ConfigJson.number(Double.parseDouble(value)));
  }

  @Test
  void textIsEscapedAsPythonEscapesIt() {
    String json =
        FourierFtConfig.builder()
            .baseModelNameOrPath("a\"\\\n\t\u0001é😀/ ~\u007f")
            .build()
            .toJson();
    assertTrue(
        json.contains(
            "\"base_model_name_or_path\": \"a\\\"\\\\\\n"
                + "\\t\\u0001\\u00e9\\ud83d\\ude00/ ~\\u007f\""),
        json);
  }

  @Test
  void aKeyOfPeftCannotBeAnUnknownOne() {
    FourierFtConfigBuilder builder = FourierFtConfig.builder().unknownKeys(Map.of("scaling", "3"));
    assertThrows(PeftException.class, builder::build);
  }

  @Test
  void filesAreBoundedAndMustBeUtf8(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("adapter_config.json");
    String missing = Refusal.of(() -> FourierFtConfig.open(file));
    assertTrue(missing.contains("cannot find 'adapter_config.json' at"));
    Files.write(file, new byte[] {'{', '"', (byte) 0xff, '"', '}'});
    String encoding = Refusal.of(() -> FourierFtConfig.open(file));
    assertTrue(encoding.contains("is not UTF-8"), encoding);
    for (byte[] mark : List.of(new byte[] {-2, -1}, new byte[] {-1, -2})) {
      Files.write(file, new byte[] {mark[0], mark[1], 0, '{'});
      Refusal.says(() -> FourierFtConfig.open(file), "is UTF-16 text");
    }
    for (byte[] text : List.of(new byte[] {-2, -2}, new byte[] {-2}, new byte[] {-1, -1})) {
      Files.write(file, text);
      Refusal.says(() -> FourierFtConfig.open(file), "is not UTF-8 text");
    }
    Files.write(file, new byte[] {'3'});
    Refusal.says(() -> FourierFtConfig.open(file), "holds no JSON object, but 3");
    Files.write(file, " ".repeat(ConfigReader.MAX_BYTES + 1).getBytes(StandardCharsets.UTF_8));
    String large = Refusal.of(() -> FourierFtConfig.open(file));
    assertTrue(large.contains("is larger than"), large);
    Files.writeString(file, "{\"x\": " + "[".repeat(100_000));
    String deep = Refusal.of(() -> FourierFtConfig.open(file));
    assertTrue(deep.contains("nesting"), deep);
  }

  private static FourierFtConfig config(String more) {
    return parse(more).config();
  }

  private static ConfigDocument parse(String more) {
    return FourierFtConfig.parse(
        "{\"peft_type\": \"FOURIERFT\"" + more + "}", "some/adapter_config.json");
  }
}
