package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostModelTest extends OneEngineTest {
  @TempDir Path folder;

  @Test
  void figuresSurviveTheFileExactly() throws IOException {
    CostModel model =
        new CostModel(1.25, 2.5, 1.0 / 3, 0, 1e9, 0.1, 17, Double.MIN_VALUE, 0.5, 7, "by hand");
    Path file = folder.resolve("cost.json");
    model.save(file);
    assertEquals(model, CostModel.load(file));
    assertEquals(model, CostModel.loadOrMeasure(file, engine(), 1));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void fileOfAnotherKindIsRefused() throws IOException {
    Path file = folder.resolve("cost.json");
    Files.writeString(file, "{\"format\": \"something\"}");
    assertRefused(file, "is not a cost model: its format is 'something'");
    Files.writeString(file, "not json");
    assertRefused(file, "is not JSON");
    CostModel.defaults().save(file);
    Files.writeString(file, Files.readString(file).replace("build_call_ns", "built_call_ns"));
    assertRefused(file, "has no number 'build_call_ns'");
  }

  private static void assertRefused(Path file, String words) {
    FourierException refusal = assertThrows(FourierException.class, () -> CostModel.load(file));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(words), message);
  }

  @Test
  void figuresThatCannotBeTimesAreRefused() {
    assertThrows(
        FourierException.class, () -> new CostModel(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, "negative"));
    assertThrows(
        FourierException.class, () -> new CostModel(0, 0, 0, 0, Double.NaN, 0, 0, 0, 0, 0, "NaN"));
  }

  @Test
  void measurementGivesFiguresThatMakeSense() throws IOException {
    CostModel model = CostModel.loadOrMeasure(folder.resolve("cost.json"), engine(), 1);
    assertTrue(model.productMultiplyAdd() > 0);
    assertTrue(model.spectralTransform() > 0);
    assertTrue(model.buildTransform() > 0);
    assertTrue(model.source().contains("cpu"));
    assertEquals(model, CostModel.load(folder.resolve("cost.json")));
  }

  @Test
  void defaultsTakeTheSpectralOperatorForLargeLayersAndAFrozenDeltaForManyCoefficients() {
    CostModel model = CostModel.defaults();
    for (int tokens : new int[] {1, 64, 512}) {
      assertEquals(AdapterPath.SPECTRAL, model.choose(4096, 4096, 1000, tokens, false));
      assertEquals(AdapterPath.SPECTRAL, model.choose(4096, 4096, 1000, tokens, true));
    }
    assertEquals(AdapterPath.DENSE, model.choose(64, 64, 4096, 512, true));
    assertEquals(AdapterPath.DENSE, model.choose(97, 101, 5000, 4096, false));
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
