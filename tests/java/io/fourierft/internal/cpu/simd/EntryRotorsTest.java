package io.fourierft.internal.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.FoldedLocations;
import org.junit.jupiter.api.Test;

/** Rotors belong to places, and only the whole of them is kept. */
final class EntryRotorsTest {
  private static final int ROWS = 48;
  private static final int COLS = 64;
  private static final int COUNT = 500;

  // The indices do not keep their places alive.
  private final SpectralLocations somePlaces = SpectralLocations.of(ROWS, COLS, COUNT, 1);
  private final SpectralLocations otherPlaces = SpectralLocations.of(ROWS, COLS, COUNT, 2);
  private final FoldedLocations some = new FoldedLocations(somePlaces);
  private final FoldedLocations others = new FoldedLocations(otherPlaces);
  private final EntryRotors kept = new EntryRotors(new SimdPlans());

  private static DenseCoefficients coefficients(FoldedLocations places, long seed) {
    DenseCoefficients coefficients = new DenseCoefficients();
    float[] values = DoubleTransforms.random(COUNT, seed);
    coefficients.set(FourierAdapter.of(places.locations(), values, 1), places);
    return coefficients;
  }

  @Test
  void anotherAdapterOfTheSamePlacesFindsItsRotorsMade() {
    assertTrue(sums(kept, coefficients(some, 3)) > 1);
    assertEquals(0, sums(kept, coefficients(some, 4)));
    assertTrue(sums(kept, coefficients(others, 5)) > 1);
    assertEquals(0, sums(kept, coefficients(others, 6)));
    assertTrue(sums(kept, coefficients(some, 3)) > 1);
  }

  @Test
  void rotorsOfWhichSomeWereNeverMadeAreMadeAgain() {
    kept.begin(coefficients(some, 3));
    int tasks = kept.tasks();
    kept.prepare(0);
    kept.begin(coefficients(some, 3));
    assertEquals(tasks, kept.tasks());
    assertEquals(tasks, sums(kept, coefficients(some, 3)));
  }

  /** Compares the sums of all columns to those of rotors made afresh; the tasks that it took. */
  private static int sums(EntryRotors kept, DenseCoefficients coefficients) {
    EntryRotors fresh = new EntryRotors(new SimdPlans());
    int tasks = prepare(kept, coefficients);
    prepare(fresh, coefficients);
    float[] expected = new float[(COLS / 2 + 1) * Lanes.WIDTH];
    float[] actual = expected.clone();
    for (int row = 0; row < ROWS; row += Lanes.COUNT) {
      fresh.sumColumns(row, expected);
      kept.sumColumns(row, actual);
      assertArrayEquals(expected, actual);
    }
    return tasks;
  }

  private static int prepare(EntryRotors rotors, DenseCoefficients coefficients) {
    rotors.begin(coefficients);
    int tasks = rotors.tasks();
    for (int task = 0; task < tasks; task++) {
      rotors.prepare(task);
    }
    return tasks;
  }
}
