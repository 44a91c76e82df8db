package io.fourierft;

import static io.fourierft.EngineConformance.elements;
import static io.fourierft.EngineConformance.widened;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What PEFT computed, case by case. */
public abstract class EngineFixtures {
  private static final Path CASES = Path.of("tests/resources/fixtures/peft");

  /** A new engine of the kind under test. */
  protected abstract FourierEngine open(int threads);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bf16_base",
        "conv1d_gpt2",
        "llama_two_layers_sharded",
        "n_frequency_pattern",
        "odd_33x57",
        "prime_31x61",
        "rect_48x80",
        "square_64x64"
      })
  void everyModuleAgreesWithPeft(String name) throws IOException {
    Path folder =
        Path.of(System.getProperty("fourierft.project.dir", ".")).resolve(CASES).resolve(name);
    JsonNode config =
        new ObjectMapper().readTree(folder.resolve("adapter/adapter_config.json").toFile());
    int modules = 0;
    try (FourierEngine engine = open(2);
        SafetensorsFile spectra =
            SafetensorsFile.open(folder.resolve("adapter/adapter_model.safetensors"));
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      for (Map.Entry<String, TensorInfo> entry : expected.tensors().entrySet()) {
        if (!entry.getKey().endsWith(".delta64")) {
          continue;
        }
        String module = entry.getKey().substring(0, entry.getKey().length() - 8);
        int rows = Math.toIntExact(entry.getValue().shape().get(0));
        int cols = Math.toIntExact(entry.getValue().shape().get(1));
        float[] spectrum = floats(spectra, "base_model.model." + module + ".fourierft_spectrum");
        SpectralLocations locations =
            SpectralLocations.of(
                rows, cols, spectrum.length, config.get("random_loc_seed").longValue());
        requireIndices(locations, expected.data(module + ".indices"));
        FourierAdapter adapter =
            FourierAdapter.of(locations, spectrum, config.get("scaling").doubleValue());
        check(engine, adapter, expected, module);
        modules++;
      }
    }
    assertTrue(modules > 0);
  }

  private static void requireIndices(SpectralLocations locations, MemorySegment indices) {
    int n = locations.count();
    for (int k = 0; k < n; k++) {
      assertEquals(indices.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * k), locations.row(k));
      assertEquals(indices.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * (n + k)), locations.col(k));
    }
  }

  private static void check(
      FourierEngine engine, FourierAdapter adapter, SafetensorsFile expected, String module) {
    double[] delta = doubles(expected, module + ".delta64");
    for (DensePath path : DensePath.values()) {
      HostMatrix out = Matrix.of(new float[delta.length], adapter.rows(), adapter.cols());
      engine.deltaWeights(List.of(adapter), List.of(out), path);
      double error = DefinitionOracle.relativeError(elements(out), delta);
      assertTrue(error <= EngineConformance.DELTA_TOLERANCE, module + " " + path + " " + error);
    }
    float[] x = floats(expected, module + ".x");
    float[] g = floats(expected, module + ".gy");
    int tokens = x.length / adapter.cols();
    AdapterRouting routing = AdapterRouting.all(adapter);
    float[] gradient = new float[adapter.nFrequency()];
    engine.spectrumGradient(
        routing,
        Matrix.of(x, tokens, adapter.cols()),
        Matrix.of(g, tokens, adapter.rows()),
        List.of(Matrix.of(gradient, 1, gradient.length)));
    assertTrue(
        DefinitionOracle.relativeError(gradient, doubles(expected, module + ".gspectrum64"))
            <= 2e-6,
        module + " gradient");
    float[] y = new float[tokens * adapter.rows()];
    engine.apply(
        routing, Matrix.of(x, tokens, adapter.cols()), Matrix.of(y, tokens, adapter.rows()));
    double[] product = new double[y.length];
    double[] wide = widened(x);
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < adapter.rows(); p++) {
        for (int q = 0; q < adapter.cols(); q++) {
          product[t * adapter.rows() + p] +=
              delta[p * adapter.cols() + q] * wide[t * adapter.cols() + q];
        }
      }
    }
    assertTrue(DefinitionOracle.relativeError(y, product) <= 2e-6, module + " output");
  }

  private static float[] floats(SafetensorsFile file, String name) {
    TensorInfo info = file.tensor(name);
    ElementType type = ElementType.valueOf(info.dtype().name());
    return elements(Matrix.of(file.data(name), type, 1, Math.toIntExact(info.elementCount())));
  }

  private static double[] doubles(SafetensorsFile file, String name) {
    double[] values = new double[Math.toIntExact(file.tensor(name).elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = file.data(name).get(HostMatrix.DOUBLE_LE, 8L * i);
    }
    return values;
  }
}
