package io.fourierft.benchmarks.gpu;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.OperatorPath;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import java.util.List;

/**
 * Calls every operation on small matrices before anything is measured, until the JVM has compiled
 * what enqueues: for some ten thousands of calls it goes on profiling, at twenty times the cost.
 */
final class WarmUp {
  private static final double MOST_SECONDS = 3;

  /** Times what each case is measured, so that a dry run stays short. */
  private static final double SHARE = 20;

  private static final int CALLS_BETWEEN_WAITS = 50;
  private static final int SIZE = 64;
  private static final int FREQUENCIES = 32;

  private WarmUp() {}

  static void run(Bench bench) {
    CudaFourierEngine engine = bench.engine();
    double seconds = Math.min(MOST_SECONDS, SHARE * bench.cases().seconds());
    FourierAdapter adapter =
        FourierAdapter.of(
            SpectralLocations.of(SIZE, SIZE, FREQUENCIES, 777), new float[FREQUENCIES], 150);
    AdapterRouting routing = AdapterRouting.all(adapter);
    try (DeviceBuffer x = engine.newBuffer(ElementType.F32, 1, SIZE);
        DeviceBuffer y = engine.newBuffer(ElementType.F32, 1, SIZE);
        DeviceBuffer gx = engine.newBuffer(ElementType.F32, 1, SIZE);
        DeviceBuffer gradient = engine.newBuffer(ElementType.F32, 1, FREQUENCIES);
        DeviceBuffer weight = engine.newBuffer(ElementType.F32, SIZE, SIZE)) {
      for (DeviceBuffer each : List.of(x, y, gx, gradient, weight)) {
        engine.zero(each);
      }
      List<DeviceBuffer> gradients = List.of(gradient);
      List<FourierAdapter> adapters = List.of(adapter);
      List<DeviceBuffer> weights = List.of(weight);
      long end = System.nanoTime() + (long) (1e9 * seconds);
      while (System.nanoTime() < end) {
        for (int i = 0; i < CALLS_BETWEEN_WAITS; i++) {
          engine.apply(routing, x, y);
          engine.backward(routing, x, y, gx, gradients, OperatorPath.AUTO);
          engine.deltaWeights(adapters, weights);
          engine.addDelta(adapter, weight, WeightLayout.OUT_IN, Addition.ADD);
        }
        engine.synchronize();
      }
    }
  }
}
