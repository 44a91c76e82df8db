package io.fourierft.internal.cuda;

import static io.fourierft.internal.cuda.FaultNetOperations.ADAPTERS;
import static io.fourierft.internal.cuda.FaultNetOperations.COLS;
import static io.fourierft.internal.cuda.FaultNetOperations.G;
import static io.fourierft.internal.cuda.FaultNetOperations.ROWS;
import static io.fourierft.internal.cuda.FaultNetOperations.TOKENS;
import static io.fourierft.internal.cuda.FaultNetOperations.X;
import static io.fourierft.internal.cuda.FaultNetOperations.numbers;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.DeviceLostException;
import io.fourierft.internal.cuda.FaultNetOperations.Operation;
import io.fourierft.internal.cuda.FaultNetOperations.Output;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every native call of every operation fails with every kind of code in turn. Afterwards each
 * element of the output is as it was or as it should be, nothing else; a call that returns has done
 * all of it; and no plan, stream or graph is left behind.
 */
@OnEmulator
class CudaFaultNetTest {
  /** Invalid value, out of memory (cuFFT's too), unknown. */
  private static final int[] CODES = {1, 2, 999};

  private static final int LAUNCH_FAILED = 719;

  private static final String[] KINDS = {"plan", "blas", "stream", "graph", "graph_exec", "pinned"};

  private EmulatedCuda emulator;

  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    emulator.clearFaults();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    emulator.clearFaults();
    engine.close();
  }

  /** Runs an operation on a stream that has no plans, tables and scratch memory yet. */
  private float[] run(Operation operation, boolean onDevice, Runnable armed) {
    float[] values = numbers(11, operation.elements);
    FourierException failure = null;
    DeviceBuffer buffer =
        onDevice ? engine.newBuffer(ElementType.F32, 1, operation.elements) : null;
    try {
      if (buffer != null) {
        engine.upload(Matrix.of(values, 1, operation.elements), buffer);
        engine.synchronize();
      }
      armed.run();
      operation.run(engine, new Output(engine, values, buffer));
      engine.synchronize();
    } catch (FourierException e) {
      failure = e;
    } finally {
      failed = failure;
      emulator.clearFaults();
    }
    try {
      WorkStream stream = ((EngineStream) engine.stream()).work();
      stream.submit(stream::trim);
      if (buffer != null) {
        engine.download(buffer, Matrix.of(values, 1, operation.elements));
      }
    } finally {
      if (buffer != null) {
        buffer.close();
      }
    }
    return values;
  }

  private FourierException failed;

  @ParameterizedTest
  @EnumSource(
      value = Operation.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"PRODUCT", "PRODUCT_TRANSPOSED", "TOKEN_SUM"})
  void everyCallFailsInTurnWithOutputsOnTheHost(Operation operation) {
    failEveryCall(operation, false);
  }

  @ParameterizedTest
  @EnumSource(Operation.class)
  void everyCallFailsInTurnWithOutputsOnTheDevice(Operation operation) {
    failEveryCall(operation, true);
  }

  private void failEveryCall(Operation operation, boolean onDevice) {
    float[] before = numbers(11, operation.elements);
    final float[] right = run(operation, onDevice, () -> {});
    assertNull(failed);
    assertTrue(!Arrays.equals(before, right));
    for (int piece = 0; piece < 4; piece++) {
      run(operation, onDevice, () -> {});
    }
    long[] alive = alive();
    float[] again = run(operation, onDevice, emulator::resetCalls);
    assertArrayEquals(right, again);
    assertArrayEquals(alive, alive());
    run(operation, onDevice, emulator::resetCalls);
    // Without those of the download and of closing the buffer, which come after.
    long calls = emulator.calls("any");
    int failures = 0;
    for (long nth = 1; nth <= calls; nth++) {
      for (int code : CODES) {
        long call = nth;
        String where = operation + ", call " + call + " of " + calls + ", code " + code;
        float[] found = run(operation, onDevice, () -> emulator.fail("any", call, code));
        failures += failed == null ? 0 : 1;
        for (int i = 0; i < found.length; i++) {
          // A sum that was cut into smaller chunks may be rounded in another way.
          boolean done = Math.abs(found[i] - right[i]) <= 1e-5f * Math.abs(right[i]) + 1e-6f;
          boolean untouched =
              failed != null && (operation.overwrites || Float.compare(found[i], before[i]) == 0);
          if (!done && !untouched) {
            throw new AssertionError(
                "%s: element %d is %s, was %s and should be %s; %s"
                    .formatted(where, i, found[i], before[i], right[i], failed));
          }
        }
        assertArrayEquals(alive, alive(), where + ": " + Arrays.toString(KINDS));
      }
    }
    assertTrue(failures > calls, failures + " failures of " + calls + " calls");
    assertArrayEquals(right, run(operation, onDevice, () -> {}));
  }

  private long[] alive() {
    return Arrays.stream(KINDS).mapToLong(emulator::live).toArray();
  }

  @ParameterizedTest
  @EnumSource(Operation.class)
  void aDeviceThatIsLostAtAnyCallLeavesNothing(Operation operation) {
    boolean onDevice = !operation.takesHost;
    run(operation, onDevice, emulator::resetCalls);
    long calls = emulator.calls("any");
    for (long nth = 1; nth <= calls; nth += 3) {
      long call = nth;
      try {
        run(operation, onDevice, () -> emulator.fail("any", call, LAUNCH_FAILED));
      } catch (DeviceLostException e) {
        // Where nothing but taking the context off failed, the next call is the first to tell.
        assertTrue(failed instanceof CudaException || e.getCause() instanceof CudaException);
      }
      // A call without a context lost none; what a real device would have lost goes now.
      emulator.loseDevice(0, LAUNCH_FAILED);
      engine.close();
      emulator.assertNothingLeft();
      engine = EmulatedCuda.open(0);
    }
  }

  /** A step, and a graph of it: the coefficients are those before or those after. */
  @Test
  void aStepOfTrainingHappensWholeOrNotAtAll() {
    float[] before = ADAPTERS.get(0).spectrum();
    float[] right = step(() -> {});
    emulator.resetCalls();
    step(emulator::resetCalls);
    long calls = emulator.calls("any");
    for (long nth = 1; nth <= calls; nth++) {
      long call = nth;
      int code = CODES[(int) (nth % CODES.length)];
      float[] found = step(() -> emulator.fail("any", call, code));
      assertTrue(
          Arrays.equals(found, right) || Arrays.equals(found, before),
          "call " + call + " of " + calls + ", code " + code);
    }
  }

  private float[] step(Runnable armed) {
    try (DeviceBuffer x = engine.newBuffer(ElementType.F32, TOKENS, COLS);
        DeviceBuffer g = engine.newBuffer(ElementType.F32, TOKENS, ROWS);
        DeviceTraining spectra = DeviceTraining.of(engine, ADAPTERS)) {
      engine.upload(X, x);
      engine.upload(G, g);
      AdapterRouting routing = AdapterRouting.all(spectra.adapters());
      try (CudaStream stream = engine.newStream()) {
        CudaFourierEngine on = engine.on(stream);
        armed.run();
        try (CudaGraph graph =
            on.record(again -> again.spectrumGradient(routing, x, g, spectra.gradients()))) {
          engine.synchronize();
          spectra.trainer().clearGradients();
          engine.synchronize();
          graph.launch();
          stream.synchronize();
          spectra.trainer().batchDone();
        }
      } catch (FourierException e) {
        assertTrue(!String.valueOf(e.getMessage()).isEmpty());
      } finally {
        emulator.clearFaults();
      }
      engine.synchronize();
      return spectra.spectrum(0);
    }
  }

  /** Of six pinned pieces four have been stored when the fifth is waited for in vain. */
  @Test
  void aSumOfWhichAPartIsStoredIsNotStartedAgain() {
    int tokens = 48_000;
    int features = 128;
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(features, 4, 3, 1), new float[] {1, 2, 3}, 512);
    float[] x = numbers(1, tokens * 4);
    float[] before = new float[tokens * features];
    Arrays.fill(before, 1);
    float[] right = before.clone();
    AdapterRouting routing = AdapterRouting.all(adapter);
    emulator.resetCalls();
    engine.apply(routing, Matrix.of(x, tokens, 4), Matrix.of(right, tokens, features));
    long waits = emulator.calls("cuEventSynchronize");
    assertTrue(waits >= 6, waits + " pieces were waited for");
    float[] found = before.clone();
    emulator.fail("cuEventSynchronize", waits - 1, CudaOutOfMemoryException.CODE);
    assertThrows(
        CudaOutOfMemoryException.class,
        () -> engine.apply(routing, Matrix.of(x, tokens, 4), Matrix.of(found, tokens, features)));
    int stored = 0;
    for (int i = 0; i < found.length; i++) {
      assertTrue(found[i] == right[i] || found[i] == before[i], "element " + i);
      stored += found[i] == right[i] && found[i] != before[i] ? 1 : 0;
    }
    assertTrue(stored > 0, "nothing was stored before the failure");
  }
}
