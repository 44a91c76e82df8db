package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Which row is which, in tensors that hold layers fused or in pieces. */
class WeightSliceTest {
  private static List<Long> storedRows(WeightSlice slice) {
    return LongStream.range(slice.layerRow(), slice.layerRow() + slice.rows())
        .map(slice::storedRow)
        .boxed()
        .toList();
  }

  private static void assertInverse(WeightSlice slice) {
    List<Long> stored = storedRows(slice);
    for (long row = 0; row < slice.end() + 3; row++) {
      int at = stored.indexOf(row);
      assertEquals(at < 0 ? -1 : slice.layerRow() + at, slice.layerRowAt(row), slice + " " + row);
    }
  }

  @Test
  void aWholeTensorIsItsLayer() {
    WeightSlice slice = WeightSlice.whole("w", 3);
    assertEquals(List.of(0L, 1L, 2L), storedRows(slice));
    assertTrue(slice.isRun());
    assertInverse(slice);
  }

  @Test
  void aPartBeginsAtItsRow() {
    WeightSlice slice = new WeightSlice("w", 0, 4, 3, 1, 0);
    assertEquals(List.of(4L, 5L, 6L), storedRows(slice));
    assertEquals(7, slice.end());
    assertInverse(slice);
  }

  @Test
  void aPieceOfALayerBeginsAtTheLayersRow() {
    WeightSlice slice = new WeightSlice("w", 5, 0, 2, 1, 0);
    assertEquals(List.of(0L, 1L), storedRows(slice));
    assertInverse(slice);
  }

  @Test
  void rowsByTurnsAreEverySecond() {
    WeightSlice slice = new WeightSlice("w", 0, 1, 3, 2, 0);
    assertEquals(List.of(1L, 3L, 5L), storedRows(slice));
    assertFalse(slice.isRun());
    assertInverse(slice);
  }

  /** As transformers' PermuteForRope: view(heads, half, 2), the last two transposed. */
  @Test
  void theHalvesOfARotaryHeadTakeTurns() {
    WeightSlice slice = new WeightSlice("w", 0, 12, 12, 1, 2);
    assertEquals(
        List.of(12L, 14L, 16L, 13L, 15L, 17L, 18L, 20L, 22L, 19L, 21L, 23L), storedRows(slice));
    assertFalse(slice.isRun());
    assertInverse(slice);
  }

  /** Ranges may cross where no row is one of both. */
  @Test
  void slicesOverlapIfARowIsOneOfBoth() {
    WeightSlice even = new WeightSlice("w", 0, 0, 3, 2, 0);
    WeightSlice odd = new WeightSlice("w", 0, 1, 3, 2, 0);
    assertFalse(even.overlaps(odd));
    assertTrue(even.overlaps(WeightSlice.whole("w", 1)), "the first row alone");
    assertTrue(WeightSlice.whole("w", 1).overlaps(even));
    assertTrue(odd.overlaps(WeightSlice.whole("w", 6)));
    assertFalse(odd.overlaps(WeightSlice.whole("w", 1)));
    assertFalse(even.overlaps(WeightSlice.whole("x", 6)), "another tensor");
    assertFalse(even.overlaps(new WeightSlice("w", 0, 5, 3, 1, 0)));
    assertTrue(even.overlaps(new WeightSlice("w", 0, 4, 3, 1, 0)), "the last row alone");
  }
}
