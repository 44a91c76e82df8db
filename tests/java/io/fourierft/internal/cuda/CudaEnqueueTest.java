package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What it takes to enqueue an operation on device memory that came before. */
@OnEmulator
final class CudaEnqueueTest {
  private static final int ROWS = 12;
  private static final int COLS = 10;
  private static final int TOKENS = 3;
  private static final int N = 5;
  private static final int CALLS = 50;
  private static final int MOST_ROUNDS = 200;

  /** The context on and off, the question for a foreign recording, the event of the last use. */
  private static final int AROUND = 4;

  private final FourierAdapter adapter =
      FourierAdapter.of(SpectralLocations.of(ROWS, COLS, N, 1), new float[N], 1);
  private final AdapterRouting routing = AdapterRouting.all(adapter);
  private final List<FourierAdapter> adapters = List.of(adapter);
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private EmulatedCuda emulator;
  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    buffers.forEach(DeviceBuffer::close);
    engine.close();
  }

  private DeviceBuffer zeros(int rows, int cols) {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, rows, cols);
    buffers.add(buffer);
    engine.zero(buffer);
    return buffer;
  }

  /** Native calls of one operation, and bytes of the heap; the first may take more of both. */
  private void require(String what, int nativeCalls, long mostBytes, Runnable operation) {
    operation.run();
    operation.run();
    emulator.resetCalls();
    operation.run();
    assertEquals(nativeCalls, emulator.calls("any"), what + ": native calls");
    assertEquals(0, emulator.calls("sync"), what + ": calls that wait");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = Long.MAX_VALUE;
    for (int round = 0; round < MOST_ROUNDS && bytes > mostBytes; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        operation.run();
      }
      bytes = (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
    }
    assertTrue(bytes <= mostBytes, what + " allocates " + bytes + " bytes a call");
  }

  @Test
  void operatorsAreOneLaunchAndWhatIsAroundIt() {
    Matrix x = zeros(TOKENS, COLS);
    Matrix y = zeros(TOKENS, ROWS);
    Matrix gx = zeros(TOKENS, COLS);
    List<Matrix> gradients = List.of(zeros(1, N));
    require("forward", AROUND + 1, 1200, () -> engine.apply(routing, x, y));
    require("transposed", AROUND + 1, 1200, () -> engine.applyTransposed(routing, y, gx));
    require(
        "backward",
        AROUND + 2,
        2000,
        () -> engine.backward(routing, x, y, gx, gradients, OperatorPath.AUTO));
    require("gradient", AROUND + 2, 2000, () -> engine.spectrumGradient(routing, x, y, gradients));
    emulator.assertNoMisuse();
  }

  @Test
  void deltasAreOneLaunchAndWhatIsAroundIt() {
    Matrix weight = zeros(ROWS, COLS);
    List<Matrix> out = List.of(weight);
    require(
        "merge",
        AROUND + 1,
        3000,
        () -> engine.addDelta(adapter, weight, WeightLayout.OUT_IN, Addition.ADD));
    require("delta", AROUND + 1, 3200, () -> engine.deltaWeights(adapters, out, DensePath.FUSED));
    emulator.assertNoMisuse();
  }

  /** The product pins nothing, so that it needs no event. */
  @Test
  void aLayersPassIsItsProductAndItsOperator() {
    Matrix x = zeros(TOKENS, COLS);
    Matrix y = zeros(TOKENS, ROWS);
    try (FourierLinear layer =
        new FourierLinear(engine, zeros(ROWS, COLS), null, FourierLinearOptions.defaults())) {
      layer.addAdapter("default", adapter);
      require("layer", AROUND + AROUND + 1, 2200, () -> layer.forward(x, y));
    }
    emulator.assertNoMisuse();
  }
}
