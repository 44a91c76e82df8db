package io.fourierft.bulk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DefinitionOracle;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cosines from coefficients against those of ΔWs in float64. */
class SimilarityMatrixTest {
  private static final int[][] SHAPES = {{1, 1}, {1, 8}, {6, 4}, {5, 7}, {16, 2}, {9, 9}};

  @TempDir Path folder;

  private static ResolvedAdapter adapter(Map<String, FourierAdapter> modules) {
    List<ResolvedModule> resolved = new ArrayList<>();
    modules.forEach(
        (name, one) ->
            resolved.add(
                new ResolvedModule(
                    name,
                    List.of(new WeightSlice(name, 0, 0, one.rows(), 1, 0)),
                    WeightLayout.OUT_IN,
                    one)));
    return new ResolvedAdapter(
        resolved, Map.of(), List.of(), Map.of(), List.of(), "", UnaryOperator.identity(), Set.of());
  }

  private static FourierAdapter random(int rows, int cols, int n, long seed, Random random) {
    float[] spectrum = new float[n];
    for (int k = 0; k < n; k++) {
      spectrum[k] = (float) random.nextGaussian();
    }
    return FourierAdapter.of(
        SpectralLocations.of(rows, cols, n, seed), spectrum, 0.5 + 4 * random.nextDouble());
  }

  private static double dense(ResolvedAdapter a, ResolvedAdapter b) {
    double product = 0;
    for (ResolvedModule one : a.modules()) {
      for (ResolvedModule other : b.modules()) {
        if (one.weights().equals(other.weights())) {
          double[] x = DefinitionOracle.delta(one.adapter());
          double[] y = DefinitionOracle.delta(other.adapter());
          product += IntStream.range(0, x.length).mapToDouble(i -> x[i] * y[i]).sum();
        }
      }
    }
    return product;
  }

  /** Equal places, other places, dense ones that meet their mirrors, missing modules. */
  @Test
  void cosinesAreThoseOfTheDenseDeltas() {
    Random random = new Random(13);
    Map<String, ResolvedAdapter> adapters = new LinkedHashMap<>();
    for (int i = 0; i < 9; i++) {
      Map<String, FourierAdapter> modules = new LinkedHashMap<>();
      for (int s = 0; s < SHAPES.length; s++) {
        int rows = SHAPES[s][0];
        int cols = SHAPES[s][1];
        if (i == 0 || (i + s) % 5 != 0) {
          int n = 1 + random.nextInt(rows * cols);
          n = i % 3 == 0 ? Math.max(1, rows * cols / 2) : n;
          modules.put("m" + s, random(rows, cols, n, i % 4, random));
        }
      }
      adapters.put("a" + i, adapter(modules));
    }
    SimilarityMatrix matrix = SimilarityMatrix.of(adapters);
    List<ResolvedAdapter> all = List.copyOf(adapters.values());
    for (int i = 0; i < all.size(); i++) {
      double norm = Math.sqrt(dense(all.get(i), all.get(i)));
      assertEquals(norm, matrix.norm(i), 1e-9 * norm);
      for (int j = 0; j < all.size(); j++) {
        double other = Math.sqrt(dense(all.get(j), all.get(j)));
        assertEquals(
            dense(all.get(i), all.get(j)) / (norm * other), matrix.cosine(i, j), 1e-9, i + " " + j);
      }
    }
  }

  @Test
  void twinsOppositesAndStrangersAreToldApart() {
    Random random = new Random(1);
    FourierAdapter one = random(12, 10, 20, 3, random);
    float[] spectrum = one.spectrum();
    float[] less = new float[spectrum.length];
    for (int k = 0; k < less.length; k++) {
      less[k] = -2 * spectrum[k];
    }
    Map<String, ResolvedAdapter> adapters = new LinkedHashMap<>();
    adapters.put("one", adapter(Map.of("m", one)));
    adapters.put("stranger", adapter(Map.of("other", one)));
    adapters.put("opposite", adapter(Map.of("m", one.withSpectrum(less))));
    adapters.put("twin", adapter(Map.of("m", one)));
    adapters.put("zero", adapter(Map.of("m", one.withSpectrum(new float[spectrum.length]))));
    SimilarityMatrix matrix = SimilarityMatrix.of(adapters);
    assertEquals(1, matrix.cosine(0, 3), 1e-12);
    assertEquals(-1, matrix.cosine(0, 2), 1e-12);
    assertEquals(0, matrix.cosine(0, 1));
    assertTrue(Double.isNaN(matrix.cosine(4, 0)) && Double.isNaN(matrix.cosine(4, 4)));
    List<SimilarityMatrix.Pair> pairs = matrix.pairs(0.9);
    assertEquals(1, pairs.size());
    assertEquals("0 3", pairs.getFirst().first() + " " + pairs.getFirst().second());
    assertEquals(List.of(List.of(0, 3), List.of(1), List.of(2), List.of(4)), matrix.clusters(0.9));
  }

  @Test
  void differentShapesOfOneModuleAreRefused() {
    Random random = new Random(1);
    Map<String, ResolvedAdapter> adapters = new LinkedHashMap<>();
    adapters.put("small", adapter(Map.of("m", random(4, 4, 2, 1, random))));
    adapters.put("large", adapter(Map.of("m", random(5, 4, 2, 1, random))));
    FourierException e = assertThrows(FourierException.class, () -> SimilarityMatrix.of(adapters));
    assertTrue(
        String.valueOf(e.getMessage()).contains("'small' adapts m as 4 x 4, and 'large' as 5 x 4"));
  }

  @Test
  void adaptersAreReadFromTheirFolders() throws IOException {
    Path base = BulkFixture.base(folder.resolve("base"));
    List<AdapterSet> sets = BulkFixture.adapters(folder.resolve("adapters"), 3);
    SimilarityMatrix matrix = SimilarityMatrix.of(base, sets, ResolveOptions.defaults());
    assertEquals(List.of("a00", "a01", "a02"), matrix.names());
    assertTrue(Math.abs(matrix.cosine(0, 1)) < 0.9);
    BulkFixture.spoil(sets.get(1).single());
    BulkException e =
        assertThrows(
            BulkException.class, () -> SimilarityMatrix.of(base, sets, ResolveOptions.defaults()));
    assertEquals("a01", e.adapter());
  }
}
