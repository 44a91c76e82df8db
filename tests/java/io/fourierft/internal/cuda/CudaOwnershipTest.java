package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.fft.PlanKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Who owns what on a device: closed, leaked and foreign things, in every operation. */
@OnEmulator
class CudaOwnershipTest {
  private static final int ROWS = 6;
  private static final int COLS = 8;
  private static final int N = 5;

  private final FourierAdapter adapter =
      FourierAdapter.of(SpectralLocations.of(ROWS, COLS, N, 1), new float[N], 1);
  private final AdapterRouting routing = AdapterRouting.all(adapter);
  private EmulatedCuda emulator;
  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    engine.close();
    emulator.assertNothingLeft();
  }

  private static Matrix zeros(int rows, int cols) {
    return Matrix.of(new float[rows * cols], rows, cols);
  }

  /** Every operation on matrices that belong elsewhere, or are gone. */
  private List<Executable> uses(DeviceBuffer weight, DeviceBuffer gradient, TokenSpectrum kept) {
    CudaMatrix x = weight;
    return List.of(
        () -> engine.deltaWeights(List.of(adapter), List.of(weight)),
        () -> engine.addDelta(adapter, weight, WeightLayout.OUT_IN, Addition.ADD),
        () -> engine.addDeltaReporting(adapter, weight, WeightLayout.OUT_IN, Addition.ADD),
        () -> engine.transform(x, kept),
        () -> engine.apply(routing, x, zeros(ROWS, ROWS)),
        () -> engine.applyTransposed(routing, zeros(ROWS, ROWS), weight),
        () -> engine.spectrumGradient(routing, x, zeros(ROWS, ROWS), List.of(zeros(1, N))),
        () -> engine.spectrumGradient(routing, zeros(1, COLS), zeros(1, ROWS), List.of(gradient)),
        () -> engine.spectrumGradientFromDelta(adapter, weight, zeros(1, N)),
        () -> engine.upload(Matrix.of(new float[ROWS * COLS], ROWS, COLS), weight),
        () -> engine.download(weight, Matrix.of(new float[ROWS * COLS], ROWS, COLS)),
        () -> engine.zero(weight));
  }

  @Test
  void memoryOfAnotherDeviceIsRefusedByEveryOperation() {
    try (CudaFourierEngine other = EmulatedCuda.open(1);
        DeviceBuffer weight = other.newBuffer(ElementType.F32, ROWS, COLS);
        DeviceBuffer gradient = other.newBuffer(ElementType.F32, 1, N);
        TokenSpectrum kept = engine.newTokenSpectrum(ROWS, COLS)) {
      int use = 0;
      for (Executable each : uses(weight, gradient, kept)) {
        String where = "use " + use++;
        ShapeException refusal = assertThrows(ShapeException.class, each, where);
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.contains("memory of another engine, on cuda:1"), where + message);
        assertTrue(message.contains("copy it to cuda:0"), where + message);
      }
      emulator.assertNoMisuse();
    }
  }

  @Test
  void closedMemoryIsRefusedByEveryOperation() {
    DeviceBuffer weight = engine.newBuffer(ElementType.F32, ROWS, COLS);
    DeviceBuffer gradient = engine.newBuffer(ElementType.F32, 1, N);
    weight.close();
    gradient.close();
    try (TokenSpectrum kept = engine.newTokenSpectrum(ROWS, COLS)) {
      int use = 0;
      for (Executable each : uses(weight, gradient, kept)) {
        assertThrows(EngineClosedException.class, each, "use " + use++);
      }
    }
    emulator.assertNoMisuse();
  }

  @Test
  void aClosedGraphAndClosedSpectraAreRefused() {
    try (DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 2, 2)) {
      CudaGraph graph = engine.record(on -> on.zero(buffer));
      graph.close();
      graph.close();
      EngineClosedException refusal = assertThrows(EngineClosedException.class, graph::launch);
      assertTrue(String.valueOf(refusal.getMessage()).contains("graph was closed"));
    }
    DeviceTraining spectra = DeviceTraining.of(engine, List.of(adapter));
    spectra.close();
    spectra.close();
    assertThrows(FourierException.class, () -> spectra.trainer().batchDone());
    assertThrows(EngineClosedException.class, () -> spectra.gradient(0).pointer());
    assertThrows(EngineClosedException.class, () -> spectra.spectrum(0));
    DeviceBuffer last = engine.newBuffer(ElementType.F32, 2, 2);
    CudaGraph outlived = engine.record(on -> on.zero(last));
    engine.close();
    assertThrows(EngineClosedException.class, outlived::launch);
  }

  /** Which would wait for itself; the first run of the work is not recorded, and may. */
  @Test
  void workThatIsRecordedCannotCloseItsEngine() {
    try (DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 2, 2)) {
      int[] runs = {0};
      FourierException refusal =
          assertThrows(
              FourierException.class,
              () ->
                  engine.record(
                      on -> {
                        on.zero(buffer);
                        if (++runs[0] == 2) {
                          engine.close();
                        }
                      }));
      assertTrue(
          String.valueOf(refusal.getMessage()).contains("cannot close its own engine"),
          refusal.toString());
      engine.zero(buffer);
    }
    assertThrows(EngineClosedException.class, () -> engine.record(on -> engine.close()));
  }

  @Test
  void aLeakedBufferIsReclaimedWithAWarningThatNamesIt() throws InterruptedException {
    engine.synchronize();
    long before = emulator.live("memory");
    List<String> warnings = Collections.synchronizedList(new ArrayList<>());
    Handler collector =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            if (entry.getLevel().equals(Level.WARNING)) {
              warnings.add(new SimpleFormatter().formatMessage(entry));
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(DeviceBuffer.class.getName());
    logger.addHandler(collector);
    logger.setUseParentHandlers(false);
    try {
      engine.newBuffer(ElementType.F32, 2, 2).close();
      leak();
      for (int i = 0; i < 400 && (emulator.live("memory") > before || warnings.isEmpty()); i++) {
        System.gc();
        Thread.sleep(10);
      }
    } finally {
      logger.setUseParentHandlers(true);
      logger.removeHandler(collector);
    }
    assertEquals(before, emulator.live("memory"));
    assertEquals(
        List.of(
            "a device buffer was never closed: F32 matrix of 3 x 4 on cuda:0;"
                + " its memory was reclaimed"),
        warnings);
  }

  private void leak() {
    assertTrue(engine.newBuffer(ElementType.F32, 3, 4).pointer() != 0);
  }

  @Test
  void sizesBeyondIntsReachCufftWhole() {
    CudaContext context = ((CudaEngine) engine).shared().device().context();
    Cufft cufft = ((CudaEngine) engine).shared().device().cufft();
    long small = workArea(context, cufft, 66);
    long large = workArea(context, cufft, 66_000);
    assertTrue(small < 1L << 31, small + " bytes");
    assertTrue(large > 1L << 31, large + " bytes");
  }

  private static long workArea(CudaContext context, Cufft cufft, long length) {
    return context.call(
        () -> {
          int plan = cufft.create();
          try {
            cufft.setAutoAllocation(plan, false);
            PlanKey key = new PlanKey(PlanKey.Kind.HALF_TO_REAL_2D, length, length, 3);
            return cufft.makePlanMany64(plan, key.layout());
          } finally {
            cufft.destroy(plan);
          }
        });
  }
}
