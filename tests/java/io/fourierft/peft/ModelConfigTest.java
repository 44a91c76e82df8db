package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a {@code config.json} says of the whole and of the parts of a model. */
class ModelConfigTest {
  private static ModelConfig config(String json) {
    return ModelConfig.parse(json.replace('\'', '"'), "config.json");
  }

  @Test
  void aTypeAloneSaysNothingElse() {
    assertEquals("llama", ModelConfig.ofType("llama").modelType());
    assertNull(ModelConfig.ofType(null).modelType());
    assertEquals(Optional.empty(), ModelConfig.ofType("llama").architecture());
  }

  @Test
  void theFirstArchitectureIsTheModels() {
    ModelConfig config = config("{'architectures': ['LlamaForCausalLM', 'Other']}");
    assertEquals(Optional.of("LlamaForCausalLM"), config.architecture());
    assertEquals(List.of("LlamaForCausalLM", "Other"), config.architectures());
  }

  @Test
  void theTypesOfThePartsBelongToTheModel() {
    ModelConfig config =
        config(
            """
            {'model_type': 'llava', 'architectures': ['Llava'], 'torch_dtype': 'float16',
             'quantization_config': {'bits': 4},
             'text_config': {'model_type': 'llama', 'architectures': ['Llama']},
             'vision_config': {'model_type': 'clip_vision_model'}}
            """);
    assertEquals(
        List.of("llava", "Llava", "llama", "Llama", "clip_vision_model"),
        List.copyOf(config.families()));
    assertEquals(List.of(), List.copyOf(config("{}").families()));
  }

  @ParameterizedTest
  @CsvSource({
    "vision_config, vision_tower.layers.0.q, model.vision_model.q, visual.blocks.0.q",
    "vision_config, vision.q, vision_encoder.q, model.visual.q",
    "visual_config, visual.q, visual.blocks.0.q, a.visual.q",
    "text_config, text_model.q, model.language_model.layers.0.q, text.q",
    "llm_config, language_model.q, text_model.q, a.text.q",
    "language_model, language_model.q, language_model.layers.0.q, a.language_model.q",
    "audio_config, audio_tower.q, model.audio_encoder.q, audio.q",
    "decoder, decoder.q, decoder.layers.0.q, a.decoder.b.q",
    "qformer_config, qformer.q, qformer.layer.0.q, a.qformer.q"
  })
  void aPathStandsInThePartThatItNames(String key, String a, String b, String c) {
    ModelConfig config = config("{'model_type': 'whole', '" + key + "': {'model_type': 'part'}}");
    for (String path : List.of(a, b, c)) {
      assertEquals("part", config.partOf(path).modelType(), path);
    }
    for (String path : List.of("layers.0.q", "other.q", "layers.0." + a)) {
      assertEquals("whole", config.partOf(path).modelType(), path);
    }
  }

  @Test
  void onlyAnObjectWithATypeIsAPart() {
    ModelConfig config =
        config("{'model_type': 'whole', 'decoder': 'x', 'encoder': {'layers': 3}}");
    assertEquals("whole", config.partOf("decoder.q").modelType());
    assertEquals("whole", config.partOf("encoder.q").modelType());
  }

  @Test
  void aTieOfTheWholeGoesBeforeThatOfItsText() {
    assertEquals(
        Optional.of(false),
        config("{'tie_word_embeddings': false, 'text_config': {'tie_word_embeddings': true}}")
            .tieWordEmbeddings());
    assertEquals(
        Optional.of(true),
        config("{'text_config': {'tie_word_embeddings': true}}").tieWordEmbeddings());
    assertEquals(
        Optional.of(true),
        config("{'tie_word_embeddings': null, 'llm_config': {'tie_word_embeddings': true}}")
            .tieWordEmbeddings());
    assertEquals(
        Optional.empty(),
        config("{'text_config': {'tie_word_embeddings': 'yes'}}").tieWordEmbeddings());
    assertEquals(Optional.empty(), config("{}").tieWordEmbeddings());
  }

  @Test
  void aNumberIsThatOfThePartOrOfTheWhole() {
    ModelConfig config = config("{'heads': 4, 'vision_config': {'heads': 8, 'width': 1.5}}");
    assertEquals(OptionalLong.of(4), config.number("heads"));
    assertEquals(OptionalLong.of(8), config.number("vision_config.heads"));
    assertEquals(OptionalLong.of(4), config.number("audio_config.heads"));
    assertEquals(OptionalLong.empty(), config.number("vision_config.width"));
    assertEquals(OptionalLong.empty(), config.number("vision_config.depth"));
  }

  @Test
  void theLayersAreThoseOfTheTextModelOrOfTheOnlyOne() {
    assertEquals(OptionalLong.of(3), config("{'n_layer': 3}").layers());
    assertEquals(OptionalLong.of(5), config("{'text_config': {'num_layers': 5}}").layers());
    assertEquals(OptionalLong.empty(), config("{}").layers());
    assertEquals(OptionalLong.empty(), config("{'num_hidden_layers': '3'}").layers());
    // Of two stacks none is the one.
    assertEquals(
        OptionalLong.empty(), config("{'num_layers': 3, 'is_encoder_decoder': true}").layers());
    assertEquals(
        OptionalLong.empty(), config("{'num_hidden_layers': 3, 'decoder_layers': 3}").layers());
  }
}
