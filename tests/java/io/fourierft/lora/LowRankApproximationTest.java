package io.fourierft.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DefinitionOracle;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** B·A is the nearest matrix of its rank: what it leaves is what the other values hold. */
class LowRankApproximationTest {
  private static FourierAdapter adapter(int rows, int cols, int n, long seed) {
    Random random = new Random(seed);
    float[] spectrum = new float[n];
    for (int k = 0; k < n; k++) {
      spectrum[k] = (float) random.nextGaussian();
    }
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, seed), spectrum, 150);
  }

  /** Every singular value of the dense ΔW, by rotations of its columns. */
  private static double[] denseSingularValues(FourierAdapter adapter) {
    double[] delta = DefinitionOracle.delta(adapter);
    boolean wide = adapter.cols() > adapter.rows();
    double[][] columns =
        new double[Math.min(adapter.rows(), adapter.cols())]
            [Math.max(adapter.rows(), adapter.cols())];
    for (int p = 0; p < adapter.rows(); p++) {
      for (int q = 0; q < adapter.cols(); q++) {
        columns[wide ? p : q][wide ? q : p] = delta[p * adapter.cols() + q];
      }
    }
    return JacobiRotations.decompose(columns).stream()
        .mapToDouble(SingularTriplet::value)
        .toArray();
  }

  /** {@code ‖ΔW − B·A‖}, from the factors as they are stored. */
  private static double distance(FourierAdapter adapter, LowRankApproximation lora) {
    double[] delta = DefinitionOracle.delta(adapter);
    float[] a = lora.loraA();
    float[] b = lora.loraB();
    double squares = 0;
    for (int p = 0; p < adapter.rows(); p++) {
      for (int q = 0; q < adapter.cols(); q++) {
        double difference = delta[p * adapter.cols() + q];
        for (int i = 0; i < lora.rank(); i++) {
          difference -= (double) b[p * lora.rank() + i] * a[i * adapter.cols() + q];
        }
        squares += difference * difference;
      }
    }
    return Math.sqrt(squares);
  }

  @ParameterizedTest
  @CsvSource({
    "64, 64, 100, 8",
    "64, 64, 100, 64",
    "48, 80, 30, 5",
    "80, 48, 3840, 20",
    "33, 57, 200, 7",
    "31, 61, 40, 31",
    "1, 9, 5, 1",
    "9, 1, 9, 4",
    "2, 2, 4, 2",
    "1, 1, 1, 1",
    "16, 16, 256, 3"
  })
  void noMatrixOfThatRankIsNearer(int rows, int cols, int n, int rank) {
    FourierAdapter adapter = adapter(rows, cols, n, 7L * rows + cols);
    LowRankApproximation lora = LowRankApproximation.of(adapter, rank);
    double[] expected = denseSingularValues(adapter);
    double[] found = lora.singularValues();
    double norm = adapter.deltaNorm();
    assertEquals(Math.min(rank, expected.length), found.length);
    for (int i = 0; i < found.length; i++) {
      assertEquals(expected[i], found[i], 1e-12 * norm, "value " + i);
    }
    double left = 0;
    for (int i = found.length; i < expected.length; i++) {
      left += expected[i] * expected[i];
    }
    assertEquals(Math.sqrt(left), distance(adapter, lora), 2e-7 * norm);
    assertEquals(Math.sqrt(left) / norm, lora.relativeError(), 1e-7);
    assertEquals(1 - left / (norm * norm), lora.keptEnergy(), 1e-12);
  }

  /** One coefficient alone is two waves, or one where it is its own mirror image. */
  @Test
  void oneCoefficientHasTwoEqualValues() {
    SpectralLocations place = SpectralLocations.of(12, 10, new int[] {3}, new int[] {4});
    FourierAdapter adapter = FourierAdapter.of(place, new float[] {2}, 60);
    double[] values = LowRankApproximation.of(adapter, 5).singularValues();
    assertEquals(2, values.length);
    assertEquals(60 / Math.sqrt(120), values[0], 1e-12);
    assertEquals(values[0], values[1], 1e-12);
    SpectralLocations mean = SpectralLocations.of(12, 10, new int[] {0}, new int[] {5});
    values =
        LowRankApproximation.of(FourierAdapter.of(mean, new float[] {2}, 60), 5).singularValues();
    assertEquals(1, values.length);
    assertEquals(2 * 60 / Math.sqrt(120), values[0], 1e-12);
  }

  @Test
  void aDeltaOfZerosIsOneRankOfZeros() {
    FourierAdapter adapter = FourierAdapter.of(SpectralLocations.of(8, 6, 4, 0), new float[4], 150);
    LowRankApproximation lora = LowRankApproximation.of(adapter, 3);
    assertEquals(1, lora.rank());
    assertEquals(1.0, lora.keptEnergy());
    assertEquals(0.0, lora.relativeError());
    assertTrue(Arrays.equals(new float[6], lora.loraA()));
    assertTrue(Arrays.equals(new float[8], lora.loraB()));
  }

  /** Coefficients that cancel each other in the real part: sin is odd in both. */
  @Test
  void coefficientsThatCancelLeaveNothing() {
    SpectralLocations places = SpectralLocations.of(8, 8, new int[] {1, 7}, new int[] {2, 6});
    LowRankApproximation lora =
        LowRankApproximation.of(FourierAdapter.of(places, new float[] {1, -1}, 150), 3);
    assertEquals(0, lora.singularValues().length);
  }

  @Test
  void hugeAndTinyCoefficientsComeThrough() {
    for (float size : new float[] {1e-30f, 1e30f}) {
      FourierAdapter adapter =
          FourierAdapter.of(SpectralLocations.of(20, 20, 30, 3), filled(30, size), 400);
      LowRankApproximation lora = LowRankApproximation.of(adapter, 20);
      assertEquals(0, distance(adapter, lora) / adapter.deltaNorm(), 3e-7);
    }
  }

  private static float[] filled(int n, float value) {
    float[] all = new float[n];
    Arrays.fill(all, value);
    return all;
  }

  @Test
  void aLowerRankIsTheFirstOfAHigher() {
    FourierAdapter adapter = adapter(40, 30, 90, 4);
    LowRankApproximation whole = LowRankApproximation.of(adapter, 30);
    LowRankApproximation part = whole.truncated(6);
    assertEquals(6, part.rank());
    assertTrue(Arrays.equals(LowRankApproximation.of(adapter, 6).loraB(), part.loraB()));
    for (double share : new double[] {0.1, 0.5, 0.9}) {
      int rank = whole.rankThatKeeps(share);
      assertTrue(whole.truncated(rank).keptEnergy() >= share);
      assertTrue(rank == 1 || whole.truncated(rank - 1).keptEnergy() < share);
    }
    assertEquals(6, part.rankThatKeeps(1), "where none does, all of it");
  }

  @Test
  void whatHasNoNearestMatrixIsRefused() {
    FourierAdapter adapter = adapter(8, 8, 4, 1);
    FourierAdapter broken = adapter.withSpectrum(new float[] {1, Float.NaN, 2, 3});
    for (String word : List.of("rank is 0", "not finite", "BF16")) {
      FourierException error =
          assertThrows(
              FourierException.class,
              () ->
                  LowRankApproximation.of(
                      word.startsWith("not")
                          ? broken
                          : word.equals("BF16") ? adapter.withDeltaType(ElementType.BF16) : adapter,
                      word.startsWith("rank") ? 0 : 4));
      assertTrue(String.valueOf(error.getMessage()).contains(word), error.getMessage());
    }
  }
}
