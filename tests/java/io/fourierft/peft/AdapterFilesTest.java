package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.names;
import static io.fourierft.peft.PeftSamples.saved;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierAdapter;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.Randperm;
import io.fourierft.SpectralLocations;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the keys of an adapter's file mean, and which adapters a folder holds. */
class AdapterFilesTest {
  private static final String PREFIX = "base_model.model.";

  @TempDir Path folder;

  private PeftAdapter open(FourierFtConfigBuilder config, Tensor... tensors) throws IOException {
    List<Tensor> all = new ArrayList<>(List.of(tensors));
    all.add(ModelFiles.spectrum("layers.0.q", DType.F32, 1, 2, 3));
    Files.writeString(folder.resolve("adapter_config.json"), config.build().toJson());
    ModelFiles.write(folder.resolve(PeftAdapter.FILE_NAME), all.toArray(new Tensor[0]));
    return PeftAdapter.open(folder);
  }

  private static Tensor vector(String key) {
    return ModelFiles.vector(PREFIX + key, DType.F32, 4, 1);
  }

  private static Map<String, ExtraTensor.Kind> kinds(PeftAdapter adapter) {
    Map<String, ExtraTensor.Kind> kinds = new TreeMap<>();
    adapter.extraTensors().forEach(extra -> kinds.put(extra.baseTensor(), extra.kind()));
    return kinds;
  }

  @Test
  void aKeyTellsWhyItsTensorIsThere() throws IOException {
    assertEquals(
        Map.of("h.weight", ExtraTensor.Kind.SAVED_MODULE, "h.bias", ExtraTensor.Kind.SAVED_MODULE),
        kinds(open(names("q").modulesToSave(List.of("h")), vector("h.weight"), vector("h.bias"))));
    assertEquals(
        Map.of("layers.0.q.bias", ExtraTensor.Kind.BIAS),
        kinds(open(names("q").bias("fourier_only"), vector("layers.0.q.base_layer.bias"))));
    assertEquals(
        Map.of("bias", ExtraTensor.Kind.BIAS, "n.bias", ExtraTensor.Kind.BIAS),
        kinds(open(names("q").bias("all"), vector("bias"), vector("n.bias"))));
    assertEquals(
        Map.of("model.wte.weight", ExtraTensor.Kind.EMBEDDING),
        kinds(open(names("q"), vector("model.wte.base_layer.weight"))));
  }

  @Test
  void aTensorThatNothingAsksForIsRefused() {
    Refusal.says(
        () -> open(names("q"), vector("bias")), "key 'base_model.model.bias' is left over");
    Refusal.says(() -> open(names("q").bias("all"), vector("scale")), "is left over");
    Refusal.says(() -> open(names("q").bias("fourier_only"), vector("n.bias")), "is left over");
    Refusal.says(() -> open(names("q"), vector("wte.scale")), "is left over");
  }

  /** PEFT 0.21 leaves the adapter's name in the keys below a module saved whole. */
  @Test
  void whatRepeatsAKeyOfAModuleSavedWholeIsLeftOut() throws IOException {
    PeftAdapter adapter =
        open(
            names("q").modulesToSave(List.of("head")).bias("all"),
            vector("head.dense.bias"),
            vector("head.modules_to_save.default.dense.bias"),
            vector("head.bias"),
            vector("head.modules_to_save.bias"),
            vector("head.original_module.bias"));
    assertEquals(List.of("head.bias", "head.dense.bias"), List.copyOf(kinds(adapter).keySet()));
    assertEquals(3, adapter.notes().size(), adapter.notes().toString());
    assertEquals(
        List.of("head.bias"), adapter.originals().stream().map(ExtraTensor::baseTensor).toList());
    Refusal.says(
        () ->
            open(
                names("q").modulesToSave(List.of("head")),
                vector("head.modules_to_save.default.dense.bias")),
        "holds the adapter name 'default'");
  }

  @Test
  void tensorsAreInTheOrderOfTheNumbersInTheirKeys() {
    List<ExtraTensor> extras =
        List.of(saved("h.10.weight", 1), saved("h.9.weight", 1), saved("h.2.weight", 1));
    PeftAdapter adapter = PeftSamples.adapter(names("q"), "layers.0.q").withExtraTensors(extras);
    assertEquals(
        List.of("h.2.weight", "h.9.weight", "h.10.weight"),
        adapter.extraTensors().stream().map(ExtraTensor::baseTensor).toList());
    assertEquals("PeftAdapter[1 modules, 3 coefficients]", adapter.toString());
  }

  private void adapters(String... adapterNames) throws IOException {
    for (String name : adapterNames) {
      Path directory = Files.createDirectories(folder.resolve(name));
      Files.writeString(directory.resolve("adapter_config.json"), names("q").build().toJson());
    }
  }

  @Test
  void threeOfTheAdaptersOfAFolderAreNamed() throws IOException {
    adapters("b", "c", "a", "checkpoint.1");
    assertEquals(List.of("a", "b", "c"), PeftAdapter.adapterNames(folder), "no name holds a dot");
    Refusal.says(() -> PeftAdapter.open(folder, "x"), "the adapters a, b, c in it: name one, as ");
    adapters("d", "e");
    Refusal.says(
        () -> PeftAdapter.open(folder, "x"),
        "the adapters a, b, c and 2 more, 5 in all, in it: name one, as " + folder.resolve("a"));
  }

  @Test
  void ofACacheTheFirstRevisionIsNamed() throws IOException {
    for (int i = 9; i >= 0; i--) {
      Files.createDirectories(folder.resolve("snapshots/" + (i * 7 % 10) + "abc"));
    }
    Refusal.says(
        () -> PeftAdapter.open(folder),
        "is a cache of the hub, the adapter lies in " + folder.resolve("snapshots/0abc"));
  }

  /** The places of a large layer tell which torch drew them; both are stored by the seed. */
  @Tag("slow")
  @Test
  void placesOfEitherTorchCanBeStored() {
    int cols = (int) (Randperm.INSIDE_OUT_THRESHOLD / 4);
    for (Randperm randperm : Randperm.values()) {
      FourierAdapter adapter =
          FourierAdapter.of(
              SpectralLocations.of(4, cols, 3, 777, randperm), new float[] {1, 2, 3}, 150);
      assertEquals(1, PeftAdapter.of(names("q").build(), Map.of("q", adapter)).modules().size());
    }
    assertTrue(Randperm.values().length > 1);
  }
}
