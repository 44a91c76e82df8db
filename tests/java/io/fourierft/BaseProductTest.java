package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The plain products against float64, on sizes around every block length. */
class BaseProductTest {
  private static BaseProduct product(int threads) {
    return new BaseProduct(new RangeExecutor(threads), Shelf.ofArrays());
  }

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
    "5, 3, 513"
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
    HostMatrix x = LayerSamples.gaussian(type, 9, 70, 2);
    HostMatrix wide = Matrix.of(LayerSamples.floats(w), 40, 70);
    HostMatrix wideX = Matrix.of(LayerSamples.floats(x), 9, 70);
    HostMatrix y = LayerSamples.zeros(9, 40);
    HostMatrix wideY = LayerSamples.zeros(9, 40);
    product(1).addTimesTransposed(x, w, y);
    product(1).addTimesTransposed(wideX, wide, wideY);
    assertArrayEquals(LayerSamples.floats(wideY), LayerSamples.floats(y));
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    HostMatrix w = LayerSamples.gaussian(300, 210, 1);
    for (int tokens : new int[] {3, 40, 150}) {
      HostMatrix x = LayerSamples.gaussian(tokens, 210, 2);
      HostMatrix one = LayerSamples.zeros(tokens, 300);
      HostMatrix four = LayerSamples.zeros(tokens, 300);
      product(1).addTimesTransposed(x, w, one);
      product(4).addTimesTransposed(x, w, four);
      assertArrayEquals(LayerSamples.floats(one), LayerSamples.floats(four));
    }
  }

  @Test
  void stridedViewsKeepTheirSurroundings() {
    float[] memory = new float[4 * 10];
    Arrays.fill(memory, 7);
    HostMatrix y = Matrix.of(memory, 3, 4, 5, 10);
    HostMatrix w = LayerSamples.gaussian(5, 6, 1);
    product(1).addTimesTransposed(LayerSamples.gaussian(4, 6, 2), w, y);
    for (int i = 0; i < memory.length; i++) {
      boolean inside = i % 10 >= 3 && i % 10 < 8;
      assertEquals(!inside, memory[i] == 7, "at " + i);
    }
  }

  @Test
  void failureOfOnePieceReachesTheCallerAfterAllHaveEnded() {
    AtomicInteger running = new AtomicInteger();
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class,
            () ->
                new RangeExecutor(3)
                    .run(
                        50,
                        true,
                        piece -> {
                          running.incrementAndGet();
                          try {
                            if (piece == 17) {
                              throw new IllegalStateException("piece 17");
                            }
                          } finally {
                            running.decrementAndGet();
                          }
                        }));
    assertTrue(String.valueOf(failure.getMessage()).contains("piece 17"));
    assertEquals(0, running.get());
  }
}
