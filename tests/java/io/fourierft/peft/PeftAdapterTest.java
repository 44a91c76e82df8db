package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.Randperm;
import io.fourierft.SpectralLocations;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsException;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where PEFT is silently wrong, loading and resolving are loudly right. */
class PeftAdapterTest {
  private static final String Q0 = "base_model.model.layers.0.q.fourierft_spectrum";
  private static final String Q1 = "base_model.model.layers.1.q.fourierft_spectrum";
  private static final FourierFtConfig TARGETS_Q =
      FourierFtConfig.builder().targetModules(ModuleSelection.names("q")).nFrequency(3).build();

  @TempDir Path folder;

  @Test
  void whatIsMissingIsNamedWithTheRemedy() throws IOException {
    Path nowhere = folder.resolve("nowhere");
    Refusal.says(() -> PeftAdapter.open(nowhere), "there is no directory", "nowhere");
    Refusal.says(() -> PeftAdapter.open(folder), "cannot find 'adapter_config.json' at");
    Files.writeString(folder.resolve("adapter_config.json"), TARGETS_Q.toJson());
    Refusal.says(() -> PeftAdapter.open(folder), "cannot find 'adapter_model.safetensors' at");
    Files.write(folder.resolve("adapter_model.bin"), new byte[] {(byte) 0x80, 2});
    Refusal.says(() -> PeftAdapter.open(folder), "pickle", "weights_only=True", "save_file");
    Path file = folder.resolve("adapter_config.json");
    Refusal.says(() -> PeftAdapter.open(file), "is a file; give the directory");
  }

  @Test
  void aGitLfsPointerInPlaceOfTheTensorsIsNamed() throws IOException {
    Files.writeString(folder.resolve("adapter_config.json"), TARGETS_Q.toJson());
    Files.writeString(
        folder.resolve("adapter_model.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n");
    SafetensorsException e =
        assertThrows(SafetensorsException.class, () -> PeftAdapter.open(folder));
    assertTrue(String.valueOf(e.getMessage()).contains("LFS"), String.valueOf(e.getMessage()));
  }

  @Test
  void anUnknownAdapterNameListsTheKnownOnes() throws IOException {
    for (String name : List.of("french", "german")) {
      Path sub = Files.createDirectory(folder.resolve(name));
      Files.writeString(sub.resolve("adapter_config.json"), TARGETS_Q.toJson());
    }
    Refusal.says(() -> PeftAdapter.open(folder, "frensh"), "no adapter 'frensh'", "french, german");
    Refusal.says(() -> PeftAdapter.open(folder), "french, german");
    Refusal.says(() -> PeftAdapter.open(folder, "../x"), "is no adapter name");
    Refusal.says(() -> PeftAdapter.open(folder, ""), "is no adapter name");
  }

  @Test
  void keysThatPeftWouldIgnoreAreRefused() throws IOException {
    refuses(
        TARGETS_Q,
        Map.of(Q0, 3, "base_model.model.layers.0.v.fourierft_spectrum", 3),
        "left over",
        "layers.0.v");
    refuses(
        TARGETS_Q,
        Map.of("layers.0.q.fourierft_spectrum", 3),
        "does not begin with 'base_model.model.'");
    refuses(TARGETS_Q, Map.of(Q0 + ".default", 3), "holds the adapter name 'default'");
    refuses(
        TARGETS_Q,
        Map.of(Q0, 3, "base_model.model.head.modules_to_save.fr.weight", 3),
        "adapter name 'fr'");
    refuses(
        TARGETS_Q, Map.of(Q0, 3, "base_model.model.layers.0.q.lora_A.weight", 3), "is left over");
    refuses(
        TARGETS_Q,
        Map.of(Q0, 3, "base_model.model.layers.0.q.base_layer.bias", 3),
        "is left over",
        "bias ('none')");
    refuses(TARGETS_Q, Map.of("base_model.model.embed_tokens.weight", 3), "holds no spectrum");
    refuses(
        TARGETS_Q.toBuilder().modulesToSave(List.of("layers")).build(),
        Map.of(Q0, 3),
        "modules_to_save [layers] takes it out");
    refuses(
        TARGETS_Q.toBuilder().excludeModules(ModuleSelection.names("0.q")).build(),
        Map.of(Q0, 3),
        "exclude_modules takes it out");
    refuses(
        TARGETS_Q.toBuilder().bias("all").build(),
        Map.of(
            Q0,
            3,
            "base_model.model.layers.0.q.base_layer.bias",
            3,
            "base_model.model.layers.0.q.bias",
            3),
        "are both for 'layers.0.q.bias'");
  }

  @Test
  void aSpectrumOfTheWrongLengthIsRefused() throws IOException {
    refuses(TARGETS_Q, Map.of(Q0, 4), "has 4 coefficients, but the configuration says 3");
    FourierFtConfig pattern = TARGETS_Q.toBuilder().nFrequencyPattern(Map.of("0.q", 5)).build();
    refuses(pattern, Map.of(Q0, 4), "has 4 coefficients, but the configuration says 5");
    PeftAdapter adapter = load(pattern, Map.of(Q0, 3));
    assertTrue(
        adapter.notes().getFirst().contains("has 3 coefficients where n_frequency_pattern says 5"));
  }

  @Test
  void aSpectrumOfTheWrongRankOrTypeIsRefused() throws IOException {
    write(TARGETS_Q, List.of(new TensorDeclaration(Q0, DType.F32, List.of(1L, 3L))));
    Refusal.says(() -> PeftAdapter.open(folder), "has shape [1, 3]", "one dimension");
    write(TARGETS_Q, List.of(new TensorDeclaration(Q0, DType.F32, List.of())));
    Refusal.says(() -> PeftAdapter.open(folder), "has shape []");
    write(TARGETS_Q, List.of(new TensorDeclaration(Q0, DType.F32, List.of(0L))));
    Refusal.says(() -> PeftAdapter.open(folder), "of shape [0]", "ZeRO-3");
    write(TARGETS_Q, List.of(new TensorDeclaration(Q0, DType.C64, List.of(3L))));
    Refusal.says(() -> PeftAdapter.open(folder), "of type C64");
  }

  @Test
  void coefficientsThatAreNotFiniteAreNoted() throws IOException {
    PeftAdapter adapter =
        PeftAdapter.of(
            TARGETS_Q,
            Map.of("layers.0.q", adapter(4, 4, 3).withSpectrum(new float[] {1, Float.NaN, 2})));
    Path saved = folder.resolve("nan");
    PeftAdapterWriter.write(adapter, saved, false);
    assertTrue(PeftAdapter.open(saved).notes().toString().contains("not finite"));
  }

  @Test
  void aModuleThatTheBaseLacksIsNamedWithTheNearestOnes() throws IOException {
    PeftAdapter adapter = load(TARGETS_Q, Map.of(Q0, 3));
    BaseModel base =
        base(
            tensor("layers.0.k.weight", 4, 4),
            tensor("layer.0.q.weight", 4, 4),
            tensor("x.weight", 4, 4));
    Refusal.says(
        () -> adapter.resolve(base, ResolveOptions.defaults()),
        "'layers.0.q.weight'",
        "the nearest are 'layer.0.q', 'layers.0.k', 'x'");
    BaseModel convolution = base(tensor("layers.0.q.weight", 4, 4, 3));
    Refusal.says(
        () -> adapter.resolve(convolution, ResolveOptions.defaults()),
        "has shape [4, 4, 3] in the base model, and only linear layers");
  }

  @Test
  void aTargetedModuleWithoutASpectrumIsRefused() throws IOException {
    PeftAdapter adapter = load(TARGETS_Q, Map.of(Q0, 3));
    BaseModel base = base(tensor("layers.0.q.weight", 4, 4), tensor("layers.1.q.weight", 4, 4));
    Refusal.says(
        () -> adapter.resolve(base, ResolveOptions.defaults()),
        "'layers.1.q' of the base model is targeted but has no spectrum",
        "exclude_modules");
    PeftAdapter allLinear =
        load(
            TARGETS_Q.toBuilder().targetModules(ModuleSelection.allLinear()).build(),
            Map.of(Q0, 3));
    assertTrue(
        allLinear
            .resolve(base, ResolveOptions.defaults())
            .notes()
            .toString()
            .contains("'layers.1.q'"));
  }

  @Test
  void moreCoefficientsThanElementsAreRefusedWithTheSizes() throws IOException {
    PeftAdapter adapter = load(TARGETS_Q, Map.of(Q0, 3));
    BaseModel base = base(tensor("layers.0.q.weight", 2, 1));
    Refusal.says(
        () -> adapter.resolve(base, ResolveOptions.defaults()),
        "module 'layers.0.q' has 3 coefficients",
        "2 x 1 = 2 elements");
  }

  @Test
  void aQuantisedWeightIsRefused() throws IOException {
    PeftAdapter adapter = load(TARGETS_Q, Map.of(Q0, 3));
    BaseModel base = base(new TensorInfo("layers.0.q.weight", DType.U8, List.of(8L, 1L), 0, 8));
    Refusal.says(() -> adapter.resolve(base, ResolveOptions.defaults()), "U8 [8, 1]", "quantised");
  }

  @Tag("slow")
  @Test
  void theLayersOfLegacyTorchAreMentionedAndCanBeChosen() throws IOException {
    PeftAdapter adapter = load(TARGETS_Q, Map.of(Q0, 3));
    long cols = Randperm.INSIDE_OUT_THRESHOLD / 4;
    BaseModel base = base(tensor("layers.0.q.weight", 4, cols));
    ResolvedAdapter legacy =
        adapter.resolve(base, ResolveOptions.defaults().withRandperm(Randperm.LEGACY));
    assertTrue(legacy.notes().isEmpty(), legacy.notes().toString());
    ResolvedAdapter today = adapter.resolve(base, ResolveOptions.defaults());
    assertTrue(today.notes().toString().contains("Randperm.LEGACY"), today.notes().toString());
    assertFalse(
        today
            .modules()
            .getFirst()
            .adapter()
            .locations()
            .equals(legacy.modules().getFirst().adapter().locations()));
  }

  @Test
  void withoutAutocastTheDeltaTakesTheStoredTypeAndTheCoefficientsKeepTheirs() throws IOException {
    write(TARGETS_Q, List.of(new TensorDeclaration(Q0, DType.BF16, List.of(3L))));
    BaseModel base = base(new TensorInfo("layers.0.q.weight", DType.BF16, List.of(4L, 4L), 0, 32));
    ResolveOptions without = ResolveOptions.defaults().withAutocastAdapterDtype(false);
    PeftAdapter low = PeftAdapter.open(folder);
    assertEquals(
        ElementType.BF16, low.resolve(base, without).modules().getFirst().adapter().deltaType());
    assertEquals(
        ElementType.F32,
        low.resolve(base, ResolveOptions.defaults()).modules().getFirst().adapter().deltaType());
    ResolvedAdapter full = load(TARGETS_Q, Map.of(Q0, 3)).resolve(base, without);
    assertEquals(ElementType.F32, full.modules().getFirst().adapter().deltaType());
    assertTrue(full.notes().toString().contains("here it keeps its precision"));
  }

  @Test
  void aModuleToSaveMustBeWholeAndABiasMustHaveItsPlace() throws IOException {
    FourierFtConfig saving = TARGETS_Q.toBuilder().modulesToSave(List.of("head")).build();
    PeftAdapter half = load(saving, Map.of(Q0, 3, "base_model.model.head.bias", 2));
    BaseModel base =
        base(
            tensor("layers.0.q.weight", 4, 4), tensor("head.weight", 2, 4), tensor("head.bias", 2));
    Refusal.says(
        () -> half.resolve(base, ResolveOptions.defaults()), "'head.weight'", "is not whole");
    FourierFtConfig biased = TARGETS_Q.toBuilder().bias("x_only").build();
    String bias = "base_model.model.layers.0.q.base_layer.bias";
    PeftAdapter unplaced = load(biased, Map.of(Q0, 3, bias, 4));
    Refusal.says(
        () -> unplaced.resolve(base, ResolveOptions.defaults()),
        "no counterpart 'layers.0.q.bias'");
    PeftAdapter unfit = load(biased, Map.of(Q0, 3, bias, 5));
    BaseModel withBias = base(tensor("layers.0.q.weight", 4, 4), tensor("layers.0.q.bias", 4));
    Refusal.says(() -> unfit.resolve(withBias, ResolveOptions.defaults()), "[5]", "[4]");
  }

  @Test
  void aPrefixThatOnlyTheBaseHasIsRecognised() throws IOException {
    PeftAdapter adapter = load(TARGETS_Q, Map.of(Q0, 3, Q1, 3));
    BaseModel base =
        base(tensor("model.layers.0.q.weight", 4, 4), tensor("model.layers.1.q.weight", 4, 4));
    ResolvedAdapter resolved = adapter.resolve(base, ResolveOptions.defaults());
    assertEquals(List.of("model.layers.1.q.weight"), resolved.modules().get(1).weights());
  }

  @Test
  void aBiasOfAnImpossibleLengthIsRefused() throws IOException {
    PeftAdapter adapter = load(TARGETS_Q, Map.of(Q0, 3));
    BaseModel base = base(tensor("layers.0.q.weight", 4, 6), tensor("layers.0.q.bias", 5));
    Refusal.says(() -> adapter.resolve(base, ResolveOptions.defaults()), "[4, 6]", "5 elements");
  }

  @Test
  void anAdapterThatPeftCouldNotStoreIsRefused() {
    FourierAdapter good = adapter(4, 4, 3);
    Refusal.says(
        () -> PeftAdapter.of(TARGETS_Q, Map.of("layers.0.v", good)),
        "does not name module 'layers.0.v'");
    FourierAdapter scaled = FourierAdapter.of(good.locations(), good.spectrum(), 2);
    Refusal.says(() -> PeftAdapter.of(TARGETS_Q, Map.of("q", scaled)), "scaling 2.0");
    FourierAdapter moved =
        FourierAdapter.of(SpectralLocations.of(4, 4, 3, 1), good.spectrum(), 150);
    Refusal.says(() -> PeftAdapter.of(TARGETS_Q, Map.of("q", moved)), "random_loc_seed 777");
  }

  @Test
  void pathsAreInTheOrderOfTheirNumbers() throws IOException {
    PeftAdapter adapter =
        load(
            TARGETS_Q,
            Map.of(Q0.replace('0', '2'), 3, Q0.replace("0", "10"), 3, Q0.replace("0", "9"), 3));
    assertEquals(
        List.of("layers.2.q", "layers.9.q", "layers.10.q"),
        new ArrayList<>(adapter.modules().keySet()));
  }

  private static FourierAdapter adapter(int rows, int cols, int n) {
    float[] spectrum = new float[n];
    for (int k = 0; k < n; k++) {
      spectrum[k] = k + 0.5f;
    }
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, 777), spectrum, 150);
  }

  private void refuses(FourierFtConfig config, Map<String, Integer> lengths, String... words)
      throws IOException {
    write(config, lengths);
    Refusal.says(() -> PeftAdapter.open(folder), words);
  }

  private PeftAdapter load(FourierFtConfig config, Map<String, Integer> lengths)
      throws IOException {
    write(config, lengths);
    return PeftAdapter.open(folder);
  }

  private void write(FourierFtConfig config, Map<String, Integer> lengths) throws IOException {
    List<TensorDeclaration> tensors = new ArrayList<>();
    new LinkedHashMap<>(lengths)
        .forEach(
            (key, length) ->
                tensors.add(new TensorDeclaration(key, DType.F32, List.of((long) length))));
    write(config, tensors);
  }

  private void write(FourierFtConfig config, List<TensorDeclaration> tensors) throws IOException {
    Files.writeString(folder.resolve("adapter_config.json"), config.toJson());
    Path file = folder.resolve("adapter_model.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), tensors)) {
      for (TensorDeclaration tensor : tensors) {
        if (tensor.sizeInBytes() > 0) {
          writer.write(tensor.name(), MemorySegment.ofArray(new byte[(int) tensor.sizeInBytes()]));
        }
      }
      writer.commit();
    }
  }

  private static BaseModel base(TensorInfo... tensors) {
    return BaseModel.of(List.of(tensors), ModelConfig.NONE);
  }

  private static TensorInfo tensor(String name, long... shape) {
    List<Long> dimensions = new ArrayList<>();
    long size = 4;
    for (long dimension : shape) {
      dimensions.add(dimension);
      size *= dimension;
    }
    return new TensorInfo(name, DType.F32, dimensions, 0, size);
  }
}
