package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.PeftFixture;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters that PEFT wrote are understood as PEFT understands them. */
class PeftReferenceTest {
  static List<Path> cases() {
    return PeftCases.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyModuleHasThePlacesThatPeftUsed(Path folder) throws IOException {
    ResolvedAdapter resolved = resolve(folder, ResolveOptions.defaults());
    Set<String> found = new HashSet<>();
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      for (ResolvedModule module : resolved.modules()) {
        found.add(module.path());
        assertEquals(
            PeftFixture.places(expected, module.path()),
            module.adapter().locations(),
            module.path());
      }
      assertEquals(modulesOf(expected), found);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void mergingByTheResolvedLayoutGivesPeftsWeights(Path folder) throws IOException {
    boolean autocast = !folder.toString().endsWith("_without_autocast");
    ResolvedAdapter resolved =
        resolve(folder, ResolveOptions.defaults().withAutocastAdapterDtype(autocast));
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
        SafetensorsCheckpoint base = SafetensorsCheckpoint.open(folder.resolve("base"))) {
      for (ResolvedModule module : resolved.modules()) {
        String merged = module.path() + ".merged";
        if (expected.find(merged).isEmpty()) {
          merged = module.path() + ".merged_weight";
        }
        HostMatrix wanted = PeftFixture.matrix(expected, merged);
        HostMatrix weight =
            PeftFixture.matrix(
                base.find(module.weights().getFirst()).orElseThrow().shard().file(),
                module.weights().getFirst());
        HostMatrix delta = PeftFixture.matrix(expected, module.path() + ".delta");
        assertEquals(delta.elementType(), module.adapter().deltaType());
        double[] own = oracle(module.adapter());
        double largest = 0;
        double worst = 0;
        for (int p = 0; p < delta.rows(); p++) {
          for (int q = 0; q < delta.cols(); q++) {
            double value = own[p * delta.cols() + q];
            largest = Math.max(largest, Math.abs(value));
            worst = Math.max(worst, Math.abs(value - delta.get(p, q)));
            boolean transposed = module.layout() == WeightLayout.IN_OUT;
            int row = transposed ? q : p;
            int col = transposed ? p : q;
            float sum = weight.elementType().round(weight.get(row, col) + delta.get(p, q));
            assertEquals(wanted.get(row, col), sum, module.path() + " " + row + "," + col);
          }
        }
        double tolerance =
            switch (delta.elementType()) {
              case BF16 -> 0x1p-8;
              case F16 -> 0x1p-10;
              case F32, F64 -> 1e-6;
            };
        assertTrue(worst <= tolerance * largest, module.path() + ": " + worst + " of " + largest);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void loadingAndSavingLosesNothing(Path folder, @TempDir Path scratch) throws IOException {
    PeftAdapter adapter = PeftAdapter.open(folder.resolve("adapter"));
    Path copy = scratch.resolve("copy");
    PeftAdapterWriter.write(adapter, copy, false);
    PeftAdapter again = PeftAdapter.open(copy);
    assertEquals(adapter.modules(), again.modules());
    assertEquals(
        adapter.config().toBuilder().inferenceMode(true).nFrequencyPattern(Map.of()).build(),
        again.config().toBuilder().nFrequencyPattern(Map.of()).build());
    if (adapter.notes().isEmpty()) {
      assertEquals(
          Files.readString(folder.resolve("adapter/adapter_config.json"))
              // An integer scaling is written as a float, a single pattern as a list.
              .replace("\"scaling\": 300,", "\"scaling\": 300.0,")
              .replace(
                  "\"layers_pattern\": \"layers\",", "\"layers_pattern\": [\n    \"layers\"\n  ],"),
          Files.readString(copy.resolve("adapter_config.json")));
      assertEquals(
          -1,
          Files.mismatch(
              folder.resolve("adapter/adapter_model.safetensors"),
              copy.resolve("adapter_model.safetensors")));
    }
  }

  @Test
  void modulesOfOneShapeShareTheirPlaces() throws IOException {
    ResolvedAdapter resolved =
        resolve(PeftCases.tricky("pattern_order"), ResolveOptions.defaults());
    SpectralLocations first = resolved.modules().get(0).adapter().locations();
    SpectralLocations third = resolved.modules().get(2).adapter().locations();
    assertEquals("model.layers.1.q", resolved.modules().get(2).path());
    assertSame(first, third);
  }

  @Test
  void aPatternWhoseOrderWasLostGivesWayToTheStoredLength() throws IOException {
    PeftAdapter adapter = PeftAdapter.open(PeftCases.tricky("pattern_order").resolve("adapter"));
    assertEquals(3, adapter.module("model.layers.0.q").orElseThrow().spectrum().nFrequency());
    assertEquals(1, adapter.notes().size());
    assertTrue(
        adapter.notes().getFirst().contains("'model.layers.0.q' has 3 coefficients"),
        adapter.notes().toString());
  }

  @Test
  void bothKindsOfLinearLayersOfOneModelAreToldApart() throws IOException {
    ResolvedAdapter resolved =
        resolve(PeftCases.tricky("conv1d_and_linear"), ResolveOptions.defaults());
    List<String> conv1d =
        resolved.modules().stream()
            .filter(module -> module.layout() == WeightLayout.IN_OUT)
            .map(ResolvedModule::path)
            .toList();
    assertEquals(
        List.of("model.layers.0.q", "model.layers.0.v", "model.layers.1.q", "model.layers.1.v"),
        conv1d);
    assertTrue(
        resolved.notes().stream().anyMatch(note -> note.contains("'head.weight' is square")),
        resolved.notes().toString());
  }

  @Test
  void aCheckpointWithoutTheHeadsPrefixIsRecognised() throws IOException {
    ResolvedAdapter resolved =
        resolve(PeftCases.tricky("gpt2_default_targets"), ResolveOptions.defaults());
    assertEquals(
        List.of("h.0.mlp.c_proj.weight", "h.1.mlp.c_proj.weight"),
        resolved.modules().stream().flatMap(module -> module.weights().stream()).toList());
    assertTrue(resolved.notes().toString().contains("begin with 'transformer.'"));
  }

  @Test
  void tensorsBesideTheSpectraAreKnownForWhatTheyAre() throws IOException {
    assertAll(
        () ->
            assertEquals(
                "head.bias SAVED_MODULE, head.weight SAVED_MODULE, model.layers.0.q.bias BIAS,"
                    + " model.layers.0.v.bias BIAS, model.layers.1.q.bias BIAS,"
                    + " model.layers.1.v.bias BIAS",
                extras("bias_all_and_saved_head")),
        () ->
            assertEquals(
                "model.layers.0.v.bias BIAS, model.layers.1.v.bias BIAS",
                extras("bias_fourier_only")),
        () ->
            assertEquals(
                "classifier.bias SAVED_MODULE, classifier.weight SAVED_MODULE",
                extras("bert_classifier")),
        () ->
            assertEquals(
                "lm_head.weight EMBEDDING, model.embed_tokens.weight EMBEDDING",
                extras("llama_all_linear_resized")));
  }

  @Test
  void theBytesOfAnExtraTensorCanBeReadAfterLoading() throws IOException {
    PeftAdapter adapter =
        PeftAdapter.open(PeftCases.tricky("bias_fourier_only").resolve("adapter"));
    ExtraTensor bias = adapter.extraTensors().getFirst();
    try (SafetensorsFile file =
        SafetensorsFile.open(
            PeftCases.tricky("bias_fourier_only").resolve("adapter/adapter_model.safetensors"))) {
      bias.data().lend(bytes -> assertEquals(-1, bytes.mismatch(file.data(bias.key()))));
    }
    assertEquals(List.of(8L), bias.shape());
    assertEquals(DType.F32, bias.dtype());
  }

  @Test
  void oneOfSeveralAdaptersIsFoundByName() throws IOException {
    Path folder = PeftCases.tricky("two_adapters").resolve("adapter");
    assertEquals(List.of("default", "other"), PeftAdapter.adapterNames(folder));
    assertEquals(
        Set.of("model.layers.0.v", "model.layers.1.v"),
        PeftAdapter.open(folder, "other").modules().keySet());
    assertEquals(
        Set.of("model.layers.0.q", "model.layers.1.q"),
        PeftAdapter.open(folder).modules().keySet());
  }

  private static String extras(String name) throws IOException {
    ResolvedAdapter resolved = resolve(PeftCases.tricky(name), ResolveOptions.defaults());
    return resolved.replacements().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getKey() + " " + entry.getValue().kind())
        .collect(Collectors.joining(", "));
  }

  private static ResolvedAdapter resolve(Path folder, ResolveOptions options) throws IOException {
    return PeftAdapter.open(folder.resolve("adapter")).resolve(PeftCases.base(folder), options);
  }

  private static Set<String> modulesOf(SafetensorsFile expected) {
    return expected.tensors().keySet().stream()
        .filter(name -> name.endsWith(".indices"))
        .map(name -> name.substring(0, name.length() - ".indices".length()))
        .collect(Collectors.toSet());
  }

  /** The definition, in float64. */
  private static double[] oracle(FourierAdapter adapter) {
    int rows = adapter.rows();
    int cols = adapter.cols();
    double[] delta = new double[rows * cols];
    for (int k = 0; k < adapter.nFrequency(); k++) {
      double factor = (double) adapter.scaling() * adapter.coefficient(k) / ((double) rows * cols);
      for (int p = 0; p < rows; p++) {
        for (int q = 0; q < cols; q++) {
          double turn =
              (double) adapter.locations().row(k) * p / rows
                  + (double) adapter.locations().col(k) * q / cols;
          delta[p * cols + q] += factor * Math.cos(2 * Math.PI * turn);
        }
      }
    }
    return delta;
  }

  @Test
  void allCasesWereFound() throws IOException {
    assertEquals(20, cases().size());
  }
}
