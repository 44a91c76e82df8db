package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.SpectralLocations;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftAdapterWriter;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What PEFT's tests assert of training, gradients and saving, by number. */
class FourierLinearCheckpointTest extends LayerTest {
  private static final String MODULE = "model.layers.0.q_proj";
  private static final long SEED = 777;

  @TempDir Path folder;

  private static FourierAdapter seeded(float[] spectrum) {
    return FourierAdapter.of(SpectralLocations.of(OUT, IN, N, SEED), spectrum, 150);
  }

  private FourierLinear trainedLayer(String... names) {
    FourierLinear layer = layer();
    for (String name : names) {
      layer.addAdapter(
          name, seeded(LayerSamples.floats(LayerSamples.gaussian(1, N, name.hashCode()))));
    }
    train(layer, names[0], 3);
    return layer;
  }

  /** Steps of training towards an output of zero. */
  private void train(FourierLinear layer, String name, int steps) {
    TrainableSpectrum spectrum = TrainableSpectrum.of(MODULE, layer, name);
    ParameterGroup group = ParameterGroup.of("spectra", List.of(spectrum), 0.05);
    TrainerOptions options = TrainerOptions.defaults().withMaxGradientNorm(1.0);
    HostMatrix x = input(ElementType.F32);
    HostMatrix y = LayerSamples.zeros(x.rows(), OUT);
    try (Trainer trainer = Trainer.of(engine(), List.of(group), options);
        LinearTape tape = layer.newTape(x.rows())) {
      for (int step = 0; step < steps; step++) {
        layer.forward(x, y, tape);
        layer.backward(tape, y, null, Map.of(name, spectrum.gradient()));
        assertTrue(trainer.batchDone());
      }
    }
  }

  private static void save(FourierLinear layer, String name, Path directory) throws IOException {
    FourierFtConfig config =
        FourierFtConfig.builder()
            .nFrequency(N)
            .scaling(150)
            .randomLocSeed(SEED)
            .targetModules(ModuleSelection.names("q_proj"))
            .build();
    PeftAdapterWriter.write(
        PeftAdapter.of(config, Map.of(MODULE, layer.adapter(name))), directory, false);
  }

  private static FourierAdapter load(Path directory) throws IOException {
    PeftAdapter loaded = PeftAdapter.open(directory);
    float[] spectrum = loaded.module(MODULE).orElseThrow().spectrum().toFloats();
    return FourierAdapter.of(
        SpectralLocations.of(OUT, IN, spectrum.length, loaded.config().randomLocSeed().longValue()),
        spectrum,
        loaded.config().scaling());
  }

  @Test
  void behaviour01SavedAdapterIsReadBackBitForBit() throws IOException {
    FourierLinear layer = trainedLayer("default");
    Path directory = folder.resolve("saved");
    save(layer, "default", directory);
    assertTrue(Files.exists(directory.resolve("adapter_model.safetensors")));
    assertTrue(Files.exists(directory.resolve("adapter_config.json")));
    assertTrue(Files.notExists(directory.resolve("model.safetensors")));
    assertTrue(Files.notExists(directory.resolve("config.json")));
    FourierAdapter again = load(directory);
    assertArrayEquals(layer.adapter("default").spectrum(), again.spectrum());
    assertEquals(layer.adapter("default").locations(), again.locations());
  }

  @Test
  void behaviour02OneOfSeveralAdaptersIsSavedAlone() throws IOException {
    FourierLinear several =
        trainedLayer("default", "default2", "other_default", "foodefault_bar", "efaul");
    Path directory = folder.resolve("one");
    save(several, "default", directory);
    assertEquals(1, PeftAdapter.open(directory).modules().size());
    assertArrayEquals(several.adapter("default").spectrum(), load(directory).spectrum());
  }

  @Test
  void behaviour03SelectedAdaptersStandInFoldersOfTheirOwn() throws IOException {
    FourierLinear layer = trainedLayer("default", "chosen", "left out");
    save(layer, "default", folder.resolve("all"));
    save(layer, "chosen", folder.resolve("all").resolve("chosen"));
    assertEquals(List.of("default", "chosen"), PeftAdapter.adapterNames(folder.resolve("all")));
    float[] spectrum =
        PeftAdapter.open(folder.resolve("all"), "chosen")
            .module(MODULE)
            .orElseThrow()
            .spectrum()
            .toFloats();
    assertArrayEquals(layer.adapter("chosen").spectrum(), spectrum);
  }

  @Test
  void behaviour06OneDirectoryIsLoadedUnderThreeNames() throws IOException {
    FourierLinear layer = trainedLayer("default");
    save(layer, "default", folder.resolve("saved"));
    float[] before = forward(layer);
    for (String name : List.of("one", "two", "three")) {
      layer.addAdapter(name, load(folder.resolve("saved")));
      layer.setActiveAdapters(List.of(name));
      assertArrayEquals(before, forward(layer));
    }
  }

  @Test
  void behaviour07And08OutputAndSpectrumAreEqualAfterAReload() throws IOException {
    FourierLinear trained = trainedLayer("default");
    save(trained, "default", folder.resolve("saved"));
    FourierLinear fresh = layer();
    fresh.addAdapter("default", load(folder.resolve("saved")));
    assertArrayEquals(trained.adapter("default").spectrum(), fresh.adapter("default").spectrum());
    assertArrayEquals(forward(trained), forward(fresh));
  }

  @Test
  void behaviour19TrainingChangesTheSpectrumAlone() {
    FourierLinear layer = layer();
    float[] start = LayerSamples.floats(LayerSamples.gaussian(1, N, 4));
    layer.addAdapter("default", seeded(start));
    layer.addAdapter("idle", seeded(start));
    HostMatrix weight = LayerSamples.host(layer.weight());
    float[] before = LayerSamples.floats(weight);
    train(layer, "default", 3);
    for (int k = 0; k < N; k++) {
      assertTrue(start[k] != layer.adapter("default").coefficient(k), "coefficient " + k);
    }
    assertArrayEquals(start, layer.adapter("idle").spectrum());
    assertEquals(weight, layer.weight());
    assertArrayEquals(before, LayerSamples.floats(weight));
  }

  @Test
  void trainingLowersTheLoss() {
    FourierLinear layer = layer();
    layer.addAdapter("default", seeded(new float[N]));
    double before = norm(forward(layer));
    train(layer, "default", 100);
    assertTrue(norm(forward(layer)) < 0.95 * before);
  }

  @Test
  @SuppressWarnings("try") // Closing early, or again, is what is tested.
  void behaviour20And33OnlyActiveAdaptersGetAGradient() {
    FourierLinear layer = layer("a", "b");
    HostMatrix a = LayerSamples.zeros(1, N);
    HostMatrix b = LayerSamples.zeros(1, N);
    HostMatrix x = input(ElementType.F32);
    HostMatrix y = LayerSamples.zeros(x.rows(), OUT);
    try (LinearTape tape = layer.newTape(x.rows())) {
      layer.forward(x, y, tape);
      layer.backward(tape, y, null, Map.of("a", a, "b", b));
      assertTrue(norm(LayerSamples.floats(a)) > 0);
      assertArrayEquals(new float[N], LayerSamples.floats(b));

      layer.setActiveAdapters(List.of("b"));
      float[] kept = LayerSamples.floats(a);
      layer.forward(x, y, tape);
      layer.backward(tape, y, null, Map.of("a", a, "b", b));
      assertArrayEquals(kept, LayerSamples.floats(a));
      assertTrue(norm(LayerSamples.floats(b)) > 0);

      float[] keptB = LayerSamples.floats(b);
      try (AdapterSuspension suspension = layer.suspendAdapters()) {
        layer.forward(x, y, tape);
        layer.backward(tape, y, null, Map.of("a", a, "b", b));
        suspension.close();
      }
      assertArrayEquals(keptB, LayerSamples.floats(b));
    }
  }

  @Test
  void behaviour41RecomputedForwardGivesTheSameGradients() {
    // Gradient checkpointing drops what a forward pass kept and runs it again before backward.
    FourierLinear layer = layer("a");
    HostMatrix x = input(ElementType.F32);
    HostMatrix y = LayerSamples.zeros(x.rows(), OUT);
    HostMatrix g = LayerSamples.gaussian(x.rows(), OUT, 5);
    HostMatrix once = LayerSamples.zeros(1, N);
    HostMatrix again = LayerSamples.zeros(1, N);
    try (LinearTape tape = layer.newTape(x.rows())) {
      layer.forward(x, y, tape);
      layer.backward(tape, g, null, Map.of("a", once));
      layer.forward(LayerSamples.gaussian(2, IN, 8), LayerSamples.zeros(2, OUT), tape);
      layer.forward(x, y, tape);
      layer.backward(tape, g, null, Map.of("a", again));
    }
    assertArrayEquals(LayerSamples.floats(once), LayerSamples.floats(again));
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }
}
