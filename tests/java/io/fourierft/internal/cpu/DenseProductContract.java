package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DefinitionOracle;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.layer.LayerSamples;
import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The products against float64, on sizes around every block length. */
abstract class DenseProductContract {
  /** A product of at most so many threads. */
  abstract DenseProduct product(int threads);

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "1, 5, 129",
    "7, 33, 128",
    "8, 31, 257",
    "9, 65, 3",
    "128, 32, 260",
    "129, 40, 61",
    "3, 520, 40",
    "131, 513, 5",
    "2, 64, 1000",
    "257, 20, 30",
    "16, 257, 255",
    "16, 256, 129",
    "5, 3, 513",
    "4, 66, 1025",
    "6, 1030, 67",
    "16, 130, 2050",
    "17, 129, 515",
    "15, 600, 620",
    "513, 34, 21",
    "1030, 9, 130",
    "13, 530, 300",
    "11, 4203, 259",
    "3, 37, 2051",
    "7, 9, 515"
  })
  void productsAgreeWithDouble(int tokens, int out, int in) {
    HostMatrix w = LayerSamples.gaussian(out, in, 1);
    HostMatrix x = LayerSamples.gaussian(tokens, in, 2);
    HostMatrix g = LayerSamples.gaussian(tokens, out, 3);
    HostMatrix y = LayerSamples.gaussian(tokens, out, 4);
    HostMatrix gx = LayerSamples.gaussian(tokens, in, 5);
    double[] exactY = LayerSamples.doubles(y);
    double[] exactGx = LayerSamples.doubles(gx);
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < out; p++) {
        for (int q = 0; q < in; q++) {
          exactY[t * out + p] += (double) x.get(t, q) * w.get(p, q);
          exactGx[t * in + q] += (double) g.get(t, p) * w.get(p, q);
        }
      }
    }
    product(2).addTimesTransposed(x, w, y);
    product(2).addTimes(g, w, gx);
    assertTrue(DefinitionOracle.maximumError(LayerSamples.floats(y), exactY) < 1e-6);
    assertTrue(DefinitionOracle.maximumError(LayerSamples.floats(gx), exactGx) < 1e-6);
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void everyFormatIsWidenedExactly(ElementType type) {
    HostMatrix w = LayerSamples.gaussian(type, 40, 70, 1);
    HostMatrix wide = Matrix.of(LayerSamples.floats(w), 40, 70);
    for (int tokens : new int[] {2, 9}) {
      HostMatrix x = LayerSamples.gaussian(type, tokens, 70, 2);
      HostMatrix g = LayerSamples.gaussian(type, tokens, 40, 3);
      HostMatrix wideX = Matrix.of(LayerSamples.floats(x), tokens, 70);
      HostMatrix wideG = Matrix.of(LayerSamples.floats(g), tokens, 40);
      HostMatrix y = LayerSamples.zeros(tokens, 40);
      HostMatrix wideY = LayerSamples.zeros(tokens, 40);
      HostMatrix gx = LayerSamples.zeros(tokens, 70);
      HostMatrix wideGx = LayerSamples.zeros(tokens, 70);
      product(1).addTimesTransposed(x, w, y);
      product(1).addTimesTransposed(wideX, wide, wideY);
      product(1).addTimes(g, w, gx);
      product(1).addTimes(wideG, wide, wideGx);
      assertArrayEquals(LayerSamples.floats(wideY), LayerSamples.floats(y));
      assertArrayEquals(LayerSamples.floats(wideGx), LayerSamples.floats(gx));
    }
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    HostMatrix w = LayerSamples.gaussian(700, 610, 1);
    for (int tokens : new int[] {1, 3, 16, 40, 150, 520}) {
      HostMatrix x = LayerSamples.gaussian(tokens, 610, 2);
      HostMatrix one = LayerSamples.zeros(tokens, 700);
      HostMatrix four = LayerSamples.zeros(tokens, 700);
      product(1).addTimesTransposed(x, w, one);
      product(4).addTimesTransposed(x, w, four);
      assertArrayEquals(LayerSamples.floats(one), LayerSamples.floats(four));
      HostMatrix back = LayerSamples.zeros(tokens, 610);
      HostMatrix backByFour = LayerSamples.zeros(tokens, 610);
      product(1).addTimes(one, w, back);
      product(4).addTimes(one, w, backByFour);
      assertArrayEquals(LayerSamples.floats(back), LayerSamples.floats(backByFour));
    }
  }

  @ParameterizedTest
  @CsvSource({"4, false", "20, false", "4, true", "20, true"})
  void stridedViewsKeepTheirSurroundings(int tokens, boolean transposed) {
    float[] memory = new float[tokens * 10];
    Arrays.fill(memory, 7);
    HostMatrix y = Matrix.of(memory, 3, tokens - 1, 5, 10);
    HostMatrix w = Matrix.of(new float[100], 7, transposed ? 6 : 5, transposed ? 5 : 6, 13);
    HostMatrix x = Matrix.of(LayerSamples.floats(LayerSamples.gaussian(tokens, 9, 2)), tokens, 9);
    x = Matrix.of(LayerSamples.floats(x), 2, tokens - 1, 6, 9);
    for (int r = 0; r < w.rows(); r++) {
      for (int c = 0; c < w.cols(); c++) {
        w.set(r, c, 1 + r + c);
      }
    }
    if (transposed) {
      product(1).addTimes(x, w, y);
    } else {
      product(1).addTimesTransposed(x, w, y);
    }
    for (int i = 0; i < memory.length; i++) {
      boolean inside = i % 10 >= 3 && i % 10 < 8 && i / 10 < tokens - 1;
      assertEquals(!inside, memory[i] == 7, "at " + i);
    }
  }

  /** What is not finite reaches the outputs that depend on it, and no padding spreads it. */
  @ParameterizedTest
  @CsvSource({"1", "5", "18"})
  void numbersThatAreNotFiniteStayWhereTheyBelong(int tokens) {
    HostMatrix w = LayerSamples.gaussian(33, 21, 1);
    w.set(4, 20, Float.POSITIVE_INFINITY);
    HostMatrix x = LayerSamples.gaussian(tokens, 21, 2);
    x.set(0, 20, Float.NaN);
    HostMatrix y = LayerSamples.zeros(tokens, 33);
    product(1).addTimesTransposed(x, w, y);
    HostMatrix g = LayerSamples.gaussian(tokens, 33, 3);
    HostMatrix gx = LayerSamples.zeros(tokens, 21);
    product(1).addTimes(g, w, gx);
    for (int t = 0; t < tokens; t++) {
      for (int p = 0; p < 33; p++) {
        assertEquals(t == 0, Float.isNaN(y.get(t, p)), t + ", " + p);
        assertEquals(t > 0 && p == 4, Float.isInfinite(y.get(t, p)), t + ", " + p);
      }
      for (int q = 0; q < 21; q++) {
        assertEquals(q == 20, Float.isInfinite(gx.get(t, q)), t + ", " + q);
      }
    }
  }

  @Test
  void memoryOfAConfinedArenaIsComputedOn() {
    try (Arena arena = Arena.ofConfined()) {
      HostMatrix w = Matrix.of(arena.allocate(4 * 300 * 400), ElementType.F32, 300, 400);
      w.set(7, 9, 2);
      HostMatrix x = LayerSamples.gaussian(60, 400, 2);
      HostMatrix y = LayerSamples.zeros(60, 300);
      product(4).addTimesTransposed(x, w, y);
      assertEquals(2 * x.get(59, 9), y.get(59, 7));
    }
  }

  @Test
  void noTokensAreNothingToDo() {
    HostMatrix w = LayerSamples.gaussian(5, 6, 1);
    product(2).addTimesTransposed(LayerSamples.zeros(0, 6), w, LayerSamples.zeros(0, 5));
    product(2).addTimes(LayerSamples.zeros(0, 5), w, LayerSamples.zeros(0, 6));
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeAnythingIsWritten() {
    HostMatrix w = LayerSamples.gaussian(5, 6, 1);
    HostMatrix x = LayerSamples.gaussian(3, 6, 2);
    HostMatrix y = LayerSamples.zeros(3, 5);
    DenseProduct product = product(1);
    assertRefused(() -> product.addTimesTransposed(y, w, y));
    assertRefused(() -> product.addTimesTransposed(x, w, LayerSamples.zeros(3, 6)));
    assertRefused(() -> product.addTimesTransposed(x, w, LayerSamples.zeros(2, 5)));
    assertRefused(
        () -> product.addTimesTransposed(x, w, LayerSamples.zeros(ElementType.BF16, 3, 5)));
    assertRefused(
        () ->
            product.addTimesTransposed(
                x, w, Matrix.of(y.data().asReadOnly(), ElementType.F32, 3, 5)));
    assertRefused(() -> product.addTimes(x, w, y));
    HostMatrix square = LayerSamples.gaussian(6, 6, 3);
    assertRefused(() -> product.addTimes(x, square, x));
    assertRefused(() -> product.addTimes(square, square, square));
    assertArrayEquals(new float[15], LayerSamples.floats(y));
  }

  private static void assertRefused(org.junit.jupiter.api.function.Executable call) {
    assertThrows(ShapeException.class, call);
  }
}
