package io.fourierft.internal.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.DenseProduct;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What the kernels allocate once they are compiled. Until then every vector is an object, so the
 * test repeats the call until it allocates nothing, and fails where it never comes to that.
 */
final class SimdAllocationTest {
  private static final int ROWS = 96;
  private static final int COLS = 80;
  private static final int TOKENS = 16;
  private static final int MOST_ROUNDS = 20_000;
  private static final int CALLS = 50;

  /**
   * The views of memory that the engine makes for a call; a single vector register would exceed it.
   */
  private static final long MOST_BYTES = 2048;

  private final FourierAdapter adapter =
      FourierAdapter.of(SpectralLocations.of(ROWS, COLS, 60, 1), new float[60], 1);

  @Test
  void aDeltaIntoGivenMemoryAllocatesNothing() {
    HostMatrix out = Matrix.of(new float[ROWS * COLS], ROWS, COLS);
    List<FourierAdapter> adapters = List.of(adapter);
    List<HostMatrix> outs = List.of(out);
    try (FourierEngine engine = open()) {
      requireNone("pruned", () -> engine.deltaWeights(adapters, outs, DensePath.PRUNED));
      requireNone("direct", () -> engine.deltaWeights(adapters, outs, DensePath.DIRECT));
    }
  }

  @Test
  void theOperatorAllocatesNothing() {
    AdapterRouting routing = AdapterRouting.all(adapter);
    HostMatrix x = Matrix.of(new float[TOKENS * COLS], TOKENS, COLS);
    HostMatrix y = Matrix.of(new float[TOKENS * ROWS], TOKENS, ROWS);
    HostMatrix single = Matrix.of(new float[COLS], 1, COLS);
    HostMatrix result = Matrix.of(new float[ROWS], 1, ROWS);
    List<HostMatrix> gradients = List.of(Matrix.of(new float[60], 1, 60));
    try (FourierEngine engine = open()) {
      requireNone("tokens", () -> engine.apply(routing, x, y));
      requireNone("one token", () -> engine.apply(routing, single, result));
      requireNone("gradient", () -> engine.spectrumGradient(routing, x, y, gradients));
    }
  }

  @Test
  void theProductAllocatesNothing() {
    HostMatrix w = Matrix.of(new float[ROWS * COLS], ROWS, COLS);
    HostMatrix x = Matrix.of(new float[TOKENS * COLS], TOKENS, COLS);
    HostMatrix y = Matrix.of(new float[TOKENS * ROWS], TOKENS, ROWS);
    HostMatrix single = Matrix.of(new float[COLS], 1, COLS);
    HostMatrix result = Matrix.of(new float[ROWS], 1, ROWS);
    try (FourierEngine engine = open()) {
      DenseProduct product = engine.denseProduct(1);
      requireNone("tokens", () -> product.addTimesTransposed(x, w, y));
      requireNone("tokens back", () -> product.addTimes(y, w, x));
      requireNone("one token", () -> product.addTimesTransposed(single, w, result));
      requireNone("one token back", () -> product.addTimes(result, w, single));
    }
  }

  private static FourierEngine open() {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(1).withKernels("simd"));
  }

  private static void requireNone(String what, Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = Long.MAX_VALUE;
    for (int round = 0; round < MOST_ROUNDS && bytes > MOST_BYTES; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      bytes = (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
    }
    assertTrue(bytes <= MOST_BYTES, what + " allocates " + bytes + " bytes a call");
  }
}
