package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CostModelTest extends OneEngineTest {
  private static FourierAdapter adapter(int rows, int cols, int coefficients) {
    return FourierAdapter.of(
        SpectralLocations.of(rows, cols, coefficients, 1), new float[coefficients], 150);
  }

  private static AdapterPath choose(
      CostModel model, int rows, int cols, int coefficients, int tokens, boolean deltaIsReady) {
    return model.choose(
        AdapterRouting.all(adapter(rows, cols, coefficients)), tokens, each -> deltaIsReady);
  }

  @Test
  void figuresThatCannotBeTimesAreRefused() {
    assertThrows(
        FourierException.class, () -> new CostModel(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, "negative"));
    assertThrows(
        FourierException.class, () -> new CostModel(0, 0, 0, 0, Double.NaN, 0, 0, 0, 0, 0, "NaN"));
  }

  @Test
  void measurementGivesFiguresThatMakeSense() {
    CostModel model = CostModel.measure(engine(), 1);
    // Figures are differences of medians, which other work on the machine may turn round.
    for (int again = 0; again < 5 && !(model.spectralTransform() > 0); again++) {
      model = CostModel.measure(engine(), 1);
    }
    assertTrue(model.productMultiplyAdd() > 0);
    assertTrue(model.spectralTransform() > 0);
    assertTrue(model.buildTransform() > 0);
    assertTrue(model.source().contains("cpu"));
  }

  @Test
  void defaultsTakeTheSpectralOperatorForLargeLayersAndAFrozenDeltaForManyCoefficients() {
    CostModel model = CostModel.defaults();
    for (int tokens : new int[] {1, 64, 512}) {
      assertEquals(AdapterPath.SPECTRAL, choose(model, 4096, 4096, 1000, tokens, false));
      assertEquals(AdapterPath.SPECTRAL, choose(model, 4096, 4096, 1000, tokens, true));
    }
    assertEquals(AdapterPath.DENSE, choose(model, 64, 64, 4096, 512, true));
    assertEquals(AdapterPath.DENSE, choose(model, 97, 101, 5000, 4096, false));
  }

  @Test
  void adaptersOfABatchShareItsTokensAndEachIsBuiltUnlessItIsReady() {
    FourierAdapter a = adapter(8, 8, 3);
    FourierAdapter b = adapter(8, 8, 5);
    AdapterRouting mixed = AdapterRouting.perToken(List.of(a, b), new int[] {0, 1, 0, 1, -1, -1});
    AdapterRouting all = AdapterRouting.all(List.of(a, b));
    // Only the build costs, and only the coefficients: 1 each; a build is dearer than 6 · 8.
    CostModel buildOnly = new CostModel(0, 0, 0, 1, 100, 0, 0, 0, 0, 0, "by hand");
    assertEquals(AdapterPath.DENSE, buildOnly.choose(all, 6, each -> true));
    assertEquals(AdapterPath.SPECTRAL, buildOnly.choose(all, 6, each -> false));
    assertEquals(AdapterPath.SPECTRAL, buildOnly.choose(all, 6, a::equals));
    assertEquals(AdapterPath.DENSE, buildOnly.choose(all, 13, a::equals));
    // A token of the mixed batch meets (3 + 5) / 2 coefficients on average.
    CostModel calls = new CostModel(0, 0, 0, 1, 0, 0, 12.5, 0, 0, 0, "by hand");
    assertEquals(AdapterPath.SPECTRAL, calls.choose(mixed, 6, each -> true));
    assertEquals(AdapterPath.DENSE, calls.choose(all, 6, each -> true));
    assertEquals(AdapterPath.DENSE, calls.choose(mixed, 7, each -> true));
  }

  @Test
  void everyFigureCountsAsTheModelSays() {
    CostModel model = new CostModel(1e9, 1e6, 10, 1e3, 1e7, 100, 1e8, 1, 1e4, 1e-2, "by hand");
    double work = CostModel.transformWork(4) + CostModel.transformWork(8);
    assertEquals(1e9 + 3 * 1e6 + 5 * (10 * work + 3 * 1e3), model.spectralNanos(4, 8, 3, 5));
    double build = 3 * CostModel.transformWork(4) + 4 * CostModel.transformWork(8) / 2;
    assertEquals(1e7 + 100 * build, model.buildNanos(4, 8, 3));
    assertEquals(1e8 + 32 * (1 + 5 * 1e-2) + 5 * 12 * 1e4, model.productNanos(4, 8, 5), 1e-6);
  }

  @Test
  void lengthsWithLargePrimesCostMore() {
    assertEquals(10.0 * 1024, CostModel.transformWork(1024));
    assertTrue(CostModel.transformWork(1021) > 3 * CostModel.transformWork(1024));
    assertEquals(2, CostModel.transformWork(2));
    assertTrue(CostModel.transformWork(1) >= 0);
  }
}
