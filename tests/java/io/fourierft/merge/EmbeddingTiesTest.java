package io.fourierft.merge;

import static io.fourierft.merge.SmallMerge.EMBEDDING;
import static io.fourierft.merge.SmallMerge.HEAD;
import static io.fourierft.merge.SmallMerge.QUERY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ModelFiles.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of tied embeddings: which stay one, which part, and what the output calls them. */
class EmbeddingTiesTest {
  private static final String LLAMA =
      "{\"model_type\": \"llama\", \"tie_word_embeddings\": true, \"vocab_size\": 12%s}";

  private static final List<String> BART =
      List.of("model.encoder.layers.0.self_attn.q_proj", "model.decoder.layers.0.self_attn.q_proj");

  @TempDir Path folder;
  private SmallMerge merge;

  @BeforeEach
  void begin() {
    merge = new SmallMerge(folder);
  }

  private void makeLlama(String more, Tensor... others) throws IOException {
    merge.decoder(LLAMA.formatted(more), others);
  }

  private void assertHolds(Tensor wanted, String name) throws IOException {
    assertArrayEquals(wanted.bytes(), merge.bytes(name), name);
  }

  private boolean isTied() throws IOException {
    return merge.config().get("tie_word_embeddings").booleanValue();
  }

  private static boolean speaksOfTies(MergeResult result) {
    return result.notes().stream().anyMatch(note -> note.contains("tie_word_embeddings"));
  }

  /** A vocabulary that was resized: PEFT writes both embeddings, which are one weight still. */
  @ParameterizedTest
  @CsvSource({"5, true", "6, false"})
  void twoThatAreBroughtStayOneIfTheyAreAlike(long seedOfHead, boolean alike) throws IOException {
    makeLlama("");
    merge.adapter(
        List.of(QUERY),
        "",
        SmallMerge.carried(EMBEDDING, 14, 5),
        SmallMerge.carried(HEAD, 14, seedOfHead));
    merge.run();
    assertHolds(SmallMerge.matrix(EMBEDDING, 14, 5), EMBEDDING);
    assertEquals(alike, isTied());
    assertEquals(14, merge.config().get("vocab_size").intValue());
    assertEquals(!alike, merge.names().contains(HEAD));
    if (!alike) {
      assertHolds(SmallMerge.matrix(HEAD, 14, seedOfHead), HEAD);
    }
  }

  /** A file that holds both though they are tied: they are, as long as they hold the same. */
  @ParameterizedTest
  @CsvSource({"5, false, true", "6, false, false", "5, true, false", "0, false, true"})
  void twoThatTheFileHoldsStayTiedAsLongAsTheyAreEqual(long seedOfHead, boolean added, boolean tied)
      throws IOException {
    makeLlama("", SmallMerge.matrix(HEAD, 12, 2));
    Tensor[] brought =
        seedOfHead == 0
            ? new Tensor[0]
            : new Tensor[] {
              SmallMerge.carried(EMBEDDING, 14, 5), SmallMerge.carried(HEAD, 14, seedOfHead)
            };
    merge.adapter(added ? List.of(QUERY, "lm_head") : List.of(QUERY), "", brought);
    MergeResult result = merge.run();
    assertEquals(tied, isTied());
    assertEquals(tied, !speaksOfTies(result), result.notes().toString());
    assertEquals(Set.of(QUERY + ".weight", EMBEDDING, HEAD), merge.names());
    if (!added && seedOfHead > 0) {
      assertHolds(SmallMerge.matrix(HEAD, 14, seedOfHead), HEAD);
    }
  }

  /** Where nothing scores tokens, there is no weight that the input embedding could part from. */
  @ParameterizedTest
  @CsvSource({
    "CAUSAL_LM, , , true",
    "SEQ_2_SEQ_LM, , , true",
    "SEQ_CLS, , LlamaForCausalLM, false",
    "FEATURE_EXTRACTION, , , false",
    ", LlamaForCausalLM, LlamaModel, true",
    ", LlamaForSequenceClassification, LlamaForCausalLM, false",
    ", , LlamaForCausalLM, true",
    ", , LlamaModel, false",
    ", , , true"
  })
  void anOutputEmbeddingPartsWhereTheAdaptedModelHasOne(
      String task, String adaptedClass, String baseClass, boolean parts) throws IOException {
    makeLlama(baseClass == null ? "" : ", \"architectures\": [\"%s\"]".formatted(baseClass));
    String more = ", \"modules_to_save\": [\"embed_tokens\"]";
    if (task != null) {
      more += ", \"task_type\": \"%s\"".formatted(task);
    }
    if (adaptedClass != null) {
      more +=
          ", \"auto_mapping\": {\"base_model_class\": \"%s\", \"parent_library\": \"transformers\"}"
              .formatted(adaptedClass);
    }
    merge.adapter(List.of(QUERY), more, SmallMerge.carried(EMBEDDING, 12, 5));
    merge.run();
    assertHolds(SmallMerge.matrix(EMBEDDING, 12, 5), EMBEDDING);
    assertEquals(parts, merge.names().contains(HEAD), merge.names().toString());
    assertEquals(!parts, isTied());
    if (parts) {
      assertHolds(SmallMerge.matrix(HEAD, 12, 2), HEAD);
    }
  }

  @Test
  void anOutputEmbeddingWithADeltaIsThereWhateverTheTaskSays() throws IOException {
    makeLlama("");
    merge.adapter(
        List.of(QUERY, "lm_head"),
        ", \"modules_to_save\": [\"embed_tokens\"], \"task_type\": \"SEQ_CLS\"",
        SmallMerge.carried(EMBEDDING, 12, 5));
    merge.run();
    assertHolds(SmallMerge.matrix(EMBEDDING, 12, 5), EMBEDDING);
    assertTrue(merge.names().contains(HEAD));
    assertFalse(isTied());
  }

  @Test
  void aDeltaOnOneThatIsTiedIsSaidToChangeTheOther() throws IOException {
    makeLlama("");
    merge.adapter(List.of("lm_head"), "");
    MergeResult result = merge.run();
    assertEquals(Set.of(QUERY + ".weight", EMBEDDING), merge.names());
    assertTrue(isTied());
    String note =
        result.notes().stream()
            .filter(one -> one.contains("are one weight"))
            .findFirst()
            .orElseThrow();
    assertTrue(note.contains("'lm_head.weight' and '" + EMBEDDING + "'"), note);
    assertTrue(note.contains("had it in one alone"), note);
  }

  private void makeBart(String prefix) throws IOException {
    merge.base(
        "{\"model_type\": \"bart\"}",
        SmallMerge.matrix(prefix + "encoder.layers.0.self_attn.q_proj.weight", 8, 1),
        SmallMerge.matrix(prefix + "decoder.layers.0.self_attn.q_proj.weight", 8, 3),
        SmallMerge.matrix(prefix + "shared.weight", 12, 2));
  }

  /**
   * BART's encoder, decoder and head look at one weight by four names. Beside the head, the trunk's
   * names get the prefix; those of the parted tensors that stand in it too.
   */
  @ParameterizedTest
  @CsvSource({"shared, model.shared", "encoder.embed_tokens, model.encoder.embed_tokens"})
  void whatPartsStandsWhereTheModelWithAHeadHasIt(String saved, String parted) throws IOException {
    makeBart("");
    merge.adapter(
        BART,
        ", \"modules_to_save\": [\"%s\"], \"task_type\": \"SEQ_2_SEQ_LM\"".formatted(saved),
        SmallMerge.carried(parted + ".weight", 12, 5));
    merge.run();
    List<String> one =
        Stream.of("model.shared", "model.encoder.embed_tokens", "model.decoder.embed_tokens")
            .map(module -> module + ".weight")
            .toList();
    List<String> names = new ArrayList<>(one);
    names.add(HEAD);
    BART.forEach(module -> names.add(module + ".weight"));
    assertEquals(Set.copyOf(names), merge.names());
    for (String name : names.subList(0, 4)) {
      assertHolds(SmallMerge.matrix(name, 12, name.startsWith(parted) ? 5 : 2), name);
    }
  }

  /** What parts may be a head beside the trunk of a GPT-2, or stand in that of an FSMT. */
  @ParameterizedTest
  @CsvSource({
    "gpt2, wte, h.0.attn.c_attn, transformer., lm_head.weight",
    "fsmt, decoder.embed_tokens, decoder.layers.0.fc1, '', decoder.output_projection.weight"
  })
  void namesGetAPrefixBesideAHeadAlone(
      String type, String embedding, String module, String prefix, String parted)
      throws IOException {
    merge.base(
        "{\"model_type\": \"%s\", \"tie_word_embeddings\": true}".formatted(type),
        SmallMerge.matrix(module + ".weight", 16, 1),
        SmallMerge.matrix("encoder.layers.0.fc2.weight", 8, 3),
        SmallMerge.matrix(embedding + ".weight", 12, 2));
    String own = type.equals("gpt2") ? "transformer." : "model.";
    merge.adapter(
        List.of(own + module),
        ", \"modules_to_save\": [\"%s\"], \"task_type\": \"CAUSAL_LM\"".formatted(embedding),
        SmallMerge.carried(own + embedding + ".weight", 12, 5));
    merge.run();
    assertTrue(
        merge.names().containsAll(Set.of(prefix + module + ".weight", parted)),
        merge.names().toString());
    assertHolds(SmallMerge.matrix(embedding, 12, 5), prefix + embedding + ".weight");
    assertHolds(SmallMerge.matrix(parted, 12, 2), parted);
  }

  /** A bare GPT-2, as it is published, and an adapter of the model with a head, head and all. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDeltaOnTheHeadOfABareBaseIsInTheWeightThatItIs(boolean parts) throws IOException {
    merge.base(
        "{\"model_type\": \"gpt2\"}",
        SmallMerge.matrix("h.0.mlp.c_fc.weight", 16, 1),
        SmallMerge.matrix("wte.weight", 12, 2));
    merge.adapter(
        List.of("lm_head", "transformer.h.0.mlp.c_fc"),
        ", \"task_type\": \"CAUSAL_LM\"" + (parts ? ", \"modules_to_save\": [\"wte\"]" : ""),
        parts ? new Tensor[] {SmallMerge.carried("transformer.wte.weight", 12, 5)} : new Tensor[0]);
    MergeResult result = merge.run();
    String prefix = parts ? "transformer." : "";
    Set<String> names =
        new HashSet<>(Set.of(prefix + "h.0.mlp.c_fc.weight", prefix + "wte.weight"));
    if (parts) {
      names.add(HEAD);
      assertHolds(SmallMerge.matrix("saved", 12, 5), "transformer.wte.weight");
    }
    assertEquals(names, merge.names());
    assertEquals(2, result.changes().size());
    byte[] changed = merge.bytes(parts ? HEAD : "wte.weight");
    assertFalse(Arrays.equals(changed, SmallMerge.matrix("wte", 12, 2).bytes()));
    assertTrue(speaksOfTies(result), result.notes().toString());
  }

  /** Those that no adapter saved whole stay one, so a ΔW on one of them is in all. */
  @Test
  void aDeltaIsInAllThatStayOneWhileAnotherParts() throws IOException {
    makeBart("model.");
    merge.adapter(
        List.of(BART.getFirst(), BART.getLast(), "lm_head"),
        ", \"modules_to_save\": [\"encoder.embed_tokens\"], \"task_type\": \"SEQ_2_SEQ_LM\"",
        SmallMerge.carried("model.encoder.embed_tokens.weight", 12, 5));
    merge.run();
    byte[] changed = merge.bytes(HEAD);
    assertNotNull(changed);
    assertFalse(Arrays.equals(changed, SmallMerge.matrix(HEAD, 12, 2).bytes()));
    for (String module : List.of("shared", "decoder.embed_tokens")) {
      assertArrayEquals(changed, merge.bytes("model." + module + ".weight"), module);
    }
    assertHolds(SmallMerge.matrix("saved", 12, 5), "model.encoder.embed_tokens.weight");
  }

  /** A head that the base's file holds beside a bare trunk has its place: nothing is renamed. */
  @Test
  void aFileOfABareTrunkAndAHeadKeepsItsNames() throws IOException {
    merge.base(
        "{\"model_type\": \"llama\", \"tie_word_embeddings\": false}",
        SmallMerge.matrix("layers.0.self_attn.q_proj.weight", 8, 1),
        SmallMerge.matrix("embed_tokens.weight", 12, 2),
        SmallMerge.matrix(HEAD, 12, 3));
    merge.adapter(
        List.of(QUERY),
        ", \"modules_to_save\": [\"lm_head\"], \"task_type\": \"CAUSAL_LM\"",
        SmallMerge.carried(HEAD, 12, 5));
    merge.run();
    assertEquals(
        Set.of("layers.0.self_attn.q_proj.weight", "embed_tokens.weight", HEAD), merge.names());
    assertHolds(SmallMerge.matrix(HEAD, 12, 5), HEAD);
  }
}
