package io.fourierft.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lanczos' method finds what rotations of the dense matrix find. */
class LanczosBidiagonalizationTest {
  private static SparseBlock random(int rows, int columns, int entries, long seed) {
    Random random = new Random(seed);
    Map<Long, Double> values = new HashMap<>();
    for (int i = 0; i < entries; i++) {
      values.put(
          SparseBlock.key(random.nextInt(rows), random.nextInt(columns)), random.nextGaussian());
    }
    return SparseBlock.of(values);
  }

  private static void assertFinds(SparseBlock matrix, int wanted) {
    List<SingularTriplet> expected =
        matrix.rows() >= matrix.columns()
            ? JacobiRotations.decompose(matrix.denseColumns())
            : JacobiRotations.decompose(matrix.transposed().denseColumns());
    List<SingularTriplet> found = LanczosBidiagonalization.largest(matrix, wanted);
    assertEquals(Math.min(wanted, expected.size()), found.size());
    double largest = expected.getFirst().value();
    for (int i = 0; i < found.size(); i++) {
      SingularTriplet triplet = found.get(i);
      assertEquals(expected.get(i).value(), triplet.value(), 1e-9 * largest, "value " + i);
      double[] left = matrix.times(triplet.right());
      VectorMath.add(left, -triplet.value(), triplet.left());
      assertEquals(0, VectorMath.norm(left), 1e-9 * largest);
      double[] right = matrix.transposedTimes(triplet.left());
      VectorMath.add(right, -triplet.value(), triplet.right());
      assertEquals(0, VectorMath.norm(right), 2e-9 * largest);
      for (int j = 0; j <= i; j++) {
        double expectedProduct = i == j ? 1 : 0;
        assertEquals(expectedProduct, VectorMath.dot(triplet.left(), found.get(j).left()), 1e-8);
        assertEquals(expectedProduct, VectorMath.dot(triplet.right(), found.get(j).right()), 1e-8);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "200, 150, 900, 3",
    "150, 200, 900, 10",
    "120, 120, 200, 120",
    "300, 20, 600, 5",
    "1, 30, 30, 1"
  })
  void theLargestValuesAreFound(int rows, int columns, int entries, int wanted) {
    assertFinds(random(rows, columns, entries, 11), wanted);
  }

  /** The same matrix three times along the diagonal: every value is there thrice. */
  @Test
  void repeatedValuesAreFoundAsOftenAsTheyOccur() {
    SparseBlock one = random(60, 50, 300, 5);
    Map<Long, Double> values = new HashMap<>();
    for (int copy = 0; copy < 3; copy++) {
      for (int i = 0; i < one.entries(); i++) {
        int row = one.row(i) + copy * one.rows();
        int column = one.column(i) + copy * one.columns();
        values.put(SparseBlock.key(row, column), one.value(i));
      }
    }
    assertFinds(SparseBlock.of(values), 7);
  }

  /** Ones everywhere have one singular value; the others are zero and none of them is given. */
  @Test
  void zerosAreNotGiven() {
    Map<Long, Double> ones = new HashMap<>();
    for (int i = 0; i < 40; i++) {
      for (int j = 0; j < 30; j++) {
        ones.put(SparseBlock.key(i, j), 1.0);
      }
    }
    List<SingularTriplet> found = LanczosBidiagonalization.largest(SparseBlock.of(ones), 12);
    assertEquals(1, found.size());
    assertEquals(Math.sqrt(1200), found.getFirst().value(), 1e-10);
  }
}
