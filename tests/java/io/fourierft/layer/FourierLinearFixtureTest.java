package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterPath;
import io.fourierft.DefinitionOracle;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.OneEngineTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Forward, backward and merge against what PEFT itself computed, on both paths. */
class FourierLinearFixtureTest extends OneEngineTest {
  private static final double TOLERANCE = 2e-6;

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (LayerFixture fixture : LayerFixture.all()) {
      cases.add(Arguments.of(fixture, AdapterPath.SPECTRAL));
      cases.add(Arguments.of(fixture, AdapterPath.DENSE));
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forwardAndBackwardAgreeWithPeft(LayerFixture fixture, AdapterPath path) throws IOException {
    FourierLinear layer = layer(fixture, path);
    HostMatrix x = fixture.expected("x");
    HostMatrix gy = fixture.expected("gy");
    HostMatrix y = LayerSamples.zeros(x.elementType(), x.rows(), layer.outFeatures());
    HostMatrix gx = LayerSamples.zeros(x.elementType(), x.rows(), layer.inFeatures());
    HostMatrix gradient = LayerSamples.zeros(1, layer.adapter("default").nFrequency());
    try (LinearTape tape = layer.newTape(x.rows())) {
      layer.forward(x, y, tape);
      layer.backward(tape, gy, gx, Map.of("default", gradient));
    }
    double[] exactY = exactForward(fixture, x);
    double[] exactGx = exactBackward(fixture, gy);
    double[] exactGradient = LayerSamples.doubles(fixture.expected("gspectrum64"));
    assertClose(y, exactY, fixture.expected("y"), "y");
    assertClose(gx, exactGx, fixture.expected("gx"), "gx");
    double error = DefinitionOracle.maximumError(LayerSamples.floats(gradient), exactGradient);
    assertTrue(error <= TOLERANCE, "gspectrum is off by " + error);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void mergedWeightAgreesWithPeft(LayerFixture fixture, AdapterPath path) throws IOException {
    FourierLinear layer = layer(fixture, path);
    layer.merge(true);
    HostMatrix expected = fixture.expected("merged_weight");
    float[] wanted = LayerSamples.floats(expected);
    float[] merged = LayerSamples.floats(layer.weight());
    double error = LayerSamples.error(merged, wanted);
    if (expected.elementType() == ElementType.F32) {
      assertTrue(error <= 1e-6, "the merged weight is off by " + error);
      return;
    }
    // An own delta may differ in its last bits, and a sum near the middle then falls elsewhere.
    int different = 0;
    for (int i = 0; i < wanted.length; i++) {
      different += merged[i] == wanted[i] ? 0 : 1;
    }
    assertTrue(error <= 0x1p-7, "the merged weight is off by " + error);
    assertTrue(different <= wanted.length / 500, different + " of " + wanted.length + " differ");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void exactUnmergeGivesTheBaseBack(LayerFixture fixture, AdapterPath path) throws IOException {
    FourierLinear layer =
        fixture.layer(
            engine(), FourierLinearOptions.defaults().withPath(path).withKeepsOriginalWeight(true));
    layer.merge(true);
    layer.unmerge();
    assertArrayEquals(LayerSamples.floats(fixture.weight()), LayerSamples.floats(layer.weight()));
  }

  private static FourierLinear layer(LayerFixture fixture, AdapterPath path) throws IOException {
    return fixture.layer(engine(), FourierLinearOptions.defaults().withPath(path));
  }

  /**
   * F32 activations against float64. Those of 16 bits against PEFT's own, which rounds to them:
   * equal but for one unit in the last place where a sum lies near the middle.
   */
  private static void assertClose(HostMatrix actual, double[] exact, HostMatrix peft, String what) {
    if (actual.elementType() == ElementType.F32) {
      double error = DefinitionOracle.maximumError(LayerSamples.floats(actual), exact);
      assertTrue(error <= TOLERANCE, what + " is off by " + error);
      return;
    }
    float[] mine = LayerSamples.floats(actual);
    float[] theirs = LayerSamples.floats(peft);
    int different = 0;
    for (int i = 0; i < mine.length; i++) {
      different += mine[i] == theirs[i] ? 0 : 1;
      assertTrue(
          Math.abs(mine[i] - theirs[i]) <= 0x1p-7 * Math.max(0x1p-4, Math.abs(theirs[i])),
          what + "[" + i + "] is " + mine[i] + ", not " + theirs[i]);
    }
    assertTrue(different <= mine.length / 50, what + ": " + different + " differ");
  }

  private static double[] exactForward(LayerFixture fixture, HostMatrix x) throws IOException {
    double[] w = effective(fixture);
    HostMatrix delta = fixture.expected("delta64");
    int out = delta.rows();
    int in = delta.cols();
    double[] y = new double[x.rows() * out];
    for (int t = 0; t < x.rows(); t++) {
      for (int p = 0; p < out; p++) {
        double sum = fixture.bias().isPresent() ? fixture.bias().get().get(0, p) : 0;
        for (int q = 0; q < in; q++) {
          sum += w[p * in + q] * x.get(t, q);
        }
        y[t * out + p] = sum;
      }
    }
    return y;
  }

  private static double[] exactBackward(LayerFixture fixture, HostMatrix gy) throws IOException {
    double[] w = effective(fixture);
    int in = fixture.expected("delta64").cols();
    double[] gx = new double[gy.rows() * in];
    for (int t = 0; t < gy.rows(); t++) {
      for (int p = 0; p < gy.cols(); p++) {
        for (int q = 0; q < in; q++) {
          gx[t * in + q] += w[p * in + q] * gy.get(t, p);
        }
      }
    }
    return gx;
  }

  /** W + ΔW in float64, [out, in]. */
  private static double[] effective(LayerFixture fixture) throws IOException {
    HostMatrix delta = fixture.expected("delta64");
    HostMatrix weight = fixture.weight();
    double[] sum = LayerSamples.doubles(delta);
    for (int p = 0; p < delta.rows(); p++) {
      for (int q = 0; q < delta.cols(); q++) {
        sum[p * delta.cols() + q] += fixture.isConv1d() ? weight.get(q, p) : weight.get(p, q);
      }
    }
    return sum;
  }
}
