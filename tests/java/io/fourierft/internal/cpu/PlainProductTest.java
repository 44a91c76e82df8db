package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.layer.LayerSamples;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The products in plain Java, of the CPU engine with JTransforms kernels. */
class PlainProductTest extends DenseProductContract {
  private final FourierEngine engine = engine(4);

  private static FourierEngine engine(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withKernels("jtransforms").withThreads(threads));
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Override
  DenseProduct product(int threads) {
    return engine.denseProduct(threads);
  }

  /** Columns are shared out by the engine's threads: 512 to a task with 2 of them, here, or 256. */
  @ParameterizedTest
  @ValueSource(ints = {9, 64})
  void resultsDoNotDependOnTheThreadsOfTheEngine(int tokens) {
    HostMatrix x = LayerSamples.gaussian(tokens, 300, 1);
    HostMatrix w = LayerSamples.gaussian(4099, 300, 2);
    HostMatrix y = LayerSamples.zeros(tokens, 4099);
    HostMatrix yOfMany = LayerSamples.zeros(tokens, 4099);
    try (FourierEngine few = engine(2);
        FourierEngine many = engine(9)) {
      few.denseProduct(0).addTimesTransposed(x, w, y);
      many.denseProduct(0).addTimesTransposed(x, w, yOfMany);
    }
    assertArrayEquals(LayerSamples.floats(y), LayerSamples.floats(yOfMany));
  }

  /** An engine of one thread leaves the machine's others alone, a wider one uses its own. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  @Timeout(60)
  void productsRunOnTheThreadsOfTheirEngine(int threads) throws InterruptedException {
    Set<String> seen = new TreeSet<>();
    Thread caller =
        Thread.ofPlatform()
            .name("caller")
            .start(
                () -> {
                  try (FourierEngine few = engine(threads)) {
                    HostMatrix x = LayerSamples.gaussian(64, 800, 1);
                    HostMatrix w = LayerSamples.gaussian(800, 800, 2);
                    HostMatrix y = LayerSamples.zeros(64, 800);
                    DenseProduct product = few.denseProduct(0);
                    while (!Thread.interrupted()) {
                      product.addTimesTransposed(x, w, y);
                    }
                  }
                });
    String worker = "fourierft-cpu-1";
    for (int i = 0; i < 200 || !seen.contains("caller") || !isSeen(worker, threads, seen); i++) {
      Thread.getAllStackTraces().forEach((thread, stack) -> addIfComputing(thread, stack, seen));
      Thread.sleep(1);
    }
    caller.interrupt();
    caller.join();
    assertEquals(threads == 1 ? Set.of("caller") : Set.of("caller", worker), seen);
  }

  private static boolean isSeen(String worker, int threads, Set<String> seen) {
    return threads == 1 || seen.contains(worker);
  }

  private static void addIfComputing(Thread thread, StackTraceElement[] stack, Set<String> seen) {
    for (StackTraceElement element : stack) {
      if (element.getClassName().equals(PlainProduct.class.getName())) {
        seen.add(thread.getName());
      }
    }
  }

  /** Doubles are not narrowed on the way. */
  @Test
  void outputsOfDoublesAreSummedInDouble() {
    ElementType type = ElementType.F64;
    HostMatrix w = LayerSamples.gaussian(type, 130, 75, 1);
    for (int tokens : new int[] {1, 9, 300}) {
      HostMatrix x = LayerSamples.gaussian(type, tokens, 75, 2);
      HostMatrix g = LayerSamples.gaussian(type, tokens, 130, 3);
      HostMatrix y = LayerSamples.gaussian(type, tokens, 130, 4);
      HostMatrix gx = LayerSamples.gaussian(type, tokens, 75, 5);
      double[] exactY = LayerSamples.doubles(y);
      double[] exactGx = LayerSamples.doubles(gx);
      double[] wide = LayerSamples.doubles(w);
      double[] wideX = LayerSamples.doubles(x);
      double[] wideG = LayerSamples.doubles(g);
      for (int t = 0; t < tokens; t++) {
        for (int p = 0; p < 130; p++) {
          for (int q = 0; q < 75; q++) {
            exactY[t * 130 + p] += wideX[t * 75 + q] * wide[p * 75 + q];
            exactGx[t * 75 + q] += wideG[t * 130 + p] * wide[p * 75 + q];
          }
        }
      }
      product(3).addTimesTransposed(x, w, y);
      product(3).addTimes(g, w, gx);
      assertClose(exactY, LayerSamples.doubles(y));
      assertClose(exactGx, LayerSamples.doubles(gx));
    }
  }

  private static void assertClose(double[] expected, double[] actual) {
    for (int i = 0; i < expected.length; i++) {
      assertTrue(Math.abs(expected[i] - actual[i]) < 1e-12, "element " + i);
    }
  }
}
