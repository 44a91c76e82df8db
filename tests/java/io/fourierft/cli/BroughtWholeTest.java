package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors that adapters bring whole: by two of them, of another size, or not at all. */
class BroughtWholeTest {
  private static final String CARRIED = "base_model.model.";
  private static final String LLAMA = "{\"model_type\": \"llama\", \"tie_word_embeddings\": false}";

  private static final String GROWN = ", \"modules_to_save\": [\"word_embeddings\", \"decoder\"]";
  private static final String DECODER = "cls.predictions.decoder.";

  @TempDir Path folder;

  private Path base(String config, Tensor... tensors) throws IOException {
    return ModelFiles.model(folder.resolve("base"), config, tensors);
  }

  private Path adapter(String name, String more, Tensor... tensors) throws IOException {
    return ModelFiles.adapter(
        folder.resolve(name), 2, 100, 7, "[\"q_proj\", \"query\", \"lm_head\"]", more, tensors);
  }

  private CommandLineRun merge(Path... adapters) {
    List<Object> arguments = new ArrayList<>(List.of("merge", "--device=cpu", "--check"));
    arguments.addAll(List.of("--base", folder.resolve("base"), "--out", folder.resolve("out")));
    for (Path adapter : adapters) {
      arguments.addAll(List.of("--adapter", adapter));
    }
    return CommandLineRun.of(arguments.toArray());
  }

  private static Tensor head(String name, int rows, long seed) {
    return ModelFiles.matrix(CARRIED + name, DType.F32, rows, 8, 1, seed);
  }

  private static Tensor spectrum(String module, float value) {
    return ModelFiles.spectrum(module, DType.F32, value, -2);
  }

  private void makeLlama() throws IOException {
    base(
        LLAMA,
        ModelFiles.matrix("model.layers.0.self_attn.q_proj.weight", DType.F32, 8, 8, 1, 1),
        ModelFiles.matrix("lm_head.weight", DType.F32, 12, 8, 1, 2));
  }

  /** PEFT saves an adapted lm_head whole, as it was before; two such are one base and two ΔWs. */
  @Test
  void whatTwoAdaptersBringAlikeIsTakenOnce() throws IOException {
    makeLlama();
    Path first = adapter("one", "", head("lm_head.weight", 12, 2), spectrum("lm_head", 3));
    Path second = adapter("two", "", head("lm_head.weight", 12, 2), spectrum("lm_head", 5));
    CommandLineRun both = merge(first, second);
    assertEquals(0, both.code(), both.err());
    double[] sum = ModelFiles.elements(folder.resolve("out"), "lm_head.weight");
    ModelFiles.delete(folder.resolve("out"));
    // The same without what they bring: the base has just that.
    Path bareFirst = adapter("three", "", spectrum("lm_head", 3));
    Path bareSecond = adapter("four", "", spectrum("lm_head", 5));
    CommandLineRun bare = merge(bareFirst, bareSecond);
    assertEquals(0, bare.code(), bare.err());
    assertArrayEquals(ModelFiles.elements(folder.resolve("out"), "lm_head.weight"), sum);
  }

  @Test
  void whatTwoAdaptersBringDifferentlyIsRefused() throws IOException {
    makeLlama();
    String saved = ", \"modules_to_save\": [\"score\"]";
    Path first =
        adapter(
            "one",
            saved,
            head("score.weight", 2, 5),
            spectrum("model.layers.0.self_attn.q_proj", 3));
    Path second =
        adapter(
            "two",
            saved,
            head("score.weight", 2, 6),
            spectrum("model.layers.0.self_attn.q_proj", 4));
    CommandLineRun run = merge(first, second);
    assertEquals(1, run.code(), run.out());
    for (String word :
        List.of("one", "two", "'score.weight'", "they differ", "Merge one of them")) {
      assertTrue(run.err().contains(word), word + " in: " + run.err());
    }
    assertFalse(Files.exists(folder.resolve("out")));
  }

  private void makeBert(Tensor... more) throws IOException {
    makeBert("", more);
  }

  private void makeBert(String ties, Tensor... more) throws IOException {
    List<Tensor> tensors = new ArrayList<>(List.of(more));
    tensors.add(
        ModelFiles.matrix(
            "bert.encoder.layer.0.attention.self.query.weight", DType.F32, 8, 8, 1, 1));
    tensors.add(
        ModelFiles.vector("bert.encoder.layer.0.attention.self.query.bias", DType.F32, 8, 1));
    tensors.add(
        ModelFiles.matrix("bert.embeddings.word_embeddings.weight", DType.F32, 10, 8, 1, 2));
    tensors.add(ModelFiles.vector("cls.predictions.bias", DType.F32, 10, 3));
    base(
        "{\"model_type\": \"bert\", \"architectures\": [\"BertForMaskedLM\"], \"vocab_size\": 10%s}"
            .formatted(ties),
        tensors.toArray(new Tensor[0]));
  }

  private static Tensor[] grown(Tensor... more) {
    List<Tensor> tensors = new ArrayList<>(List.of(more));
    tensors.add(head("bert.embeddings.word_embeddings.weight", 12, 5));
    tensors.add(head(DECODER + "weight", 12, 6));
    tensors.add(ModelFiles.vector(CARRIED + DECODER + "bias", DType.F32, 12, 7));
    tensors.add(spectrum("bert.encoder.layer.0.attention.self.query", 3));
    return tensors.toArray(new Tensor[0]);
  }

  private void assertVector(long seed, String name) throws IOException {
    double[] values = ModelFiles.elements(folder.resolve("out"), name);
    float[] wanted = ModelFiles.normal(12, 1, seed);
    assertEquals(wanted.length, values.length);
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(wanted[i], values[i]);
    }
  }

  /** PEFT writes both embeddings of a vocabulary that grew, with their biases, unasked. */
  @Test
  void theBiasThatComesWithAGrownOutputEmbeddingGrows() throws IOException {
    makeBert();
    CommandLineRun run = merge(adapter("one", "", grown()));
    assertEquals(0, run.code(), run.err());
    assertVector(7, "cls.predictions.bias");
    assertTrue(
        Files.readString(folder.resolve("out").resolve("config.json")).contains("12"), run.err());
  }

  /** The bias that the decoder had is in the file of an adapter that saved the decoder whole. */
  @Test
  void theBiasBesideADecoderThatWasSavedGrowsToWhatTheDecodersWas() throws IOException {
    Tensor original =
        ModelFiles.vector(CARRIED + DECODER + "original_module.bias", DType.F32, 12, 8);
    makeBert();
    CommandLineRun tied = merge(adapter("one", GROWN, grown(original)));
    assertEquals(0, tied.code(), tied.err());
    assertVector(8, "cls.predictions.bias");
    assertVector(7, DECODER + "bias");
    assertTrue(tied.err().contains("before training"), tied.err());
    ModelFiles.delete(folder.resolve("out"));
    makeUntiedBert();
    CommandLineRun untied = merge(adapter("one", GROWN, grown(original)));
    assertEquals(0, untied.code(), untied.err());
    assertVector(8, "cls.predictions.bias");
    assertVector(7, DECODER + "bias");
  }

  private void makeUntiedBert() throws IOException {
    makeBert(
        ", \"tie_word_embeddings\": false",
        ModelFiles.matrix(DECODER + "weight", DType.F32, 10, 8, 1, 4),
        ModelFiles.vector(DECODER + "bias", DType.F32, 10, 5));
  }

  /** Two biases that no configuration ties have one size all the same. */
  @Test
  void aBiasThatKeepsTheOldVocabularyIsRefusedThoughItIsNotTied() throws IOException {
    makeUntiedBert();
    CommandLineRun run = merge(adapter("one", GROWN, grown()));
    assertEquals(1, run.code(), run.out());
    assertTrue(run.err().contains("leaves 'cls.predictions.bias' at 10"), run.err());
  }

  /** The output's bias is one with the decoder's, of which the adapter brings its own. */
  @Test
  void aVocabularyThatGrewWithoutItsBiasIsRefusedByTheBiassName() throws IOException {
    makeBert();
    CommandLineRun run = merge(adapter("one", GROWN, grown()));
    assertEquals(1, run.code(), run.out());
    assertTrue(run.err().contains("leaves 'cls.predictions.bias' at 10"), run.err());
    assertTrue(run.err().contains("resize_token_embeddings"), run.err());
  }

  @Test
  void whatPartsWithoutAConfigurationSaysSo() throws IOException {
    base(
        "{}",
        ModelFiles.matrix("model.layers.0.self_attn.q_proj.weight", DType.F32, 8, 8, 1, 1),
        ModelFiles.matrix("model.embed_tokens.weight", DType.F32, 12, 8, 1, 2));
    Files.delete(folder.resolve("base").resolve("config.json"));
    Path adapter =
        adapter(
            "one",
            ", \"modules_to_save\": [\"embed_tokens\"], \"task_type\": \"CAUSAL_LM\"",
            head("model.embed_tokens.weight", 12, 5),
            spectrum("model.layers.0.self_attn.q_proj", 3));
    CommandLineRun run = merge(adapter);
    assertEquals(0, run.code(), run.err());
    String said = run.err().replaceAll("\\s+", " ");
    assertTrue(said.contains("has no config.json to say tie_word_embeddings: false"), said);
    assertFalse(Files.exists(folder.resolve("out").resolve("config.json")));
  }

  @Test
  void aWeightOfTheHeadThatNobodyHasIsNoted() throws IOException {
    base(
        "{\"model_type\": \"deberta-v2\", \"architectures\": [\"DebertaV2Model\"]}",
        ModelFiles.matrix("encoder.layer.0.attention.self.q_proj.weight", DType.F32, 8, 8, 1, 1));
    Path adapter =
        adapter(
            "one",
            ", \"task_type\": \"SEQ_CLS\", \"modules_to_save\": [\"classifier\", \"score\"]",
            head("classifier.weight", 2, 5),
            spectrum("deberta.encoder.layer.0.attention.self.q_proj", 3));
    CommandLineRun run = merge(adapter);
    assertEquals(0, run.code(), run.err());
    String said = run.err().replaceAll("\\s+", " ");
    assertTrue(said.contains("DebertaV2ForSequenceClassification has 'pooler.dense.weight'"), said);
    assertFalse(said.contains("'classifier.weight', which"), said);
  }

  /** A renaming may be of what the adapter brings whole alone. */
  @Test
  void whatIsBroughtUnderAnotherNameIsFoundByARenaming() throws IOException {
    base(
        LLAMA,
        ModelFiles.matrix("model.layers.0.self_attn.q_proj.weight", DType.F32, 8, 8, 1, 1),
        ModelFiles.matrix("head.first.weight", DType.F32, 2, 8, 1, 2));
    Path adapter =
        adapter(
            "one",
            ", \"modules_to_save\": [\"head\"]",
            head("head.score.weight", 2, 5),
            spectrum("model.layers.0.self_attn.q_proj", 3));
    CommandLineRun refused = merge(adapter);
    assertEquals(1, refused.code(), refused.out());
    assertTrue(refused.err().contains("'head.first'"), refused.err());
    assertTrue(refused.err().contains("--rename"), refused.err());
    CommandLineRun run =
        CommandLineRun.of(
            "merge",
            "--device=cpu",
            "--base",
            folder.resolve("base"),
            "--adapter",
            adapter,
            "--out",
            folder.resolve("out"),
            "--rename",
            "head.score=head.first");
    assertEquals(0, run.code(), run.err());
    assertEquals(
        List.of("head.first.weight", "model.layers.0.self_attn.q_proj.weight"),
        List.copyOf(ModelFiles.contents(folder.resolve("out")).keySet()));
    assertArrayEquals(
        ModelFiles.elements(
            ModelFiles.model(folder.resolve("wanted"), "{}", head("head.first.weight", 2, 5)),
            CARRIED + "head.first.weight"),
        ModelFiles.elements(folder.resolve("out"), "head.first.weight"));
  }
}
