package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.ModelFiles;
import io.fourierft.OneEngineTest;
import io.fourierft.layer.LayerSamples;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.FourierFtConfigBuilder;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftException;
import io.fourierft.safetensors.DType;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tensors that the files and the model have at other places: fused, tied, or below another prefix.
 */
class TensorPlacesTest extends OneEngineTest {
  private static final Path CASES =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("tests/resources/cases");

  @TempDir Path folder;

  private static FourierFtConfigBuilder config(String... targets) {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names(targets))
        .nFrequency(4)
        .scaling(100);
  }

  private static AdaptedModel open(Path base, Path adapter) throws IOException {
    return AdaptedModel.open(engine(), base, adapter, AdaptedModelOptions.defaults());
  }

  /** What a pass computes that may be the first to use the layer. */
  private static float[] forward(ModelPass pass, String path, HostMatrix x, int out) {
    HostMatrix y = LayerSamples.zeros(x.rows(), out);
    pass.forward(path, x, y);
    return LayerSamples.floats(y);
  }

  private static float[] biasOf(AdaptedModel model, String tensor) {
    return LayerSamples.floats((HostMatrix) model.tensor(tensor));
  }

  /**
   * A base whose files hold query, key and value in one tensor, which the model of today splits.
   */
  private Path fused() throws IOException {
    return ModelFiles.model(
        folder.resolve("fused"),
        "{\"model_type\": \"jina_embeddings_v3\"}",
        ModelFiles.matrix("encoder.layers.0.mixer.Wqkv.weight", DType.F32, 24, 8, 1, 1),
        ModelFiles.vector("encoder.layers.0.mixer.Wqkv.bias", DType.F32, 24, 2),
        ModelFiles.matrix("encoder.layers.0.mixer.out_proj.weight", DType.F32, 8, 8, 1, 3),
        ModelFiles.vector("encoder.layers.0.mixer.out_proj.bias", DType.F32, 8, 4));
  }

  private static void refusedInPieces(String name, ThrowingConsumer<String> use) {
    FourierException refused = assertThrows(FourierException.class, () -> use.accept(name));
    assertTrue(refused.getMessage().contains("in part the same rows"), refused.getMessage());
  }

  /** Where the adapted model has a tensor whole, its parts are not to be had without a word. */
  @Test
  void aPartOfWhatAnAdapterAdaptsIsRefusedAndSoIsTheWholeOfAPart() throws IOException {
    Path base = fused();
    Path whole =
        ModelFiles.adapter(
            folder.resolve("whole"),
            4,
            100,
            7,
            "[\"Wqkv\"]",
            "",
            ModelFiles.spectrum("encoder.layers.0.mixer.Wqkv", DType.F32, 1, 2, 3, 4));
    String query = "layers.0.self_attn.q_proj";
    String fused = "encoder.layers.0.mixer.Wqkv";
    try (AdaptedModel model = open(base, whole)) {
      refusedInPieces(query, model::layer);
      refusedInPieces(query + ".weight", model::tensor);
      assertEquals(24, model.layer(fused).outFeatures());
      assertEquals(List.of("default"), model.layer(fused).activeAdapters());
      assertEquals(8, model.tensor(query + ".bias").cols(), "no adapter brings it");
      refusedInPieces("parts", name -> model.addAdapter(name, config("q_proj").build(), List.of()));
      assertEquals(List.of("default"), model.adapterNames(), "nothing was added");
    }
    FourierFtConfigBuilder parts = config("q_proj").bias("all");
    try (AdaptedModel model =
        AdaptedModel.open(engine(), base, parts.build(), AdaptedModelOptions.defaults())) {
      refusedInPieces(fused, model::layer);
      refusedInPieces(fused + ".bias", model::tensor);
      model.layer(query);
      model.layer("layers.0.self_attn.k_proj");
    }
    // Only the bias is in pieces: the projection itself is not adapted.
    FourierFtConfigBuilder output = config("o_proj");
    try (AdaptedModel model =
        AdaptedModel.open(
            engine(), base, output.bias("all").build(), AdaptedModelOptions.defaults())) {
      refusedInPieces(fused, model::layer);
    }
    try (AdaptedModel model =
        AdaptedModel.open(
            engine(), base, output.bias("none").build(), AdaptedModelOptions.defaults())) {
      model.layer(fused);
      refusedInPieces("parts", name -> model.addAdapter(name, config("q_proj").build(), List.of()));
    }
  }

  /** What one of two tied biases is trained to is in both, and so in the layer of either. */
  @Test
  void tiedBiasesAreOneAndTiedWeightsSavedApartAreTwo() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("tied"),
            "{\"model_type\": \"bert\"}",
            ModelFiles.matrix("bert.embeddings.word_embeddings.weight", DType.F32, 12, 8, 1, 1),
            ModelFiles.matrix(
                "bert.encoder.layer.0.attention.self.query.weight", DType.F32, 8, 8, 1, 2),
            ModelFiles.vector("bert.encoder.layer.0.attention.self.query.bias", DType.F32, 8, 3),
            ModelFiles.vector("cls.predictions.bias", DType.F32, 12, 4));
    FourierFtConfigBuilder biased = config("query").bias("all");
    try (AdaptedModel model =
            AdaptedModel.open(engine(), base, biased.build(), AdaptedModelOptions.defaults());
        Trainer trainer = model.trainer(0.1, 0, TrainerOptions.defaults());
        ModelPass pass = model.newPass(1)) {
      HostMatrix zero = LayerSamples.zeros(1, 8);
      float[] before = forward(pass, "cls.predictions.decoder", zero, 12);
      assertArrayEquals(before, biasOf(model, "cls.predictions.decoder.bias"));
      pass.backward("cls.predictions.decoder", LayerSamples.gaussian(1, 12, 3), null);
      trainer.batchDone();
      pass.begin();
      float[] after = forward(pass, "cls.predictions.decoder", zero, 12);
      assertFalse(Arrays.equals(before, after));
      assertArrayEquals(after, biasOf(model, "cls.predictions.decoder.bias"));
      assertArrayEquals(after, biasOf(model, "cls.predictions.bias"));
    }
    // PEFT writes a tied bias by both of its names.
    for (float other : new float[] {7, 8}) {
      float[] one = new float[12];
      Arrays.fill(one, 7);
      float[] two = one.clone();
      two[11] = other;
      String query = "base_model.model.bert.encoder.layer.0.attention.self.query.base_layer.bias";
      Path adapter =
          ModelFiles.adapter(
              folder.resolve("both" + other),
              4,
              100,
              7,
              "[\"query\"]",
              ", \"bias\": \"all\"",
              ModelFiles.spectrum(
                  "bert.encoder.layer.0.attention.self.query", DType.F32, 1, 2, 3, 4),
              ModelFiles.vector(query, DType.F32, 8, 3),
              ModelFiles.tensor(
                  "base_model.model.cls.predictions.bias", DType.F32, List.of(12L), one),
              ModelFiles.tensor(
                  "base_model.model.cls.predictions.decoder.bias", DType.F32, List.of(12L), two));
      if (other == 8) {
        PeftException torn = assertThrows(PeftException.class, () -> open(base, adapter));
        assertTrue(torn.getMessage().contains("with different values"), torn.getMessage());
        continue;
      }
      try (AdaptedModel model = open(base, adapter)) {
        assertEquals(7, biasOf(model, "cls.predictions.decoder.bias")[11]);
        model.save("default", folder.resolve("both"), false);
      }
      assertEquals(3, PeftAdapter.open(folder.resolve("both")).extraTensors().size());
    }
    String decoder = "cls.predictions.decoder";
    AdaptedModelOptions own =
        AdaptedModelOptions.defaults()
            .withNewTensors(
                List.of(
                    ExtraTensor.saved(decoder + ".weight", List.of(12L, 8L), new float[96]),
                    ExtraTensor.saved(decoder + ".bias", List.of(12L), new float[12])));
    FourierFtConfigBuilder saving = config("query").modulesToSave(List.of("decoder"));
    try (AdaptedModel model = AdaptedModel.open(engine(), base, saving.build(), own)) {
      assertEquals(0, ((HostMatrix) model.tensor(decoder + ".weight")).get(3, 3));
      assertTrue(
          ((HostMatrix) model.tensor("bert.embeddings.word_embeddings.weight")).get(3, 3) != 0);
    }
  }

  /** One encoder alone, on a checkpoint of the pair, whose names it has before its own. */
  @Test
  void aTowersNamesAreUnderstoodForWhatItsAdapterDoesNotAdaptToo() throws IOException {
    Path root = CASES.resolve("clip-tower-only");
    try (AdaptedModel model = open(root.resolve("base"), root.resolve("adapter"))) {
      assertEquals("encoder.layers.0.self_attn.q_proj", model.modulePaths().getFirst());
      for (String leaf : List.of("k_proj", "q_proj")) {
        String path = "encoder.layers.0.self_attn." + leaf;
        assertSame(model.layer(path), model.layer("vision_model." + path));
      }
      // The other tower has modules of the same paths, so that no path would say which is meant.
      Path other = folder.resolve("other-tower");
      model.save("default", other, false);
      Path file = other.resolve("adapter_config.json");
      Files.writeString(file, Files.readString(file).replace("CLIPVisionModel", "CLIPTextModel"));
      PeftException doubtful =
          assertThrows(PeftException.class, () -> model.addAdapter("text", other));
      assertTrue(doubtful.getMessage().contains("in the model of today"), doubtful.getMessage());
      assertEquals(List.of("default"), model.adapterNames());
    }
  }

  /** A checkpoint of the bare model under an adapter of the model with a head. */
  @Test
  void theAdaptersPrefixIsUnderstoodInEveryName() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("bare"),
            "{\"model_type\": \"bert\"}",
            ModelFiles.matrix("encoder.layer.0.attention.self.query.weight", DType.F32, 8, 8, 1, 1),
            ModelFiles.vector("encoder.layer.0.attention.self.query.bias", DType.F32, 8, 2),
            ModelFiles.matrix("encoder.layer.0.attention.self.key.weight", DType.F32, 8, 8, 1, 3),
            ModelFiles.vector("encoder.layer.0.attention.self.key.bias", DType.F32, 8, 4));
    String module = "bert.encoder.layer.0.attention.self.";
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("prefixed"),
            4,
            100,
            7,
            "[\"query\"]",
            ", \"bias\": \"all\"",
            ModelFiles.spectrum(module + "query", DType.F32, 1, 2, 3, 4),
            ModelFiles.tensor(
                "base_model.model." + module + "query.base_layer.bias",
                DType.F32,
                List.of(8L),
                1,
                2,
                3,
                4,
                5,
                6,
                7,
                8),
            ModelFiles.tensor(
                "base_model.model." + module + "key.bias",
                DType.F32,
                List.of(8L),
                8,
                7,
                6,
                5,
                4,
                3,
                2,
                1));
    HostMatrix zero = LayerSamples.zeros(1, 8);
    for (String key : List.of(module + "key", (module + "key").substring(5))) {
      try (AdaptedModel model = open(base, adapter);
          ModelPass pass = model.newPass(1)) {
        model.parameters("default");
        assertArrayEquals(new float[] {8, 7, 6, 5, 4, 3, 2, 1}, forward(pass, key, zero, 8));
        pass.backward(key, LayerSamples.gaussian(1, 8, 3), null);
        assertTrue(((HostMatrix) pass.gradient(key + ".bias")).get(0, 0) != 0);
        String query = key.replace("key", "query");
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, forward(pass, query, zero, 8));
        assertThrows(PeftException.class, () -> open(base, folder));
      }
    }
  }
}
