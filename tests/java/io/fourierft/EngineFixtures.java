package io.fourierft;

import static io.fourierft.EngineSamples.elements;
import static io.fourierft.EngineSamples.widened;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What PEFT computed, case by case. */
public abstract class EngineFixtures {
  /** A new engine of the kind under test. */
  protected abstract FourierEngine open(int threads);

  static List<PeftFixture> fixtures() {
    return PeftFixture.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void everyModuleAgreesWithPeft(PeftFixture fixture) throws IOException {
    try (FourierEngine engine = open(2);
        SafetensorsFile expected = fixture.expected()) {
      List<String> modules = PeftFixture.modules(expected);
      assertFalse(modules.isEmpty());
      for (String module : modules) {
        SpectralLocations places = PeftFixture.places(expected, module);
        FourierAdapter adapter = fixture.adapter(module, places.rows(), places.cols());
        assertEquals(places, adapter.locations(), module);
        check(engine, adapter, expected, module);
      }
    }
  }

  private static void check(
      FourierEngine engine, FourierAdapter adapter, SafetensorsFile expected, String module) {
    double[] delta = PeftFixture.doubles(expected, module + ".delta64");
    for (DensePath path : DensePath.values()) {
      HostMatrix out = Matrix.of(new float[delta.length], adapter.rows(), adapter.cols());
      engine.deltaWeights(List.of(adapter), List.of(out), path);
      double error = DefinitionOracle.relativeError(elements(out), delta);
      assertTrue(error <= EngineConformance.DELTA_TOLERANCE, module + " " + path + " " + error);
    }
    float[] x = PeftFixture.floats(expected, module + ".x");
    float[] g = PeftFixture.floats(expected, module + ".gy");
    int tokens = x.length / adapter.cols();
    AdapterRouting routing = AdapterRouting.all(adapter);
    float[] gradient = new float[adapter.nFrequency()];
    engine.spectrumGradient(
        routing,
        Matrix.of(x, tokens, adapter.cols()),
        Matrix.of(g, tokens, adapter.rows()),
        List.of(Matrix.of(gradient, 1, gradient.length)));
    assertTrue(
        DefinitionOracle.relativeError(
                gradient, PeftFixture.doubles(expected, module + ".gspectrum64"))
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
}
