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

  /** Or the test above would hold of an empty table. */
  @Test
  void aTableHoldsTheRulesAndTheSplitsOfItsFamiliesAndOfAll() {
    assertTrue(NameTable.families().containsAll(Set.of("*", "jina_embeddings_v3", "llava")));
    NameTable jina = NameTable.of(Set.of("jina_embeddings_v3"));
    Set<String> rules = jina.ruleTexts();
    assertTrue(
        rules.containsAll(
            Set.of("encoder.layers -> layers", "LayerNorm.gamma -> LayerNorm.weight")),
        rules.toString());
    Set<String> used = jina.ruleTexts();
    used.removeAll(jina.rulesUnusedBy(List.of("encoder.layers.0.mixer.Wqkv.weight")));
    assertTrue(used.remove("encoder.layers -> layers"));
    assertEquals(1, used.size(), "the split of the weight, not that of the bias: " + used);
    assertTrue(used.iterator().next().startsWith("split mixer.Wqkv.weight "), used.toString());
  }

  @Test
  void aNameOfTheFirstReleaseIsFoundIfItIsReadAsThisOne() {
    NameTable llava = NameTable.of(Set.of("llava"));
    assertEquals("language_model.lm_head.weight", llava.original("lm_head.weight"));
    assertEquals("score.weight", llava.original("score.weight"));
    // What would be read as another name is none of the first release.
    assertEquals("language_model.x", llava.original("language_model.x"));
  }

  @Test
  void onlyWhatARuleNamesIsJoined() {
    NameTable table = NameTable.of(Set.of("minimax_m3_vl"));
    String mlp = "model.layers.0.mlp.";
    NameTable.Joint up = table.joint(mlp + "up_proj.weight").orElseThrow();
    assertEquals(new NameTable.Joint(mlp + "gate_up_proj.weight", 1, 2), up);
    assertTrue(table.joint(mlp + "down_proj.weight").isEmpty());
    assertTrue(table.parts(mlp + "up_proj.weight").isEmpty());
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
