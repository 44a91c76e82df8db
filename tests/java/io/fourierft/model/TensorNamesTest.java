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
import io.fourierft.peft.PeftException;
import io.fourierft.safetensors.DType;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A tensor is one, whatever it is called: as in the base's files, in the model of today, or in the
 * one that an adapter was trained on.
 */
class TensorNamesTest extends OneEngineTest {
  private static final Path BASE =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("examples/finetune/base");

  /** A layer that no adapter adapts, by its name in the model and in the files. */
  private static final String KEY = "vit.layers.0.attention.k_proj";

  private static final String STORED_KEY = "vit.encoder.layer.0.attention.attention.key";
  private static final String NORM = "vit.layers.0.layernorm_before.bias";
  private static final String STORED_NORM = "vit.encoder.layer.0.layernorm_before.bias";
  private static final HostMatrix X = LayerSamples.gaussian(3, 64, 5);
  private static final HostMatrix G = LayerSamples.gaussian(3, 64, 6);

  @TempDir Path folder;

  private static FourierFtConfigBuilder config(String... targets) {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names(targets))
        .nFrequency(20)
        .scaling(100);
  }

  private static AdaptedModel open(FourierFtConfigBuilder config) throws IOException {
    return AdaptedModel.open(engine(), BASE, config.build(), AdaptedModelOptions.defaults());
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

  private static float[] forward(AdaptedModel model, String path) {
    try (ModelPass pass = model.newPass()) {
      return forward(pass, path, X, 64);
    }
  }

  private static float[] biasOf(AdaptedModel model, String tensor) {
    return LayerSamples.floats((HostMatrix) model.tensor(tensor));
  }

  /** Outputs less those of a model without its bias, so the bias that a pass has computed with. */
  private static float[] shift(float[] outputs, float[] base) {
    float[] shift = new float[64];
    for (int i = 0; i < shift.length; i++) {
      shift[i] = outputs[i] - base[i];
    }
    return shift;
  }

  @ParameterizedTest
  @ValueSource(strings = {KEY, STORED_KEY})
  void aBiasIsTrainedByEitherNameOfItsLayer(String name) throws IOException {
    String other = name.equals(KEY) ? STORED_KEY : KEY;
    float[] base;
    try (AdaptedModel model = open(config("q_proj"))) {
      base = forward(model, name);
    }
    float[] stored = stored(STORED_KEY + ".bias");
    float[] trained;
    try (AdaptedModel model = open(config("q_proj").bias("all"));
        Trainer trainer = model.trainer(0.1, 0, TrainerOptions.defaults());
        ModelPass pass = model.newPass(3)) {
      assertArrayEquals(base, forward(pass, name, X, 64));
      pass.backward(other, G, null);
      HostMatrix gradient = (HostMatrix) Objects.requireNonNull(pass.gradient(other + ".bias"));
      for (int i = 0; i < 64; i++) {
        float sum = G.get(0, i) + G.get(1, i) + G.get(2, i);
        assertEquals(sum, gradient.get(0, i), 1e-5f);
      }
      trainer.batchDone();
      trained = biasOf(model, name + ".bias");
      assertFalse(Arrays.equals(stored, trained));
      assertArrayEquals(trained, biasOf(model, other + ".bias"));
      assertArrayEquals(
          trained,
          LayerSamples.floats((HostMatrix) Objects.requireNonNull(model.layer(name).bias())));
      model.save("default", folder.resolve("saved"), false);
    }
    for (String first : List.of(name, other)) {
      try (AdaptedModel model = open(BASE, folder.resolve("saved"));
          ModelPass begunBefore = model.newPass()) {
        float[] outputs = forward(begunBefore, first, X, 64);
        float[] wanted = new float[64];
        for (int i = 0; i < 64; i++) {
          wanted[i] = trained[i] - stored[i];
        }
        assertTrue(LayerSamples.error(shift(outputs, base), wanted) < 1e-5);
        assertArrayEquals(outputs, forward(model, name));
        assertArrayEquals(outputs, forward(model, other));
        model.deleteAdapter("default");
        assertArrayEquals(base, forward(model, first));
        assertArrayEquals(outputs, forward(begunBefore, first, X, 64), "the pass began before");
      }
    }
  }

  private static float[] stored(String tensor) throws IOException {
    double[] elements = ModelFiles.elements(BASE, tensor);
    float[] values = new float[elements.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) elements[i];
    }
    return values;
  }

  /** The layer is first needed when another adapter is added to it. */
  @Test
  void aLayerThatIsAdaptedLaterHasTheBiasThatTheFirstAdapterBrought() throws IOException {
    float[] before;
    try (AdaptedModel model = open(config("q_proj").bias("all"));
        Trainer trainer = model.trainer(0.1, 0, TrainerOptions.defaults());
        ModelPass pass = model.newPass(3)) {
      forward(pass, KEY, X, 64);
      pass.backward(KEY, G, null);
      trainer.batchDone();
      before = forward(model, KEY);
      model.save("default", folder.resolve("saved"), false);
    }
    try (AdaptedModel model = open(BASE, folder.resolve("saved"))) {
      model.addAdapter("keys", config("k_proj").build(), List.of());
      assertArrayEquals(before, forward(model, KEY));
      model.setActiveAdapters(List.of("keys"));
      assertFalse(Arrays.equals(before, forward(model, KEY)));
      model.deleteAdapter("keys");
      assertArrayEquals(before, forward(model, STORED_KEY));
    }
  }

  @Test
  void aPassThatBeganBeforeBiasesCameOrWentIsNotGivenALayerOfNow() throws IOException {
    try (AdaptedModel model = open(config("q_proj"));
        ModelPass begunBefore = model.newPass()) {
      model.addAdapter("biases", config("v_proj").bias("all").build(), List.of());
      forward(model, KEY);
      FourierException late =
          assertThrows(FourierException.class, () -> forward(begunBefore, STORED_KEY, X, 64));
      assertTrue(late.getMessage().contains("begin()"), late.getMessage());
      begunBefore.begin();
      forward(begunBefore, STORED_KEY, X, 64);
      // A layer whose bias no adapter brings is the same at any time.
      try (ModelPass other = model.newPass()) {
        model.deleteAdapter("biases");
        forward(model, KEY);
        forward(other, KEY, X, 64);
      }
    }
  }

  @Test
  void biasesOfOtherModulesAreFoundByEitherName() throws IOException {
    try (AdaptedModel model = open(config("q_proj").bias("all"));
        Trainer trainer = model.trainer(0.1, 0, TrainerOptions.defaults());
        ModelPass pass = model.newPass(3)) {
      HostMatrix gradient = (HostMatrix) Objects.requireNonNull(pass.gradient(STORED_NORM));
      assertSame(gradient, pass.gradient(NORM));
      gradient.set(0, 5, 1);
      float before = biasOf(model, NORM)[5];
      trainer.batchDone();
      assertFalse(before == biasOf(model, NORM)[5]);
      assertArrayEquals(biasOf(model, NORM), biasOf(model, STORED_NORM));
      pass.begin();
      assertArrayEquals(
          biasOf(model, NORM), LayerSamples.floats((HostMatrix) pass.tensor(STORED_NORM)));
    }
  }

  @Test
  void aModuleSavedWholeIsNoFrozenLayerByAnyName() throws IOException {
    try (AdaptedModel model = open(config("q_proj").modulesToSave(List.of("k_proj")));
        ModelPass pass = model.newPass(3)) {
      model.parameters("default");
      for (String name : List.of(KEY, STORED_KEY)) {
        FourierException saved = assertThrows(FourierException.class, () -> model.layer(name));
        assertTrue(saved.getMessage().contains("saved whole"), saved.getMessage());
        HostMatrix weight = (HostMatrix) model.tensor(name + ".weight");
        assertSame(weight, model.tensor(KEY + ".weight"), "the adapter's");
        assertSame(pass.gradient(KEY + ".weight"), pass.gradient(name + ".weight"));
      }
    }
    try (AdaptedModel model = open(config("q_proj"))) {
      model.layer(STORED_KEY);
      FourierException taken =
          assertThrows(
              FourierException.class,
              () ->
                  model.addAdapter(
                      "head",
                      config("v_proj").modulesToSave(List.of("k_proj")).build(),
                      List.of()));
      assertTrue(taken.getMessage().contains("as a frozen layer"), taken.getMessage());
    }
  }

  /** An adapter of an older transformers beside one of today: both speak of the same tensors. */
  @Test
  void adaptersOfTwoReleasesMeetInOneModel() throws IOException {
    Path old =
        ModelFiles.adapter(
            folder.resolve("old"),
            4,
            100,
            7,
            "[\"attention.attention.query\"]",
            ", \"modules_to_save\": [\"attention.attention.key\"]",
            savedKeys(2, 64));
    try (AdaptedModel model = open(BASE, old)) {
      assertEquals(2, model.modulePaths().size());
      assertEquals(STORED_KEY.replace("key", "query"), model.modulePaths().getFirst());
      float[] adapted = forward(model, model.modulePaths().getFirst());
      assertArrayEquals(adapted, forward(model, "vit.layers.0.attention.q_proj"));
      assertEquals(7, biasOf(model, KEY + ".bias")[3]);
      assertThrows(FourierException.class, () -> model.layer(KEY));
      model.addAdapter(
          "today", config("q_proj").modulesToSave(List.of("k_proj")).build(), List.of());
      assertEquals(2, model.modulePaths().size(), "each module once");
      FourierException both =
          assertThrows(
              FourierException.class, () -> model.setActiveAdapters(List.of("default", "today")));
      assertTrue(both.getMessage().contains("both save"), both.getMessage());
      AdapterParameters trained = model.parameters("default");
      try (ModelPass pass = model.newPass(3)) {
        forward(pass, "vit.layers.0.attention.q_proj", X, 64);
        pass.backward(model.modulePaths().getFirst(), G, null);
      }
      float[] gradient = LayerSamples.floats((HostMatrix) trained.spectra().getFirst().gradient());
      assertTrue(gradient[0] != 0);
      // Saved with its own names.
      model.save("default", folder.resolve("again"), false);
    }
    try (AdaptedModel model = open(BASE, folder.resolve("again"))) {
      assertEquals(STORED_KEY.replace("key", "query"), model.modulePaths().getFirst());
    }
  }

  /** Spectra of the queries and whole keys of a vision transformer, by the names of its files. */
  private static ModelFiles.Tensor[] savedKeys(int layers, int width) {
    ModelFiles.Tensor[] tensors = new ModelFiles.Tensor[3 * layers];
    for (int layer = 0; layer < layers; layer++) {
      String attention = "vit.encoder.layer." + layer + ".attention.attention.";
      float[] bias = new float[width];
      Arrays.fill(bias, 7);
      tensors[3 * layer] = ModelFiles.spectrum(attention + "query", DType.F32, 1, 2, 3, 4);
      tensors[3 * layer + 1] =
          ModelFiles.matrix(
              "base_model.model." + attention + "key.weight", DType.F32, width, width, 1, layer);
      tensors[3 * layer + 2] =
          ModelFiles.tensor(
              "base_model.model." + attention + "key.bias", DType.F32, List.of((long) width), bias);
    }
    return tensors;
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
    FourierFtConfigBuilder parts = config("q_proj").nFrequency(4).bias("all");
    try (AdaptedModel model =
        AdaptedModel.open(engine(), base, parts.build(), AdaptedModelOptions.defaults())) {
      refusedInPieces(fused, model::layer);
      refusedInPieces(fused + ".bias", model::tensor);
      model.layer(query);
      model.layer("layers.0.self_attn.k_proj");
    }
    // Only the bias is in pieces: the projection itself is not adapted.
    FourierFtConfigBuilder output = config("o_proj").nFrequency(4);
    try (AdaptedModel model =
        AdaptedModel.open(
            engine(), base, output.bias("all").build(), AdaptedModelOptions.defaults())) {
      refusedInPieces(fused, model::layer);
    }
    try (AdaptedModel model =
        AdaptedModel.open(
            engine(), base, output.bias("none").build(), AdaptedModelOptions.defaults())) {
      model.layer(fused);
      refusedInPieces(
          "parts",
          name -> model.addAdapter(name, config("q_proj").nFrequency(4).build(), List.of()));
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
    FourierFtConfigBuilder biased = config("query").nFrequency(4).bias("all");
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
    String decoder = "cls.predictions.decoder";
    AdaptedModelOptions own =
        AdaptedModelOptions.defaults()
            .withNewTensors(
                List.of(
                    ExtraTensor.saved(decoder + ".weight", List.of(12L, 8L), new float[96]),
                    ExtraTensor.saved(decoder + ".bias", List.of(12L), new float[12])));
    FourierFtConfigBuilder saving = config("query").nFrequency(4).modulesToSave(List.of("decoder"));
    try (AdaptedModel model = AdaptedModel.open(engine(), base, saving.build(), own)) {
      assertEquals(0, ((HostMatrix) model.tensor(decoder + ".weight")).get(3, 3));
      assertTrue(
          ((HostMatrix) model.tensor("bert.embeddings.word_embeddings.weight")).get(3, 3) != 0);
    }
  }

  /** One encoder alone, on a checkpoint of the pair, whose names it has before its own. */
  @Test
  void aTowersNamesAreUnderstoodForWhatItsAdapterDoesNotAdaptToo() throws IOException {
    Path root = BASE.resolve("../../../tests/resources/cases/clip-tower-only");
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
