package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FourierAdapterTest {
  @Test
  void knowsItsLargestFiniteCoefficient() {
    assertEquals(3, adapter(-3, 2, -0.0f).largestCoefficient());
    assertEquals(Float.MIN_VALUE, adapter(0, -Float.MIN_VALUE).largestCoefficient());
    assertEquals(
        Float.MAX_VALUE,
        adapter(Float.NEGATIVE_INFINITY, -Float.MAX_VALUE, Float.NaN).largestCoefficient());
    assertEquals(0, adapter(Float.NaN, Float.POSITIVE_INFINITY).largestCoefficient());
  }

  @Test
  void aNewSpectrumHasItsOwnLargestCoefficient() {
    FourierAdapter before = adapter(7, 1);
    FourierAdapter after = before.withSpectrum(new float[] {2, -5});
    assertEquals(7, before.largestCoefficient());
    assertEquals(5, after.largestCoefficient());
  }

  @Test
  void isFiniteOnlyIfEveryProductWithTheScalingIs() {
    assertTrue(adapter(Float.MAX_VALUE, 1).isFinite());
    assertFalse(adapter(1, Float.NaN).isFinite());
    assertFalse(adapter(Float.NEGATIVE_INFINITY, 1).isFinite());
    FourierAdapter infinite =
        FourierAdapter.of(SpectralLocations.of(4, 6, 1, 1), new float[] {1}, Double.MAX_VALUE);
    assertFalse(infinite.isFinite());
  }

  private static FourierAdapter adapter(float... spectrum) {
    return FourierAdapter.of(SpectralLocations.of(4, 6, spectrum.length, 1), spectrum, 300);
  }
}
