package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ModelFiles;
import io.fourierft.OneEngineTest;
import io.fourierft.layer.AdapterNameException;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerSamples;
import io.fourierft.layer.MergeException;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.FourierFtConfigBuilder;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.peft.PeftException;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model as one object: opened, computed with, changed on all layers at once, trained, saved. */
class AdaptedModelTest extends OneEngineTest {
  /**
   * A vision transformer of two layers whose files have the names of transformers' first release.
   */
  private static final Path BASE =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("examples/finetune/base");

  private static final String QUERY = "vit.layers.0.attention.q_proj";
  private static final String STORED_QUERY = "vit.encoder.layer.0.attention.attention.query";
  private static final HostMatrix X = LayerSamples.gaussian(3, 64, 5);

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

  private static float[] forward(AdaptedModel model, String path) {
    try (ModelPass pass = model.newPass()) {
      HostMatrix y = LayerSamples.zeros(X.rows(), model.layer(path).outFeatures());
      pass.forward(path, X, y);
      return LayerSamples.floats(y);
    }
  }

  @Test
  void layersAndTensorsHaveTheNamesOfTheModelAndOfTheFiles() throws IOException {
    try (AdaptedModel model = open(config("q_proj").initWeights(true))) {
      FourierLinear query = model.layer(QUERY);
      assertEquals(query.weight(), model.layer(STORED_QUERY).weight());
      assertSame(model.layer(QUERY), query);
      assertSame(query, model.layer(STORED_QUERY), "one layer, whatever it is called");
      assertEquals(128, model.layer("vit.layers.1.mlp.fc1").outFeatures(), "not adapted");
      Matrix patches = model.tensor("vit.embeddings.patch_embeddings.projection.weight");
      assertEquals(64, patches.rows());
      assertEquals(4, patches.cols());
      assertEquals(1, model.tensor("vit.layernorm.weight").rows());
      // Zero coefficients: the base's own output.
      HostMatrix y = LayerSamples.zeros(3, 64);
      new FourierLinear(engine(), query.weight(), query.bias(), query.options()).forward(X, y);
      assertArrayEquals(LayerSamples.floats(y), forward(model, QUERY));
      FourierException missing =
          assertThrows(FourierException.class, () -> model.layer("vit.layers.2.mlp.fc1"));
      assertTrue(missing.getMessage().contains("'vit.layers.2.mlp.fc1' is no linear layer"));
      assertThrows(FourierException.class, () -> model.layer("vit.layernorm"));
      assertThrows(FourierException.class, () -> model.tensor("vit.nothing"));
    }
  }

  @Test
  void adaptersOfSeveralLayersAreAddedActivatedAndDeletedTogether() throws IOException {
    try (AdaptedModel model = open(config("q_proj", "v_proj"))) {
      float[] first = forward(model, QUERY);
      model.addAdapter("other", config("k_proj", "q_proj").build(), List.of());
      assertEquals(List.of("default"), model.activeAdapters());
      String key = "vit.layers.0.attention.k_proj";
      assertEquals(List.of(), model.layer(key).activeAdapters(), "not active where it is alone");
      assertArrayEquals(first, forward(model, QUERY));
      model.setActiveAdapters(List.of("other"));
      assertEquals(List.of("other"), model.layer(key).activeAdapters());
      assertEquals(List.of(), model.layer("vit.layers.0.attention.v_proj").activeAdapters());
      assertFalse(Arrays.equals(first, forward(model, QUERY)));
      assertThrows(
          AdapterNameException.class, () -> model.setActiveAdapters(List.of("other", "missing")));
      assertThrows(
          AdapterNameException.class,
          () -> model.addAdapter("other", config("fc1").build(), List.of()));
      assertEquals(List.of("other"), model.activeAdapters(), "nothing changed");
      assertThrows(
          AdapterNameException.class,
          () -> model.addAdapter("a.b", config("fc1").build(), List.of()));
      assertEquals(List.of("default", "other"), model.adapterNames());
      model.deleteAdapter("other");
      assertEquals(List.of("default"), model.activeAdapters());
      assertEquals(List.of(), model.layer(key).adapterNames());
      assertArrayEquals(first, forward(model, QUERY));
    }
  }

  @Test
  void aMergeIsOfAllLayersOrOfNone() throws IOException {
    try (AdaptedModel model = open(config("q_proj", "v_proj"))) {
      float[] live = forward(model, QUERY);
      model.merge(true);
      assertEquals(List.of("default"), model.layer(QUERY).mergedAdapters());
      assertTrue(LayerSamples.error(forward(model, QUERY), live) < 1e-5);
      assertThrows(MergeException.class, () -> model.deleteAdapter("default"));
      assertTrue(model.unmerge());
      assertFalse(model.unmerge());
      FourierLinear last = model.layer("vit.layers.1.attention.v_proj");
      float[] broken = last.adapter("default").spectrum();
      broken[3] = Float.NaN;
      last.updateSpectrum("default", broken);
      assertThrows(MergeException.class, () -> model.merge(true));
      assertEquals(List.of(), model.layer(QUERY).mergedAdapters(), "merged before, and undone");
      assertThrows(AdapterNameException.class, () -> model.merge(true, List.of("missing")));
      model.disableAdapters();
      assertFalse(model.adaptersEnabled());
      assertThrows(MergeException.class, () -> model.merge(false));
      model.enableAdapters();
    }
  }

  @Test
  void theActiveAdaptersHeadIsTakenAndTheBasesWhereThereIsNone() throws IOException {
    FourierFtConfigBuilder saving = config("q_proj").modulesToSave(List.of("classifier"));
    float[] weight = new float[3 * 64];
    weight[5] = 1;
    AdaptedModelOptions options =
        AdaptedModelOptions.defaults()
            .withNewTensors(
                List.of(
                    ExtraTensor.saved("classifier.weight", List.of(3L, 64L), weight),
                    ExtraTensor.saved("classifier.bias", List.of(3L), 1, 2, 3)));
    try (AdaptedModel model = AdaptedModel.open(engine(), BASE, saving.build(), options);
        ModelPass pass = model.newPass()) {
      assertEquals(3, model.tensor("classifier.weight").rows());
      FourierException frozen =
          assertThrows(FourierException.class, () -> model.layer("classifier"));
      assertTrue(frozen.getMessage().contains("saved whole by adapter 'default'"));
      model.disableAdapters();
      assertEquals(5, model.tensor("classifier.weight").rows(), "the base's");
      assertEquals(3, pass.tensor("classifier.weight").rows(), "the pass began before");
      model.enableAdapters();
      model.addAdapter("plain", config("v_proj").build(), List.of());
      model.addAdapter("second", saving.build(), List.of());
      FourierException both =
          assertThrows(
              FourierException.class, () -> model.setActiveAdapters(List.of("default", "second")));
      assertTrue(both.getMessage().contains("only one of them can be active"), both.getMessage());
      model.setActiveAdapters(List.of("plain"));
      assertEquals(5, model.tensor("classifier.weight").rows());
      pass.begin(List.of("default", "default"), 1);
      assertEquals(3, pass.tensor("classifier.weight").rows());
      pass.begin(Arrays.asList("plain", null), 1);
      assertEquals(5, pass.tensor("classifier.weight").rows());
      pass.begin(List.of("default", "plain"), 1);
      assertThrows(FourierException.class, () -> pass.tensor("classifier.weight"));
      assertEquals(64, pass.tensor("vit.layernorm.weight").cols(), "all share it");
      assertThrows(AdapterNameException.class, () -> pass.begin(List.of("missing"), 1));
    }
  }

  @Test
  void samplesNameTheirAdaptersWhereALayerHasThem() throws IOException {
    try (AdaptedModel model = open(config("q_proj"));
        ModelPass pass = model.newPass()) {
      model.addAdapter("b", config("v_proj").build(), List.of());
      float[] adapted = forward(model, QUERY);
      model.setActiveAdapters(List.of());
      float[] base = forward(model, QUERY);
      pass.begin(Arrays.asList("default", "b", null), 1);
      HostMatrix y = LayerSamples.zeros(3, 64);
      pass.forward(QUERY, X, y);
      float[] mixed = LayerSamples.floats(y);
      assertTrue(LayerSamples.error(Arrays.copyOf(mixed, 64), Arrays.copyOf(adapted, 64)) < 1e-6);
      assertArrayEquals(
          Arrays.copyOfRange(base, 64, 3 * 64), Arrays.copyOfRange(mixed, 64, 3 * 64));
    }
  }

  @Test
  void aPassComputesWithTheMomentAtWhichItBegan() throws IOException {
    try (AdaptedModel model = open(config("q_proj"));
        ModelPass pass = model.newPass()) {
      float[] before = forward(model, QUERY);
      model.merge(true);
      model.unmerge();
      model.deleteAdapter("default");
      HostMatrix y = LayerSamples.zeros(3, 64);
      pass.forward(QUERY, X, y);
      assertArrayEquals(before, LayerSamples.floats(y));
      pass.begin();
      pass.forward(QUERY, X, y);
      assertFalse(Arrays.equals(before, LayerSamples.floats(y)));
    }
  }

  @Test
  void aLayerUsedTwiceGoesBackInReverseOrder() throws IOException {
    try (AdaptedModel model = open(config("q_proj"));
        ModelPass pass = model.newPass(3)) {
      var spectrum = model.parameters("default").spectra().getFirst();
      HostMatrix other = LayerSamples.gaussian(3, 64, 6);
      HostMatrix y = LayerSamples.zeros(3, 64);
      HostMatrix g = LayerSamples.gaussian(3, 64, 7);
      pass.forward(QUERY, X, y);
      pass.backward(QUERY, g, null);
      float[] alone = LayerSamples.floats((HostMatrix) spectrum.gradient());
      ((HostMatrix) spectrum.gradient()).data().fill((byte) 0);
      pass.begin();
      pass.forward(QUERY, X, y);
      pass.forward(QUERY, other, y);
      pass.backward(QUERY, LayerSamples.zeros(3, 64), null);
      pass.backward(QUERY, g, null);
      assertArrayEquals(alone, LayerSamples.floats((HostMatrix) spectrum.gradient()));
      FourierException none =
          assertThrows(FourierException.class, () -> pass.backward(QUERY, g, null));
      assertTrue(none.getMessage().contains("no forward call of"), none.getMessage());
      try (ModelPass inference = model.newPass()) {
        inference.forward(QUERY, X, y);
        assertThrows(FourierException.class, () -> inference.backward(QUERY, g, null));
      }
    }
  }

  /** The files' name of a layer and the model's are of one tape and one gradient. */
  @Test
  void aLayerIsTrainedByEitherOfItsNames() throws IOException {
    try (AdaptedModel model = open(config("q_proj").bias("fourier_only"));
        ModelPass pass = model.newPass(3)) {
      AdapterParameters trained = model.parameters("default");
      HostMatrix spectrum = (HostMatrix) trained.spectra().getFirst().gradient();
      HostMatrix bias = (HostMatrix) trained.biases().getFirst().gradient();
      HostMatrix y = LayerSamples.zeros(3, 64);
      pass.forward(QUERY, X, y);
      pass.backward(QUERY, y, null);
      float[] wanted = LayerSamples.floats(spectrum);
      float[] wantedBias = LayerSamples.floats(bias);
      spectrum.data().fill((byte) 0);
      bias.data().fill((byte) 0);
      pass.begin();
      pass.forward(QUERY, X, y);
      pass.backward(STORED_QUERY, y, null);
      assertArrayEquals(wanted, LayerSamples.floats(spectrum));
      assertArrayEquals(wantedBias, LayerSamples.floats(bias));
    }
  }

  @Test
  void biasesAreTheAdaptersWhileItIsThere() throws IOException {
    float[] shifted;
    try (AdaptedModel model = open(config("q_proj").bias("fourier_only"))) {
      assertEquals(2, model.parameters("default").biases().size());
      try (Trainer trainer = model.trainer(0.1, 0, TrainerOptions.defaults());
          ModelPass pass = model.newPass(3)) {
        HostMatrix y = LayerSamples.zeros(3, 64);
        pass.forward(QUERY, X, y);
        pass.backward(QUERY, y, null);
        trainer.batchDone();
      }
      shifted = forward(model, QUERY);
      model.save("default", folder.resolve("biased"), false);
      FourierException second =
          assertThrows(
              PeftException.class,
              () -> model.addAdapter("b", config("v_proj").bias("all").build(), List.of()));
      assertTrue(second.getMessage().contains("only 1 adapter with bias"), second.getMessage());
    }
    try (AdaptedModel model =
        AdaptedModel.open(
            engine(), BASE, folder.resolve("biased"), AdaptedModelOptions.defaults())) {
      assertArrayEquals(shifted, forward(model, QUERY));
      float[] trained = LayerSamples.floats((HostMatrix) model.layer(QUERY).bias());
      float[] own = ModelFiles.floats(BASE, STORED_QUERY + ".bias");
      assertFalse(Arrays.equals(own, trained));
      assertArrayEquals(trained, LayerSamples.floats((HostMatrix) model.tensor(QUERY + ".bias")));
      model.deleteAdapter("default");
      assertArrayEquals(own, LayerSamples.floats((HostMatrix) model.layer(QUERY).bias()));
    }
  }

  @Test
  void whatIsSavedComesBackBitForBit() throws IOException {
    float[] before;
    try (AdaptedModel model =
        AdaptedModel.open(
            engine(),
            BASE,
            config("q_proj", "v_proj").modulesToSave(List.of("classifier")).build(),
            AdaptedModelOptions.defaults().withAdapterName("poet").withInitializationSeed(3))) {
      assertNull(model.newPass().gradient("classifier.weight"), "not trained yet");
      before = forward(model, QUERY);
      model.save("poet", folder.resolve("poet"), false);
      assertThrows(FourierException.class, () -> model.save("poet", folder.resolve("poet"), false));
      model.save("poet", folder.resolve("poet"), true);
      assertThrows(
          AdapterNameException.class, () -> model.save("coder", folder.resolve("coder"), true));
    }
    try (AdaptedModel model =
        AdaptedModel.open(engine(), BASE, folder.resolve("poet"), AdaptedModelOptions.defaults())) {
      assertArrayEquals(before, forward(model, QUERY));
      assertEquals(2024, model.config("default").randomLocSeed().intValue());
    }
  }
}
