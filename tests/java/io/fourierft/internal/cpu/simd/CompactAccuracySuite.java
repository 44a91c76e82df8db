package io.fourierft.internal.cpu.simd;

import io.fourierft.AdapterRouting;
import io.fourierft.DefinitionOracle;
import io.fourierft.DensePath;
import io.fourierft.DenseProduct;
import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A program that checks an engine against the definition on a few sizes, to be run in a JVM with
 * other flags: it prints what it ran on, and fails where a result is off.
 */
final class CompactAccuracySuite {
  private static final double TOLERANCE = 1e-6;

  private CompactAccuracySuite() {}

  public static void main(String[] arguments) {
    String kernels = arguments[0];
    EngineOptions options =
        EngineOptions.defaults().withDevice("cpu").withThreads(2).withKernels(kernels);
    try (FourierEngine engine = FourierEngine.create(options)) {
      for (EngineProbe probe : engine.selection().probes()) {
        if (probe instanceof EngineProbe.Available available) {
          available.details().forEach(System.out::println);
        }
      }
      int[][] shapes = {{1, 1}, {33, 57}, {64, 48}, {106, 139}, {77, 160}, {3, 422}};
      for (int[] shape : shapes) {
        check(engine, shape[0], shape[1]);
      }
      System.out.println("all results agree");
    } catch (EngineUnavailableException e) {
      System.out.println("refused: " + e.getMessage());
    }
  }

  private static void check(FourierEngine engine, int rows, int cols) {
    Random random = new Random(31L * rows + cols);
    int n = Math.min(rows * cols, 90);
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(rows, cols, n, 2024), floats(n, random), 150);
    double[] delta = DefinitionOracle.delta(adapter);
    for (DensePath path : DensePath.values()) {
      float[] out = new float[rows * cols];
      engine.deltaWeights(List.of(adapter), List.of(Matrix.of(out, rows, cols)), path);
      require(path + " " + rows + "x" + cols, out, delta);
    }
    for (int tokens : new int[] {1, 16}) {
      float[] x = floats(tokens * cols, random);
      float[] g = floats(tokens * rows, random);
      float[] y = new float[tokens * rows];
      float[] gradient = new float[n];
      AdapterRouting routing = AdapterRouting.all(adapter);
      HostMatrix tokensIn = Matrix.of(x, tokens, cols);
      HostMatrix upstream = Matrix.of(g, tokens, rows);
      engine.apply(routing, tokensIn, Matrix.of(y, tokens, rows));
      engine.spectrumGradient(
          routing, tokensIn, upstream, new ArrayList<>(List.of(Matrix.of(gradient, 1, n))));
      double[] expected = new double[tokens * rows];
      double[] expectedGradient = new double[n];
      for (int t = 0; t < tokens; t++) {
        double[] token = widened(x, t * cols, cols);
        double[] image = new double[rows];
        DefinitionOracle.apply(adapter, token, image);
        System.arraycopy(image, 0, expected, t * rows, rows);
        DefinitionOracle.spectrumGradient(
            adapter, token, widened(g, t * rows, rows), expectedGradient);
      }
      require("apply " + rows + "x" + cols, y, expected);
      require("gradient " + rows + "x" + cols, gradient, expectedGradient);
    }
    for (int adapters : new int[] {2, 16}) {
      checkMixedTokens(engine, rows, cols, adapters, random);
    }
    for (int tokens : new int[] {1, 7, 21}) {
      checkProduct(engine, rows, cols, tokens, random);
    }
  }

  /** Sixteen tokens that take adapters with places of their own in turn. */
  private static void checkMixedTokens(
      FourierEngine engine, int rows, int cols, int adapters, Random random) {
    int tokens = 16;
    int n = Math.min(rows * cols, 50);
    List<FourierAdapter> all = new ArrayList<>();
    for (int a = 0; a < adapters; a++) {
      all.add(
          FourierAdapter.of(SpectralLocations.of(rows, cols, n, 7 + a), floats(n, random), 150));
    }
    int[] choice = new int[tokens];
    float[] x = floats(tokens * cols, random);
    float[] y = new float[tokens * rows];
    double[] expected = new double[tokens * rows];
    for (int t = 0; t < tokens; t++) {
      choice[t] = t % adapters;
      double[] image = new double[rows];
      DefinitionOracle.apply(all.get(choice[t]), widened(x, t * cols, cols), image);
      System.arraycopy(image, 0, expected, t * rows, rows);
    }
    AdapterRouting routing = AdapterRouting.perToken(all, choice);
    engine.apply(routing, Matrix.of(x, tokens, cols), Matrix.of(y, tokens, rows));
    require(adapters + " adapters " + rows + "x" + cols, y, expected);
  }

  private static void checkProduct(
      FourierEngine engine, int rows, int cols, int tokens, Random random) {
    float[] w = floats(rows * cols, random);
    float[] x = floats(tokens * cols, random);
    float[] y = new float[tokens * rows];
    float[] image = new float[tokens * cols];
    double[] expected = new double[tokens * rows];
    double[] expectedImage = new double[tokens * cols];
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < rows; p++) {
        for (int q = 0; q < cols; q++) {
          expected[t * rows + p] += (double) x[t * cols + q] * w[p * cols + q];
        }
      }
    }
    DenseProduct product = engine.denseProduct(0);
    HostMatrix weight = Matrix.of(w, rows, cols);
    HostMatrix result = Matrix.of(y, tokens, rows);
    product.addTimesTransposed(Matrix.of(x, tokens, cols), weight, result);
    require("product " + rows + "x" + cols, y, expected);
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < rows; p++) {
        for (int q = 0; q < cols; q++) {
          expectedImage[t * cols + q] += (double) y[t * rows + p] * w[p * cols + q];
        }
      }
    }
    product.addTimes(result, weight, Matrix.of(image, tokens, cols));
    require("transposed product " + rows + "x" + cols, image, expectedImage);
  }

  private static void require(String what, float[] actual, double[] expected) {
    double error = DefinitionOracle.relativeError(actual, expected);
    if (!(error <= TOLERANCE)) {
      throw new AssertionError(what + " is off by " + error);
    }
  }

  private static double[] widened(float[] values, int at, int count) {
    double[] wide = new double[count];
    for (int i = 0; i < count; i++) {
      wide[i] = values[at + i];
    }
    return wide;
  }

  private static float[] floats(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
