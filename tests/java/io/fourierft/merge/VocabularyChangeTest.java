package io.fourierft.merge;

import static io.fourierft.merge.SmallMerge.EMBEDDING;
import static io.fourierft.merge.SmallMerge.HEAD;
import static io.fourierft.merge.SmallMerge.QUERY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An embedding with other rows than the base's: all that has a row for each token goes with it. */
class VocabularyChangeTest {
  private static final String UNTIED =
      "{\"model_type\": \"of_mine\", \"tie_word_embeddings\": false, \"vocab_size\": 12}";

  @TempDir Path folder;
  private SmallMerge merge;

  @BeforeEach
  void begin() {
    merge = new SmallMerge(folder);
  }

  private void adapter(String saved, String task, Tensor... brought) throws IOException {
    merge.adapter(
        List.of(QUERY),
        ", \"modules_to_save\": [%s], \"task_type\": \"%s\"".formatted(saved, task),
        brought);
  }

  private static Tensor grown(String name) {
    return SmallMerge.carried(name, 14, 5);
  }

  private static Tensor vector(String name, int length) {
    return ModelFiles.vector(name, DType.F32, length, 6);
  }

  private static boolean speaksOfTokens(MergeResult result) {
    return result.notes().stream().anyMatch(note -> note.contains("the vocabulary has"));
  }

  private void assertRefusedBy(String name) {
    FourierException e = assertThrows(FourierException.class, () -> merge.run());
    assertTrue(e.getMessage().contains("leaves '" + name + "' at 12"), e.getMessage());
    assertTrue(e.getMessage().contains("resize the base model to 14 tokens"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 14})
  void bothEmbeddingsWithNewRowsMakeAVocabulary(int rows) throws IOException {
    merge.decoder(UNTIED, SmallMerge.matrix(HEAD, 12, 3));
    adapter(
        "\"embed_tokens\", \"lm_head\"",
        "CAUSAL_LM",
        SmallMerge.carried(EMBEDDING, rows, 5),
        SmallMerge.carried(HEAD, rows, 6));
    assertTrue(speaksOfTokens(merge.run()));
    assertEquals(rows, merge.config().get("vocab_size").intValue());
    assertArrayEquals(SmallMerge.matrix(HEAD, rows, 6).bytes(), merge.bytes(HEAD));
  }

  @Test
  void asManyRowsAsBeforeAreNoChange() throws IOException {
    merge.decoder(UNTIED, SmallMerge.matrix(HEAD, 12, 3));
    adapter("\"embed_tokens\"", "CAUSAL_LM", SmallMerge.carried(EMBEDDING, 12, 5));
    assertFalse(speaksOfTokens(merge.run()));
    assertEquals(12, merge.config().get("vocab_size").intValue());
  }

  @Test
  void twoSizesAreNone() throws IOException {
    merge.decoder(UNTIED, SmallMerge.matrix(HEAD, 12, 3));
    adapter(
        "\"embed_tokens\", \"lm_head\"",
        "CAUSAL_LM",
        grown(EMBEDDING),
        SmallMerge.carried(HEAD, 13, 6));
    FourierException e = assertThrows(FourierException.class, () -> merge.run());
    assertTrue(e.getMessage().contains("a vocabulary has one size"), e.getMessage());
  }

  /** An embedding of something else than these tokens had another size before, and has it still. */
  @Test
  void anEmbeddingOfAnotherVocabularyIsItsOwnAffair() throws IOException {
    merge.decoder(
        UNTIED,
        SmallMerge.matrix("audio.embed_tokens.weight", 20, 4),
        ModelFiles.tensor("vision.shared.weight", DType.F32, List.of(), 1));
    adapter(
        "\"embed_tokens\"",
        "FEATURE_EXTRACTION",
        grown(EMBEDDING),
        SmallMerge.carried("audio.embed_tokens.weight", 20, 6));
    merge.run();
    assertEquals(14, merge.config().get("vocab_size").intValue());
  }

  /** The partner may be a tensor of the file, tied or not, or one that parts. */
  @ParameterizedTest
  @CsvSource({"false, true", "true, true", "true, false"})
  void aPartnerThatKeepsItsRowsIsRefused(boolean tied, boolean stored) throws IOException {
    Tensor[] head = stored ? new Tensor[] {SmallMerge.matrix(HEAD, 12, 3)} : new Tensor[0];
    merge.decoder(UNTIED.replace("false", Boolean.toString(tied)), head);
    adapter("\"embed_tokens\"", "CAUSAL_LM", grown(EMBEDDING));
    assertRefusedBy(HEAD);
  }

  /** ModernBERT's output embedding is called as a BART's decoder is. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPartnerIsKnownByItsTieWhateverItsName(boolean stored) throws IOException {
    Tensor attention = SmallMerge.matrix("model.layers.0.attn.Wo.weight", 8, 1);
    Tensor embedding = SmallMerge.matrix("model.embeddings.tok_embeddings.weight", 12, 2);
    Tensor head = SmallMerge.matrix("decoder.weight", 12, 3);
    merge.base(
        "{\"model_type\": \"modernbert\", \"tie_word_embeddings\": true}",
        stored ? new Tensor[] {attention, embedding, head} : new Tensor[] {attention, embedding});
    merge.adapter(
        List.of("model.layers.0.attn.Wo"),
        ", \"modules_to_save\": [\"tok_embeddings\"],"
            + " \"auto_mapping\": {\"base_model_class\": \"ModernBertForMaskedLM\","
            + " \"parent_library\": \"transformers\"}",
        grown("model.embeddings.tok_embeddings.weight"));
    assertRefusedBy("decoder.weight");
  }

  @Test
  void aPartnerThatTheAdaptedModelLacksStaysAndIsNoted() throws IOException {
    merge.decoder(UNTIED, SmallMerge.matrix(HEAD, 12, 3));
    adapter("\"embed_tokens\"", "SEQ_CLS", grown(EMBEDDING));
    MergeResult result = merge.run();
    assertTrue(
        result.notes().stream()
            .anyMatch(note -> note.contains("'lm_head.weight' keeps the old vocabulary of 12")),
        result.notes().toString());
    assertArrayEquals(SmallMerge.matrix(HEAD, 12, 3).bytes(), merge.bytes(HEAD));
  }

  /** GPT-J's head has a bias; a BART adds one to its scores that is a matrix of one row. */
  @ParameterizedTest
  @ValueSource(strings = {"lm_head.bias", "final_logits_bias"})
  void aBiasWithARowForEachTokenIsRefusedWhereItStays(String bias) throws IOException {
    Tensor kept =
        bias.startsWith("final")
            ? ModelFiles.matrix(bias, DType.F32, 1, 12, 1, 6)
            : vector(bias, 12);
    merge.decoder(UNTIED, SmallMerge.matrix(HEAD, 12, 3), kept);
    // As PEFT writes both, unasked: of a module that is saved whole the bias would be missed first.
    adapter("", "CAUSAL_LM", grown(EMBEDDING), grown(HEAD));
    assertRefusedBy(bias);
  }

  @Test
  void aBiasThatIsBroughtGoesWithItsWeight() throws IOException {
    merge.decoder(UNTIED, SmallMerge.matrix(HEAD, 12, 3), vector("lm_head.bias", 12));
    adapter(
        "\"embed_tokens\", \"lm_head\"",
        "CAUSAL_LM",
        grown(EMBEDDING),
        grown(HEAD),
        vector(SmallMerge.CARRIED + "lm_head.bias", 14));
    merge.run();
    assertArrayEquals(vector("lm_head.bias", 14).bytes(), merge.bytes("lm_head.bias"));
  }
}
