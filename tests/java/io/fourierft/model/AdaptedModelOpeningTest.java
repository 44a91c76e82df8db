package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ModelFiles;
import io.fourierft.OneEngineTest;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.FourierFtConfigBuilder;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftException;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a model is opened with: a configuration or a saved adapter that fits the base, or neither.
 */
class AdaptedModelOpeningTest extends OneEngineTest {
  private static final Path BASE =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("examples/finetune/base");

  private static final String STORED_KEY = "vit.encoder.layer.0.attention.attention.key";

  @TempDir Path folder;

  private static FourierFtConfigBuilder config(String... targets) {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names(targets))
        .nFrequency(20)
        .scaling(100)
        .randomLocSeed(2024);
  }

  private static AdaptedModel open(FourierFtConfigBuilder config) throws IOException {
    return AdaptedModel.open(engine(), BASE, config.build(), AdaptedModelOptions.defaults());
  }

  @Test
  void aNewAdapterIsWhatPeftWouldMake() throws IOException {
    FourierFtConfigBuilder wanted =
        config("q_proj", "v_proj")
            .nFrequencyPattern(Map.of("layers.1.attention.q_proj", 7))
            .modulesToSave(List.of("classifier"))
            .bias("all");
    try (AdaptedModel model = open(wanted)) {
      assertEquals(
          List.of(
              "vit.layers.0.attention.q_proj",
              "vit.layers.0.attention.v_proj",
              "vit.layers.1.attention.q_proj",
              "vit.layers.1.attention.v_proj"),
          model.modulePaths());
      assertEquals(7, model.layer("vit.layers.1.attention.q_proj").adapter("default").nFrequency());
      assertEquals(2, model.parameters("default").heads().size());
      model.save("default", folder.resolve("saved"), false);
    }
    PeftAdapter saved = PeftAdapter.open(folder.resolve("saved"));
    TreeSet<String> keys = new TreeSet<>();
    saved.extraTensors().forEach(extra -> keys.add(extra.key()));
    assertTrue(keys.contains("base_model.model.classifier.weight"), keys.toString());
    assertTrue(
        keys.contains("base_model.model.vit.layers.0.attention.q_proj.base_layer.bias"),
        keys.toString());
    assertTrue(keys.contains("base_model.model.vit.layers.0.attention.k_proj.bias"));
    assertTrue(keys.contains("base_model.model.vit.layers.1.layernorm_after.bias"));
    // 6 linear layers, 2 norms each; the last norm, the patches, the head with its weight.
    assertEquals(2 * 8 + 2 + 2, keys.size());
    // And the base's own values.
    assertArrayEquals(
        values(saved, "base_model.model.vit.layers.0.attention.k_proj.bias"),
        ModelFiles.floats(BASE, STORED_KEY + ".bias"));
  }

  private static float[] values(PeftAdapter adapter, String key) throws IOException {
    ExtraTensor extra =
        adapter.extraTensors().stream().filter(e -> e.key().equals(key)).findFirst().orElseThrow();
    float[] values = new float[Math.toIntExact(extra.shape().getFirst())];
    extra
        .data()
        .lend(
            bytes -> {
              HostMatrix matrix =
                  Matrix.of(bytes, extra.dtype().elementType().orElseThrow(), 1, values.length);
              for (int i = 0; i < values.length; i++) {
                values[i] = matrix.get(0, i);
              }
            });
    return values;
  }

  @Test
  void whatDoesNotFitTheBaseIsRefusedAndSaysWhy() {
    refused(config("q_prj"), "Target modules [q_prj] not found", "the nearest are");
    refused(
        config().targetModules(ModuleSelection.expression("all-linear")), "all-linear", "name the");
    refused(config("projection"), "has shape [64, 1, 2, 2]", "only linear layers");
    refused(config("q_proj").modulesToSave(List.of("score")), "'score'", "first values");
    refused(config("q_proj").nFrequency(5000), "5000 coefficients", "64 x");
    refused(config().targetModules(null), "PEFT has no default");
    FourierException given =
        assertThrows(
            PeftException.class,
            () ->
                AdaptedModel.open(
                    engine(),
                    BASE,
                    config("q_proj").build(),
                    AdaptedModelOptions.defaults()
                        .withNewTensors(List.of(ExtraTensor.saved("score.bias", List.of(1L), 1)))));
    assertTrue(given.getMessage().contains("does not take in 'score.bias'"), given.getMessage());
    assertThrows(PeftException.class, () -> ExtraTensor.saved("score.bias", List.of(2L), 1));
  }

  @Test
  void quantisedWeightsAreRefused() throws IOException {
    Path packed =
        ModelFiles.model(
            folder.resolve("packed"),
            "{\"model_type\": \"llama\"}",
            ModelFiles.tensor("model.layers.0.self_attn.q_proj.qweight", DType.I32, List.of(1L), 1),
            ModelFiles.matrix("model.layers.0.self_attn.v_proj.weight", DType.F32, 8, 8, 1, 1));
    Path bytes =
        ModelFiles.model(
            folder.resolve("bytes"),
            "{\"model_type\": \"llama\"}",
            ModelFiles.matrix("model.layers.0.self_attn.q_proj.weight", DType.U8, 8, 8, 1, 1));
    for (Path base : List.of(packed, bytes)) {
      PeftException refused =
          assertThrows(
              PeftException.class,
              () ->
                  AdaptedModel.open(
                      engine(), base, config("q_proj").build(), AdaptedModelOptions.defaults()));
      assertTrue(refused.getMessage().contains("before quantisation"), refused.getMessage());
    }
  }

  @Test
  void targetsThatAreNullAreThoseOfTheModelType() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("llama"),
            "{\"model_type\": \"llama\"}",
            ModelFiles.matrix("model.layers.0.self_attn.q_proj.weight", DType.BF16, 8, 8, 1, 1),
            ModelFiles.matrix("model.layers.0.self_attn.k_proj.weight", DType.BF16, 8, 8, 1, 2),
            ModelFiles.matrix("model.layers.0.self_attn.v_proj.weight", DType.BF16, 8, 8, 1, 3));
    FourierFtConfig config = FourierFtConfig.builder().nFrequency(5).initWeights(true).build();
    try (AdaptedModel model =
        AdaptedModel.open(engine(), base, config, AdaptedModelOptions.defaults())) {
      assertEquals(
          List.of("model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj"),
          model.modulePaths());
      assertEquals(
          ModuleSelection.names("q_proj", "v_proj"), model.config("default").targetModules());
      model.save("default", folder.resolve("saved"), false);
    }
    PeftAdapter.open(folder.resolve("saved"));
  }

  private static void refused(FourierFtConfigBuilder config, String... words) {
    PeftException refused = assertThrows(PeftException.class, () -> open(config));
    for (String word : words) {
      assertTrue(refused.getMessage().contains(word), refused.getMessage());
    }
  }

  @Test
  void anAdapterOfAnotherModelIsRefused() {
    PeftException refused =
        assertThrows(
            PeftException.class,
            () ->
                AdaptedModel.open(
                    engine(),
                    BASE,
                    BASE.resolveSibling("../adapters/poet"),
                    AdaptedModelOptions.defaults()));
    assertTrue(refused.getMessage().contains("give the base model that"), refused.getMessage());
  }
}
