package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DefinitionOracle;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.layer.LayerSamples;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The products of the CPU engine with SIMD kernels. */
class SimdProductTest extends DenseProductContract {
  private final FourierEngine engine =
      FourierEngine.create(
          EngineOptions.defaults().withDevice("cpu").withKernels("simd").withThreads(4));

  @AfterEach
  void close() {
    engine.close();
  }

  @Override
  DenseProduct product(int threads) {
    return engine.denseProduct(threads);
  }

  /** Long sums are added up in blocks. */
  @Test
  void errorsDoNotGrowWithTheLengthOfTheSums() {
    int length = 20_000;
    for (int tokens : new int[] {16, 30}) {
      HostMatrix x = LayerSamples.gaussian(tokens, length, 1);
      HostMatrix w = LayerSamples.gaussian(1, length, 2);
      HostMatrix y = LayerSamples.zeros(tokens, 1);
      HostMatrix back = LayerSamples.zeros(tokens, 1);
      HostMatrix turned = Matrix.of(w.data(), ElementType.F32, length, 1);
      product(2).addTimesTransposed(x, w, y);
      product(2).addTimes(x, turned, back);
      double[] exact = new double[tokens];
      for (int t = 0; t < tokens; t++) {
        for (int q = 0; q < length; q++) {
          exact[t] += (double) x.get(t, q) * w.get(0, q);
        }
      }
      assertTrue(DefinitionOracle.maximumError(LayerSamples.floats(y), exact) < 1e-6);
      assertTrue(DefinitionOracle.maximumError(LayerSamples.floats(back), exact) < 1e-6);
    }
  }

  @Test
  void closedEngineRefusesItsProducts() {
    DenseProduct product = product(1);
    HostMatrix w = LayerSamples.gaussian(5, 6, 1);
    engine.close();
    assertThrows(
        EngineClosedException.class,
        () -> product.addTimesTransposed(LayerSamples.zeros(3, 6), w, LayerSamples.zeros(3, 5)));
    assertThrows(EngineClosedException.class, () -> engine.denseProduct(1));
  }
}
