package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.base;
import static io.fourierft.peft.PeftSamples.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which weights of a base are one, by its type, its configuration and its files. */
class TiedWeightsTest {
  private static final String MODEL_EMBEDDING = "model.embed_tokens.weight";

  private static TiedWeights ties(String config, String... tensors) {
    return base(config, Arrays.stream(tensors).map(name -> tensor(name, 4, 4)).toList()).ties();
  }

  private static String type(String type) {
    return "{\"model_type\": \"" + type + "\"}";
  }

  private static String type(String type, boolean tied) {
    return "{\"model_type\": \"%s\", \"tie_word_embeddings\": %s}".formatted(type, tied);
  }

  @Test
  void theConfigurationTellsAndElseTheType() {
    Map<String, String> tied = Map.of("lm_head.weight", MODEL_EMBEDDING);
    assertEquals(tied, ties(type("gemma"), MODEL_EMBEDDING).aliases());
    assertEquals(Map.of(), ties(type("gemma", false), MODEL_EMBEDDING).aliases());
    assertEquals(Map.of(), ties(type("glm"), MODEL_EMBEDDING).aliases());
    assertEquals(tied, ties(type("glm", true), MODEL_EMBEDDING).aliases());
  }

  @Test
  void ofAnUnknownTypeTheFileTellsByItsOutput() {
    assertEquals(
        Map.of("lm_head.weight", "net.wte.weight"),
        ties("{}", "net.wte.weight", "net.layer.weight", "scale").aliases());
    TiedWeights two = ties("{}", "net.wte.weight", "lm_head.weight");
    assertEquals(Map.of(), two.aliases());
    assertEquals(List.of(), two.storedApart());
    assertEquals(
        Map.of(), ties("{}", "enc.wte.weight", "dec.wte.weight").aliases(), "either may be it");
    assertEquals(Map.of(), ties("{}", "net.layer.weight").aliases());
  }

  @Test
  void theOneThatIsStoredStandsForTheOther() {
    assertEquals(
        Map.of(MODEL_EMBEDDING, "lm_head.weight"), ties(type("gemma"), "lm_head.weight").aliases());
    TiedWeights both = ties(type("gemma"), "lm_head.weight", MODEL_EMBEDDING);
    assertEquals(Map.of(), both.aliases());
    assertEquals(List.of(Set.of("lm_head.weight", MODEL_EMBEDDING)), both.storedApart());
    assertEquals(Map.of(), ties(type("gemma"), "model.norm.weight").aliases());
  }

  /** A tie of biases is not one of word embeddings. */
  @Test
  void aBiasStandsForNoEmbedding() {
    assertEquals(Map.of(), ties(type("bert"), "cls.predictions.decoder.bias").aliases());
  }

  @Test
  void theBiasOfTheOutputHasTwoNames() {
    String one = "cls.predictions.bias";
    String other = "cls.predictions.decoder.bias";
    assertEquals(Map.of(one, Set.of(other)), ties(type("bert"), one).biases());
    assertEquals(Map.of(other, Set.of(one)), ties(type("bert"), other).biases());
    assertEquals(
        Map.of(one, Set.of(other), other, Set.of(one)), ties(type("bert"), one, other).biases());
    assertEquals(
        Map.of(one, Set.of(other)), ties(type("bert", false), one).biases(), "tied or not");
    assertEquals(Map.of(), ties(type("bert"), "cls.predictions.decoder.weight").biases());
  }

  /**
   * The file of a bare model leaves out what stands before its names, that of a larger adds to it.
   */
  @Test
  void aTieIsFoundBelowAnotherPrefix() {
    assertEquals(
        Map.of("lm_head.weight", "embed_tokens.weight"),
        ties(type("gemma"), "embed_tokens.weight").aliases());
    assertEquals(
        Map.of("llm.lm_head.weight", "llm." + MODEL_EMBEDDING),
        ties(type("gemma"), "other.weight", "llm." + MODEL_EMBEDDING).aliases());
    assertEquals(
        Map.of("llm." + MODEL_EMBEDDING, "llm.lm_head.weight"),
        ties(type("gemma"), "llm.lm_head.weight").aliases());
    assertEquals(
        Map.of(),
        ties(type("gemma"), "a.b." + MODEL_EMBEDDING).aliases(),
        "two parts are too many");
    assertEquals(
        Map.of(), ties(type("gemma"), "mymodel.embed_tokens.weight").aliases(), "a part is whole");
    assertEquals(Map.of(), ties(type("t5"), "weight").aliases(), "no part is left of shared");
  }

  @Test
  void anHeirKeepsTheWeightOfT5() {
    TiedWeights t5 = ties(type("t5"), "shared.weight");
    assertEquals(Map.of("shared.weight", "encoder.embed_tokens.weight"), t5.heirs());
    assertEquals("shared.weight", t5.aliases().get("lm_head.weight"));
    assertEquals(Map.of(), ties(type("t5"), "decoder.final_layer_norm.weight").heirs());
  }
}
