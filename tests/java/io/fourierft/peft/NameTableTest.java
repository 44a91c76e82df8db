package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every entry of the table of names, against the names that transformers itself gives. */
class NameTableTest {
  private static final Path CASES =
      Path.of(
          System.getProperty(
              "fourierft.name.cases",
              System.getProperty("fourierft.project.dir", ".")
                  + "/tests/resources/models/name-cases.txt"));

  static Stream<String> cases() throws IOException {
    return Files.readAllLines(CASES).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("//"));
  }

  private static NameTable table(String line) {
    return NameTable.of(List.of(line.substring(0, line.indexOf(' ')).split("\\+")));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bothNamesOfAWeightAreReadAsOne(String line) {
    String[] words = line.split(" ", -1);
    NameTable table = table(line);
    List<String> stored = new ArrayList<>(List.of(table.current(words[1])));
    table.parts(words[1]).forEach(part -> stored.add(part.name()));
    table.joint(words[1]).ifPresent(joint -> stored.add(joint.name()));
    String live = table.current(words[2]);
    assertTrue(
        stored.stream().anyMatch(name -> ("." + live).endsWith("." + name)),
        () -> stored + " is not " + live);
  }

  @Test
  void everyRuleHasACase() throws IOException {
    Set<String> unused = new TreeSet<>();
    NameTable.families().forEach(family -> unused.addAll(NameTable.of(Set.of(family)).ruleTexts()));
    for (String line : cases().toList()) {
      String[] words = line.split(" ", -1);
      NameTable table = table(line);
      Set<String> used = table.ruleTexts();
      used.removeAll(table.rulesUnusedBy(List.of(words[1])));
      unused.removeAll(used);
    }
    assertEquals(Set.of(), unused);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"CLIPVisionModel", "SiglipVisionModel", "CLIPTextModel", "SiglipTextModel"})
  void aTowerSaysWhatItsWholeModelHasBeforeIt(String name) {
    String word = name.contains("Vision") ? "vision_model." : "text_model.";
    assertEquals(List.of(word), NameTable.of(Set.of(name)).towers());
  }

  @Test
  void aNameOfWholePartsIsRewrittenAndNothingElse() {
    NameRule rule = new NameRule("layer.#.attn", "layers.#.self_attn");
    assertEquals("a.layers.12.self_attn.q.weight", rule.apply("a.layer.12.attn.q.weight"));
    assertEquals("a.layer.12.attn_norm.weight", rule.apply("a.layer.12.attn_norm.weight"));
    assertEquals("a.slayer.1.attn.q", rule.apply("a.slayer.1.attn.q"));
    assertEquals("a.layer.12.attn.q", rule.revert("a.layers.12.self_attn.q"));
    NameRule first = new NameRule("^encoder", "model.encoder");
    assertEquals("model.encoder.w", first.apply("encoder.w"));
    assertEquals("model.encoder.w", first.apply("model.encoder.w"));
    NameRule inside = new NameRule("language_model", "model.language_model");
    assertEquals("model.language_model.w", inside.apply("model.language_model.w"));
  }
}
