package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.DefinitionOracle;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.ModelFiles;
import io.fourierft.SpectralLocations;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whole merges of random models against the definition in float64, rounded once. */
class MergePropertiesTest {
  private static FourierEngine engine;

  @BeforeContainer
  static void openEngine() {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
  }

  @AfterContainer
  static void closeEngine() {
    engine.close();
  }

  /** One random layer and adapter. */
  record Layer(int rows, int cols, int n, long seed, double scaling, DType dtype) {
    FourierAdapter adapter() {
      return FourierAdapter.of(SpectralLocations.of(rows, cols, n, seed), spectrum(), scaling);
    }

    float[] spectrum() {
      return ModelFiles.normal(n, 1, seed ^ 0x5DEECE66DL);
    }
  }

  @Provide
  Arbitrary<Layer> layers() {
    Arbitrary<Integer> sides = Arbitraries.integers().between(1, 40);
    return Combinators.combine(
            sides,
            sides,
            Arbitraries.doubles().between(0, 1),
            Arbitraries.longs(),
            Arbitraries.doubles().between(0.5, 300),
            Arbitraries.of(DType.F32, DType.F16, DType.BF16, DType.F64))
        .as(
            (rows, cols, share, seed, scaling, dtype) ->
                new Layer(rows, cols, 1 + (int) (share * (rows * cols - 1)), seed, scaling, dtype));
  }

  @Property(tries = 60, seed = "20261123")
  void aMergeIsTheDefinitionRoundedOnce(
      @ForAll @From("layers") Layer layer, @ForAll boolean subtract) throws IOException {
    Path folder = Files.createTempDirectory("merge-property");
    try {
      ModelFiles.Tensor untouched =
          ModelFiles.vector("norm.weight", layer.dtype(), layer.cols(), layer.seed() + 1);
      Path base =
          ModelFiles.model(
              folder.resolve("base"),
              "{}",
              ModelFiles.matrix(
                  "a.q_proj.weight", layer.dtype(), layer.rows(), layer.cols(), 0.05, layer.seed()),
              untouched);
      Path adapter =
          ModelFiles.adapter(
              folder.resolve("adapter"),
              layer.n(),
              layer.scaling(),
              layer.seed(),
              "[\"q_proj\"]",
              "",
              ModelFiles.spectrum("a.q_proj", DType.F32, layer.spectrum()));
      Path out = folder.resolve("merged");
      MergeResult result =
          ModelMerge.run(
              engine,
              base,
              List.of(adapter),
              out,
              MergeOptions.defaults().withAddition(subtract ? Addition.SUBTRACT : Addition.ADD),
              ProgressListener.NONE);
      double[] before = ModelFiles.elements(base, "a.q_proj.weight");
      double[] after = ModelFiles.elements(out, "a.q_proj.weight");
      double[] delta = DefinitionOracle.delta(layer.adapter());
      double norm = norm(delta);
      // The delta is float32, good to a millionth of its norm; the sum is rounded once.
      double slack = 1e-6 * norm + 1e-300;
      for (int i = 0; i < delta.length; i++) {
        double exact = before[i] + (subtract ? -delta[i] : delta[i]);
        double rounding = spacing(layer.dtype(), Math.abs(exact) + slack) / 2;
        assertEquals(exact, after[i], 1.0000001 * (rounding + slack) + Math.ulp((float) exact));
      }
      assertArrayEquals(untouched.bytes(), ModelFiles.contents(out).get("norm.weight"));
      assertEquals(1, result.changes().size());
      var report = result.changes().getFirst().report();
      assertEquals(norm, report.deltaNorm(), 1e-5 * norm + 1e-30);
      assertEquals(norm(before), report.weightNorm(), 1e-6 * norm(before));
      assertEquals(delta.length, report.elements());
    } finally {
      ModelFiles.delete(folder);
    }
  }

  @Property(tries = 100, seed = "20261124")
  void theNormFromTheCoefficientsIsThatOfTheDelta(@ForAll @From("layers") Layer layer) {
    double expected = norm(DefinitionOracle.delta(layer.adapter()));
    assertEquals(expected, layer.adapter().deltaNorm(), 1e-9 * expected);
  }

  @Property(tries = 60, seed = "20261125")
  void theNormKnowsMirroredPlaces(
      @ForAll @IntRange(min = 1, max = 9) int rows,
      @ForAll @IntRange(min = 1, max = 9) int cols,
      @ForAll long seed) {
    // All places: every coefficient meets its mirror, or is its own.
    int n = rows * cols;
    FourierAdapter adapter =
        FourierAdapter.of(
            SpectralLocations.of(rows, cols, n, seed), ModelFiles.normal(n, 1, seed), -2.5);
    double expected = norm(DefinitionOracle.delta(adapter));
    assertEquals(expected, adapter.deltaNorm(), 1e-9 * expected);
  }

  @Property(tries = 25, seed = "20261126")
  void severalAdaptersAreSeveralMerges(@ForAll @From("layers") Layer layer, @ForAll long seed)
      throws IOException {
    Path folder = Files.createTempDirectory("merge-property");
    Random random = new Random(seed);
    try {
      Path base =
          ModelFiles.model(
              folder.resolve("base"),
              "{}",
              ModelFiles.matrix(
                  "a.q_proj.weight", layer.dtype(), layer.rows(), layer.cols(), 1, seed));
      Path first = adapter(folder.resolve("first"), layer, random);
      Path second = adapter(folder.resolve("second"), layer, random);
      MergeOptions options = MergeOptions.defaults();
      Path both = folder.resolve("both");
      ModelMerge.run(engine, base, List.of(first, second), both, options, ProgressListener.NONE);
      Path one = folder.resolve("one");
      ModelMerge.run(engine, base, List.of(first), one, options, ProgressListener.NONE);
      Path two = folder.resolve("two");
      ModelMerge.run(engine, one, List.of(second), two, options, ProgressListener.NONE);
      assertSame(ModelFiles.contents(two), ModelFiles.contents(both));

      MergeOptions off = options.withAddition(Addition.SUBTRACT);
      Path unmerged = folder.resolve("unmerged");
      ModelMerge.run(engine, both, List.of(first, second), unmerged, off, ProgressListener.NONE);
      Path lessOne = folder.resolve("less-one");
      ModelMerge.run(engine, both, List.of(second), lessOne, off, ProgressListener.NONE);
      Path lessTwo = folder.resolve("less-two");
      ModelMerge.run(engine, lessOne, List.of(first), lessTwo, off, ProgressListener.NONE);
      assertSame(ModelFiles.contents(lessTwo), ModelFiles.contents(unmerged));
    } finally {
      ModelFiles.delete(folder);
    }
  }

  private static Path adapter(Path folder, Layer layer, Random random) throws IOException {
    return ModelFiles.adapter(
        folder,
        layer.n(),
        layer.scaling(),
        random.nextInt(),
        "[\"q_proj\"]",
        "",
        ModelFiles.spectrum(
            "a.q_proj", DType.F32, ModelFiles.normal(layer.n(), 1, random.nextLong())));
  }

  private static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
  }

  private static double norm(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  /** The distance of neighbouring numbers of the format at that magnitude. */
  private static double spacing(DType dtype, double magnitude) {
    int exponent = Math.getExponent(magnitude);
    return switch (dtype) {
      case F64 -> Math.scalb(1.0, Math.max(exponent, -1022) - 52);
      case F32 -> Math.scalb(1.0, Math.max(exponent, -126) - 23);
      case F16 -> Math.scalb(1.0, Math.max(exponent, -14) - 10);
      case BF16 -> Math.scalb(1.0, Math.max(exponent, -126) - 7);
      default -> throw new IllegalArgumentException(dtype + " is no format of a weight");
    };
  }
}
