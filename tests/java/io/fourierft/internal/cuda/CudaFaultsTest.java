package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.DeviceLostException;
import io.fourierft.cuda.NativeCallException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every call of CUDA fails in turn: the right exception comes, nothing leaks, and the engine works
 * afterwards, or says that its device is lost.
 */
@OnEmulator
class CudaFaultsTest {
  private static final int ROWS = 12;
  private static final int COLS = 10;
  private static final int TOKENS = 5;
  private static final int OUT_OF_MEMORY = 2;
  private static final int LAUNCH_FAILED = 719;

  private final List<FourierAdapter> adapters = List.of(adapter(1), adapter(2));
  private EmulatedCuda emulator;

  @BeforeEach
  void connect() {
    emulator = EmulatedCuda.require();
    emulator.clearFaults();
  }

  private static FourierAdapter adapter(int seed) {
    Random random = new Random(seed);
    float[] spectrum = new float[20];
    for (int k = 0; k < spectrum.length; k++) {
      spectrum[k] = (float) random.nextGaussian();
    }
    return FourierAdapter.of(SpectralLocations.of(ROWS, COLS, 20, seed), spectrum, 150);
  }

  /** A little of everything; what it computes is returned. */
  private float[] work(CudaFourierEngine engine) {
    float[] result = new float[5 * ROWS * COLS + TOKENS * ROWS + 40];
    int at = 0;
    for (DensePath path :
        new DensePath[] {
          DensePath.REFERENCE, DensePath.FOLDED, DensePath.PRUNED, DensePath.DIRECT
        }) {
      engine.deltaWeights(
          List.of(adapters.get(0)), List.of(Matrix.of(result, at, ROWS, COLS, COLS)), path);
      at += ROWS * COLS;
    }
    engine.addDelta(
        adapters.get(1), Matrix.of(result, 0, ROWS, COLS, COLS), WeightLayout.OUT_IN, Addition.ADD);
    engine.addDeltaReporting(
        adapters.get(1),
        Matrix.of(result, 0, ROWS, COLS, COLS),
        WeightLayout.OUT_IN,
        Addition.SUBTRACT);
    float[] x = new float[TOKENS * COLS];
    float[] g = new float[TOKENS * ROWS];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 7 - 3;
    }
    for (int i = 0; i < g.length; i++) {
      g[i] = i % 5 - 2;
    }
    AdapterRouting routing = AdapterRouting.perToken(adapters, new int[] {0, 1, -1, 1, 0});
    engine.apply(routing, Matrix.of(x, TOKENS, COLS), Matrix.of(result, at, TOKENS, ROWS, ROWS));
    at += TOKENS * ROWS;
    engine.spectrumGradient(
        routing,
        Matrix.of(x, TOKENS, COLS),
        Matrix.of(g, TOKENS, ROWS),
        List.of(Matrix.of(result, at, 1, 20, 20), Matrix.of(result, at + 20, 1, 20, 20)));
    at += 40;
    addInPlace(engine, Matrix.of(result, at, ROWS, COLS, COLS));
    trainOnTheDevice(engine, x, g);
    return result;
  }

  /** Adds to a device matrix whose rows stand apart, as weights of another user may. */
  private void addInPlace(CudaFourierEngine engine, HostMatrix weight) {
    try (DeviceBuffer memory = engine.newBuffer(ElementType.F32, ROWS, COLS + 3)) {
      CudaMatrix inner = engine.matrixAt(memory.pointer(), ElementType.F32, ROWS, COLS, COLS + 3);
      engine.zero(inner);
      engine.upload(weight, inner);
      engine.addDelta(adapters.get(0), inner, WeightLayout.OUT_IN, Addition.ADD);
      engine.download(inner, weight);
    }
  }

  private void trainOnTheDevice(CudaFourierEngine engine, float[] x, float[] g) {
    try (DeviceTraining spectra = DeviceTraining.of(engine, adapters);
        DeviceBuffer input = engine.newBuffer(ElementType.F32, TOKENS, COLS);
        DeviceBuffer upstream = engine.newBuffer(ElementType.F32, TOKENS, ROWS)) {
      engine.upload(Matrix.of(x, TOKENS, COLS), input);
      engine.upload(Matrix.of(g, TOKENS, ROWS), upstream);
      List<Matrix> gradients = spectra.gradients();
      AdapterRouting routing = AdapterRouting.all(spectra.adapters());
      try (CudaGraph graph =
          engine.record(on -> on.spectrumGradient(routing, input, upstream, gradients))) {
        graph.launch();
      }
      spectra.trainer().batchDone();
      spectra.spectrum(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "alloc, 2",
    "pinned, 2",
    "launch, 701",
    "copy, 1",
    "memset, 1",
    "cuMemcpy2DAsync_v2, 1",
    "cuMemsetD2D8Async, 1",
    "plan, 5",
    "plan, 2",
    "exec, 6",
    "sync, 999",
    "cuEventCreate, 2",
    "cuEventRecord, 400",
    "cuStreamCreate, 2",
    "cuModuleLoadData, 209",
    "cuModuleLoadData, 222",
    "cuModuleGetFunction, 500",
    "cuDevicePrimaryCtxRetain, 2",
    "cuStreamBeginCapture_v2, 900",
    "cuStreamEndCapture, 901",
    "cuGraphInstantiateWithFlags, 2",
    "cuGraphLaunch, 1"
  })
  void anyCallMayFail(String group, int code) {
    float[] expected;
    emulator.resetCalls();
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      expected = work(engine);
    }
    long calls = emulator.calls(group);
    assertTrue(calls > 0, group + " is never called");
    int failures = 0;
    for (long nth = 1; nth <= calls; nth++) {
      emulator.fail(group, nth, code);
      failures += failAndRecover(expected, group + " " + nth + " of " + calls);
    }
    assertTrue(failures > 0 || code == OUT_OF_MEMORY, "no failure of " + group + " was noticed");
  }

  /** Returns 1 if the work failed, 0 if the engine got over the fault by itself. */
  private int failAndRecover(float[] expected, String where) {
    boolean failed = false;
    CudaFourierEngine engine;
    try {
      engine = EmulatedCuda.open(0);
    } catch (FourierException e) {
      assertTrue(!String.valueOf(e.getMessage()).isEmpty());
      emulator.assertNothingLeft();
      return 1;
    }
    try (engine) {
      try {
        work(engine);
      } catch (NativeCallException e) {
        failed = true;
        assertTrue(String.valueOf(e.getMessage()).contains("failed with"), where);
      } catch (FourierException e) {
        failed = true;
      }
      emulator.clearFaults();
      assertArrayEquals(expected, work(engine), where);
    }
    try {
      emulator.assertNothingLeft();
    } catch (AssertionError e) {
      throw new AssertionError(where + ": " + e.getMessage(), e);
    }
    return failed ? 1 : 0;
  }

  @ParameterizedTest
  @CsvSource({"launch", "copy", "exec", "memset"})
  void aStickyErrorLosesTheEngine(String group) {
    emulator.resetCalls();
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      work(engine);
    }
    long calls = emulator.calls(group);
    for (long nth = 2; nth <= calls; nth += 3) {
      CudaFourierEngine engine = EmulatedCuda.open(0);
      emulator.fail(group.equals("exec") ? "launch" : group, Math.min(nth, 3), LAUNCH_FAILED);
      CudaException failure = assertThrows(CudaException.class, () -> work(engine));
      assertTrue(failure.isSticky());
      assertEquals("CUDA_ERROR_LAUNCH_FAILED", failure.codeName());
      DeviceLostException lost = assertThrows(DeviceLostException.class, () -> work(engine));
      assertTrue(String.valueOf(lost.getMessage()).contains("cuda:0 is lost"), lost.getMessage());
      assertThrows(DeviceLostException.class, () -> engine.newBuffer(ElementType.F32, 1, 1));
      engine.close();
      assertThrows(EngineClosedException.class, () -> work(engine));
      emulator.clearFaults();
      emulator.assertNothingLeft();
    }
  }

  @Test
  void aFailureThatTheDeviceFindsLaterIsReportedByALaterCall() {
    CudaFourierEngine engine = EmulatedCuda.open(0);
    emulator.failOperation(2, 700);
    CudaException failure = assertThrows(CudaException.class, () -> work(engine));
    assertEquals(700, failure.code());
    assertThrows(DeviceLostException.class, () -> work(engine));
    engine.close();
    emulator.assertNothingLeft();
  }

  @Test
  void aLostDeviceIsSaidToBeLostAndOtherDevicesGoOn() {
    CudaFourierEngine engine = EmulatedCuda.open(0);
    try (CudaFourierEngine other = EmulatedCuda.open(1)) {
      final float[] expected = work(other);
      emulator.loseDevice(0, 999 - 280);
      assertThrows(CudaException.class, () -> work(engine));
      assertThrows(DeviceLostException.class, () -> work(engine));
      assertArrayEquals(expected, work(other));
    }
    engine.close();
    emulator.assertNothingLeft();
  }

  @Test
  void aDeviceWithoutRoomSaysHowMuchWasNeededAndFree() {
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      emulator.setMemory(0, 1 << 20);
      FourierAdapter large =
          FourierAdapter.of(SpectralLocations.of(600, 600, 9, 1), new float[9], 1);
      float[] out = new float[600 * 600];
      CudaOutOfMemoryException failure =
          assertThrows(
              CudaOutOfMemoryException.class,
              () ->
                  engine.deltaWeights(
                      List.of(large), List.of(Matrix.of(out, 600, 600)), DensePath.REFERENCE));
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.contains("one delta of 600 x 600 on the REFERENCE path"), message);
      assertTrue(message.contains("needs 4320000 bytes on cuda:0"), message);
      assertTrue(message.contains("free"), message);
      emulator.setMemory(0, 0);
      engine.deltaWeights(List.of(large), List.of(Matrix.of(out, 600, 600)), DensePath.REFERENCE);
    } finally {
      emulator.setMemory(0, 0);
    }
  }
}
