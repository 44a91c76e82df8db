package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fourierft.DenseProduct;
import io.fourierft.EngineClosedException;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.layer.LayerSamples;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The products of an engine that computes elsewhere. */
class OwnProductsTest {
  private final HostMatrix x = LayerSamples.gaussian(70, 300, 1);
  private final HostMatrix w = LayerSamples.gaussian(200, 300, 2);

  @Test
  void theyAreThoseOfThePlainKernels() {
    HostMatrix expected = LayerSamples.zeros(70, 200);
    try (FourierEngine engine =
        FourierEngine.create(
            EngineOptions.defaults().withDevice("cpu").withKernels("jtransforms"))) {
      engine.denseProduct(0).addTimesTransposed(x, w, expected);
    }
    HostMatrix y = LayerSamples.zeros(70, 200);
    try (OwnProducts products = new OwnProducts("the engine")) {
      products.product(0).addTimesTransposed(x, w, y);
    }
    assertArrayEquals(LayerSamples.floats(expected), LayerSamples.floats(y));
  }

  @Test
  void closingEndsTheThreadsAndRefusesProducts() {
    Set<Thread> before = workers();
    OwnProducts unused = new OwnProducts("the engine");
    assertEquals(before, workers(), "no thread before the first product");
    unused.close();
    OwnProducts products = new OwnProducts("the engine");
    DenseProduct product = products.product(2);
    products.close();
    products.close();
    Set<Thread> after = workers();
    after.removeAll(before);
    assertEquals(Set.of(), after);
    EngineClosedException refusal =
        assertThrows(
            EngineClosedException.class,
            () -> product.addTimesTransposed(x, w, LayerSamples.zeros(70, 200)));
    assertFalse(String.valueOf(refusal.getMessage()).contains("CPU"));
    assertThrows(EngineClosedException.class, () -> products.product(1));
  }

  private static Set<Thread> workers() {
    Set<Thread> found = new HashSet<>(Thread.getAllStackTraces().keySet());
    found.removeIf(thread -> !thread.getName().startsWith("fourierft-cpu"));
    return found;
  }
}
