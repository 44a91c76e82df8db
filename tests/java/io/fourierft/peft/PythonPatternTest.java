package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions match what Python's {@code re} matches, and come to an end whatever they say. */
class PythonPatternTest {
  /** Generous for a machine under load; each of these took for ever before. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TestFactory
  List<DynamicTest> everyExpressionMatchesWhatPythonMatches() throws IOException {
    JsonNode table = table("regex.json");
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode row : table.get("expressions")) {
      String expression = row.get("expression").textValue();
      tests.add(
          DynamicTest.dynamicTest(
              expression,
              () -> {
                if (row.has("error") || row.has("refers_back")) {
                  assertThrows(PeftException.class, () -> pattern(expression));
                  return;
                }
                PythonPattern pattern = pattern(expression);
                List<String> whole = new ArrayList<>();
                List<String> start = new ArrayList<>();
                for (JsonNode text : table.get("texts")) {
                  if (pattern.matchesAll(text.textValue())) {
                    whole.add(text.textValue());
                  }
                  if (pattern.matchesStart(text.textValue())) {
                    start.add(text.textValue());
                  }
                }
                assertEquals(strings(row.get("fullmatch")), whole, "fullmatch");
                assertEquals(strings(row.get("match")), start, "match");
              }));
    }
    assertTrue(tests.size() > 80);
    return tests;
  }

  @Test
  void randomExpressionsMatchWhatPythonMatches() throws IOException {
    JsonNode table =
        ConfigReader.tree(
            Files.readString(
                Path.of(
                    System.getProperty(
                        "fourierft.regex.table",
                        PeftCases.RESOURCES.resolve("peft/regex_random.json").toString()))),
            "regex_random.json");
    List<String> texts = strings(table.get("texts"));
    int rows = 0;
    List<String> wrong = new ArrayList<>();
    for (JsonNode row : table.get("rows")) {
      String expression = row.get(0).textValue();
      String expected = row.get(1).asText() + " " + row.get(2).asText();
      String found = judged(expression, texts);
      if (!found.equals(expected)) {
        wrong.add(expression + "\n  python " + expected + "\n  here   " + found);
      }
      rows++;
    }
    assertTrue(rows >= 1500);
    assertEquals(List.of(), wrong);
  }

  private static String judged(String expression, List<String> texts) {
    PythonPattern pattern;
    try {
      pattern = pattern(expression);
    } catch (PeftException refused) {
      return "null null";
    }
    StringBuilder whole = new StringBuilder();
    StringBuilder start = new StringBuilder();
    for (String text : texts) {
      whole.append(pattern.matchesAll(text) ? '1' : '0');
      start.append(pattern.matchesStart(text) ? '1' : '0');
    }
    return whole + " " + start;
  }

  @Test
  void nestedRepeatsEndAtOnce() {
    PythonPattern pattern = pattern("(.*)".repeat(8) + "!");
    assertFalse(
        assertTimeoutPreemptively(
            PATIENCE, () -> pattern.matchesAll("model.layers.selfattention.projection")));
    PythonPattern letters = pattern("(a|b)*");
    assertTrue(assertTimeoutPreemptively(PATIENCE, () -> letters.matchesAll("ab".repeat(200_000))));
    PythonPattern doubled = pattern("((a*)*)*b");
    assertFalse(
        assertTimeoutPreemptively(PATIENCE, () -> doubled.matchesAll("a".repeat(2_000) + "c")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(){2000000000}.*(q|v)_proj",
        "((){2000000000}){2000000000}.*(q|v)_proj",
        "(?:^|\\b|){2000000000}.*(q|v)_proj",
        "(?:(?=m)(?!v)){3,2000000000}.*(q|v)_proj"
      })
  void repeatsOfNothingAreOneOfThem(String expression) {
    assertTrue(
        assertTimeoutPreemptively(
            PATIENCE, () -> pattern(expression).matchesAll("model.layers.0.q_proj")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a{2000000000}",
        "(a{1000}){1000}",
        "((((a{99}){99}){99}){99}){99}",
        "(?:a?){30000}",
        "(a{4294967294}|b){4294967294}"
      })
  void repeatsThatAreTooLongAreRefused(String expression) {
    String e = assertTimeoutPreemptively(PATIENCE, () -> Refusal.of(() -> pattern(expression)));
    assertTrue(e.contains("too long with its repeats written out"), e);
  }

  @Test
  void whatIsNestedTooDeeplyOrTooLongIsRefused() {
    String deep = Refusal.of(() -> pattern("(".repeat(20_000)));
    assertTrue(deep.contains("nested deeper than 100 (at position 100)"), deep);
    String lookarounds = Refusal.of(() -> pattern("(?=".repeat(20_000)));
    assertTrue(lookarounds.contains("nested deeper"), lookarounds);
    String longer = Refusal.of(() -> pattern("a".repeat(80_001)));
    assertTrue(longer.contains("longer than 80000 characters"), longer);
    assertTrue(longer.length() < 1000, longer);
    assertTrue(pattern("(".repeat(100) + "a" + ")".repeat(100)).matchesAll("a"));
  }

  @ParameterizedTest
  @CsvSource({
    "(a)(b)\\1, 6, back-references",
    "a(?P<x>b)(?P=x), 9, back-references",
    "ab(?(1)c|d), 2, conditional",
    "ab\\7, 2, there is no group 7",
    "ab(cd, 2, not closed",
    "ab(?<=c*)d, 2, one length",
    "ab(?<n>c), 2, (?P<name>...)",
    "ab[c, 3, a bracket is not closed",
    "ab(?i)c, 2, at the start",
    "ab(?L)c, 2, does not know",
    "ab(?a-a:c), 2, does not know",
    "ab(?i-:c), 2, flags are missing"
  })
  void aRefusalNamesThePlace(String expression, int position, String reason) {
    String e = Refusal.of(() -> pattern(expression));
    assertTrue(e.startsWith("test: '" + expression + "' is no regular expression"), e);
    assertTrue(e.contains(reason), e);
    assertTrue(e.endsWith("(at position " + position + ")"), e);
  }

  @Tag("slow")
  @Test
  void allExpressionsOfAConfigurationShareOneBudget() {
    Map<String, Integer> keys = new LinkedHashMap<>();
    for (int i = 0; i < 2_000; i++) {
      keys.put("(?=(.*a){" + (3 + i % 5) + "}" + i + ")(.*.*)*" + i, 1);
    }
    FourierFtConfig config =
        FourierFtConfig.builder()
            .targetModules(ModuleSelection.names("q"))
            .nFrequencyPattern(keys)
            .build();
    String e =
        assertTimeoutPreemptively(
            PATIENCE,
            () ->
                Refusal.of(
                    () -> {
                      ModuleMatcher matcher = ModuleMatcher.of(config, null);
                      for (int i = 0; i < 100_000; i++) {
                        matcher.nFrequency("model.a" + "a.".repeat(1_000) + i + ".q");
                      }
                    }));
    assertTrue(e.startsWith("n_frequency_pattern: the expressions of this configuration"), e);
  }

  @Test
  void expressionsAreRefusedThatAreTooLongTogether() {
    Map<String, Integer> keys = new LinkedHashMap<>();
    for (int i = 0; i < 30; i++) {
      keys.put("a{10000}" + i, 1);
    }
    FourierFtConfig config = FourierFtConfig.builder().nFrequencyPattern(keys).build();
    String e = Refusal.of(() -> ModuleMatcher.of(config, "llama"));
    assertTrue(e.contains("n_frequency_pattern: '.*\\.a{10000}19$' is too long"), e);
  }

  @Test
  void aMatcherThatLivesLongKeepsItsBudget() {
    PatternBudget budget = new PatternBudget();
    budget.takeSteps(PatternBudget.STEPS);
    PythonPattern pattern = PythonPattern.of(".*q", "test", budget);
    assertThrows(PeftException.class, () -> pattern.matchesAll("model.q"));
    budget.beginQuestion();
    assertTrue(pattern.matchesAll("model.q"));
    for (int i = 0; i < 10_000; i++) {
      budget.beginQuestion();
    }
    assertEquals(PatternBudget.STEPS, budget.stepsLeft());
  }

  @Test
  void thousandsOfPlainKeysTakeNoSteps() {
    Map<String, Integer> keys = new LinkedHashMap<>();
    for (int i = 0; i < 20_000; i++) {
      keys.put("layers." + i + ".self_attn.q_proj", i + 1);
    }
    ModuleMatcher matcher =
        ModuleMatcher.of(
            FourierFtConfig.builder()
                .targetModules(ModuleSelection.names("q_proj"))
                .nFrequencyPattern(keys)
                .build(),
            null);
    for (int i = 0; i < 20_000; i += 400) {
      assertEquals(i + 1, matcher.nFrequency("model.layers." + i + ".self_attn.q_proj"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "q, model.q, true",
    "q, q, false",
    "q, model.xq, false",
    "a.q, model.aXq, true",
    "a.q, aXq, false",
    "a.q, .aXq, true",
    "'', model., true",
    "'', model, false",
    "a-1_B, x.a-1_B, true",
    "a..q, x.a\uD83D\uDE00.q, true",
    "a..q, x.a\uD83D\uDE00q, false"
  })
  void plainKeysMatchAsTheirExpressionDoes(String key, String name, boolean matches) {
    FrequencyRule plain = FrequencyRule.of(key, 1, new PatternBudget());
    assertEquals(matches, plain.matches(name));
    for (String variant : List.of(name, name + "\n", name + "\n\n", "a\n" + name, "\n." + name)) {
      assertEquals(
          pattern(".*\\." + key + "$").matchesStart(variant), plain.matches(variant), variant);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"layers(?#", "layers(?#)", "(?P<idx>a)", "a(", "a)|(b"})
  void aLayersPatternThatHidesTheNumberIsAnErrorOfOurs(String layers) {
    FourierFtConfig config =
        FourierFtConfig.builder()
            .targetModules(ModuleSelection.names("q"))
            .layersToTransform(List.of(1))
            .layersPattern(List.of(layers))
            .build();
    if (layers.equals("layers(?#)")) {
      assertTrue(ModuleMatcher.of(config, null).targets("model.layers.1.q"));
      return;
    }
    String e = Refusal.of(() -> ModuleMatcher.of(config, null));
    assertTrue(e.startsWith("layers_pattern: "), e);
  }

  @Test
  void aNamedGroupIsWhatPythonGives() {
    PythonPattern layers = pattern("(?:^|.*?\\.)layers\\.(?P<idx>\\d+)\\.");
    assertEquals("12", layers.groupAtStart("model.layers.12.layers.3.q", "idx"));
    assertEquals("", layers.groupAtStart("model.layer.12.q", "idx"));
    assertEquals("", layers.groupAtStart("model.layers.12.q", "other"));
    PythonPattern last = pattern("(?:(?P<x>[ab])|c)*d?");
    assertEquals("b", last.groupAtStart("abcc", "x"));
    assertEquals("", last.groupAtStart("cc", "x"));
    PythonPattern retried = pattern("(?:(?P<x>a+)b|a+c)");
    assertEquals("", retried.groupAtStart("aac", "x"));
  }

  private static PythonPattern pattern(String expression) {
    return PythonPattern.of(expression, "test", new PatternBudget());
  }

  private static JsonNode table(String name) throws IOException {
    return ConfigReader.tree(
        Files.readString(PeftCases.RESOURCES.resolve("peft").resolve(name)), name);
  }

  private static List<String> strings(JsonNode array) {
    List<String> values = new ArrayList<>();
    array.forEach(element -> values.add(element.textValue()));
    return values;
  }
}
