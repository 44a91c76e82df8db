package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import org.junit.jupiter.api.Test;

class SpectrumInitializationTest {
  @Test
  void initializationIsZerosOrSeededNormals() {
    assertArrayEquals(new float[4], SpectrumInitialization.zeros(4));
    float[] normal = SpectrumInitialization.standardNormal(20_000, 7);
    assertArrayEquals(normal, SpectrumInitialization.standardNormal(20_000, 7));
    double mean = 0;
    double square = 0;
    for (float value : normal) {
      mean += value / normal.length;
      square += value * value / normal.length;
    }
    assertEquals(0, mean, 0.03);
    assertEquals(1, square, 0.05);
    assertFalse(normal[0] == SpectrumInitialization.standardNormal(1, 8)[0]);
    FourierException refusal =
        assertThrows(FourierException.class, () -> SpectrumInitialization.zeros(0));
    assertTrue(String.valueOf(refusal.getMessage()).contains("should be a positive"));
  }
}
