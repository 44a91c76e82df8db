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
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.FourierFtConfigBuilder;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.safetensors.DType;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
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
    float[] stored = ModelFiles.floats(BASE, STORED_KEY + ".bias");
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
}
