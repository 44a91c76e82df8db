package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.fourierft.SpectralLocations;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That the words say what the arrays of a fold say. */
final class PackedEntriesTest {
  @ParameterizedTest
  @CsvSource({"24, 30, 200", "31, 18, 300", "1, 1, 1", "1, 9, 5"})
  void aWordHoldsWhatTheFoldSaysOfItsCoefficient(int rows, int cols, int n) {
    FoldedLocations places = new FoldedLocations(SpectralLocations.of(rows, cols, n, 3));
    requireAlike(places.forward());
    requireAlike(places.transposed());
  }

  /** Bins of 17 and 14 bits and a sign. */
  @Test
  void aWordMayBeFull() {
    FoldedLocations places = new FoldedLocations(corners(131072, 32767));
    requireAlike(places.forward());
    requireAlike(places.transposed());
  }

  private static void requireAlike(SpectralFold fold) {
    PackedEntries packed = Objects.requireNonNull(fold.packed());
    for (int e = 0; e < fold.entries(); e++) {
      int word = packed.words()[fold.sources()[e]];
      assertEquals(fold.outOf()[e], word >>> packed.outShift());
      assertEquals(fold.inBins()[e], (word & (1 << packed.outShift()) - 1) >>> 1);
      assertEquals(fold.signs()[e] < 0, (word & 1) != 0);
    }
  }

  @Test
  void binsThatTakeMoreThanAWordAreNotPacked() {
    FoldedLocations places = new FoldedLocations(corners(131072, 131072));
    assertNull(places.forward().packed());
  }

  private static SpectralLocations corners(int rows, int cols) {
    int[] row = {0, rows - 1, rows / 2, rows / 2 + 1, 1};
    int[] col = {cols - 1, 0, cols / 2, 1, cols / 2 + 1};
    return SpectralLocations.of(rows, cols, row, col);
  }
}
