package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.DeviceMatrix;
import io.fourierft.DeviceOperations;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.DeviceLostException;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
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
  private static final int ROWS = 6;
  private static final int COLS = 10;
  private static final int TOKENS = 5;
  private static final int N = 9;

  /** Invalid value, out of memory (cuFFT's too), unknown. */
  private static final int[] CODES = {1, 2, 999};

  private static final int LAUNCH_FAILED = 719;

  private static final String[] KINDS = {"plan", "blas", "stream", "graph", "graph_exec", "pinned"};

  private static final List<FourierAdapter> ADAPTERS = List.of(adapter(1), adapter(2));
  private static final AdapterRouting ROUTING =
      AdapterRouting.perToken(ADAPTERS, new int[] {0, 1, -1, 1, 0});
  private static final HostMatrix X = Matrix.of(numbers(3, TOKENS * COLS), TOKENS, COLS);
  private static final HostMatrix G = Matrix.of(numbers(4, TOKENS * ROWS), TOKENS, ROWS);
  private static final HostMatrix H = Matrix.of(numbers(5, ROWS * COLS), ROWS, COLS);

  private EmulatedCuda emulator;
  private CudaFourierEngine engine;

  private static FourierAdapter adapter(int seed) {
    return FourierAdapter.of(SpectralLocations.of(ROWS, COLS, N, seed), numbers(seed, N), 60);
  }

  private static float[] numbers(int seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

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

  /** What is done, on outputs that hold some numbers before. */
  private enum Operation {
    REFERENCE(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.deltaWeights(
            List.of(ADAPTERS.get(0)), List.of(out.matrix(ROWS, COLS)), DensePath.REFERENCE);
      }
    },
    FOLDED(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.deltaWeights(
            List.of(ADAPTERS.get(0)), List.of(out.matrix(ROWS, COLS)), DensePath.FOLDED);
      }
    },
    PRUNED(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.deltaWeights(
            List.of(ADAPTERS.get(0)), List.of(out.matrix(ROWS, COLS)), DensePath.PRUNED);
      }
    },
    DIRECT(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.deltaWeights(
            List.of(ADAPTERS.get(0)), List.of(out.matrix(ROWS, COLS)), DensePath.DIRECT);
      }
    },
    ADD(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.addDelta(ADAPTERS.get(0), out.matrix(ROWS, COLS), WeightLayout.OUT_IN, Addition.ADD);
      }
    },
    ADD_AND_REPORT(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.addDeltaReporting(
            ADAPTERS.get(0), out.matrix(COLS, ROWS), WeightLayout.IN_OUT, Addition.SUBTRACT);
      }
    },
    APPLY(TOKENS * ROWS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.apply(ROUTING, X, out.matrix(TOKENS, ROWS));
      }
    },
    APPLY_STAGED(TOKENS * ROWS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.apply(ROUTING, X, out.matrix(TOKENS, ROWS), OperatorPath.STAGED);
      }
    },
    APPLY_TRANSPOSED(TOKENS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.applyTransposed(ROUTING, G, out.matrix(TOKENS, COLS));
      }
    },
    APPLY_KEPT(TOKENS * ROWS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        try (TokenSpectrum kept = on.newTokenSpectrum(TOKENS, COLS)) {
          on.transform(X, kept);
          on.apply(ROUTING, kept, out.matrix(TOKENS, ROWS));
          on.synchronize();
        }
      }
    },
    GRADIENT(2 * N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.spectrumGradient(ROUTING, X, G, List.of(out.part(0, N), out.part(N, N)));
      }
    },
    BACKWARD(TOKENS * COLS + 2 * N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        backward(on, out, OperatorPath.FUSED);
      }
    },
    BACKWARD_STAGED(TOKENS * COLS + 2 * N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        backward(on, out, OperatorPath.STAGED);
      }
    },
    DENSE_GRADIENT(N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.spectrumGradientFromDelta(ADAPTERS.get(0), H, out.matrix(1, N));
      }
    },
    PRODUCT(TOKENS * ROWS, true) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        DeviceOperations device = on.deviceOperations();
        try (DeviceMatrix.Owned x = device.copyOf(X);
            DeviceMatrix.Owned weight = device.copyOf(H);
            DeviceMatrix.Owned bias = device.copyOf(G.slice(0, 1))) {
          Matrix y = out.matrix(TOKENS, ROWS);
          device.multiply(x, weight, WeightLayout.OUT_IN, bias, y);
          on.synchronize();
        }
      }
    },
    PRODUCT_TRANSPOSED(TOKENS * COLS, false) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        DeviceOperations device = on.deviceOperations();
        try (DeviceMatrix.Owned g = device.copyOf(G);
            DeviceMatrix.Owned weight = device.copyOf(H)) {
          Matrix gx = out.matrix(TOKENS, COLS);
          device.multiplyTransposed(g, weight, WeightLayout.OUT_IN, gx, true);
          on.synchronize();
        }
      }
    },
    TOKEN_SUM(ROWS, false) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        DeviceOperations device = on.deviceOperations();
        try (DeviceMatrix.Owned g = device.copyOf(G)) {
          device.addTokenSum(g, out.matrix(1, ROWS));
          on.synchronize();
        }
      }
    };

    final int elements;

    /** Whether its output may lie on the host. */
    final boolean takesHost;

    /** Whether a failure may leave an output, which is not added to, with anything in it. */
    final boolean overwrites;

    Operation(int elements) {
      this.elements = elements;
      this.takesHost = true;
      this.overwrites = false;
    }

    /** On the device alone. */
    Operation(int elements, boolean overwrites) {
      this.elements = elements;
      this.takesHost = false;
      this.overwrites = overwrites;
    }

    abstract void run(CudaFourierEngine on, Output out);

    /** To gx, and behind it the two gradients. */
    private static void backward(CudaFourierEngine on, Output out, OperatorPath path) {
      int gx = TOKENS * COLS;
      List<Matrix> gradients = List.of(out.part(gx, N), out.part(gx + N, N));
      on.backward(ROUTING, X, G, out.part(0, TOKENS, COLS), gradients, path);
    }
  }

  /** Where an operation writes: on the host, or on the device. */
  private record Output(float[] host, DeviceBuffer device) {
    Matrix matrix(int rows, int cols) {
      return device == null ? Matrix.of(host, rows, cols) : view(0, rows, cols);
    }

    Matrix part(int first, int count) {
      return part(first, 1, count);
    }

    Matrix part(int first, int rows, int cols) {
      return device == null ? Matrix.of(host, first, rows, cols, cols) : view(first, rows, cols);
    }

    private Matrix view(int first, int rows, int cols) {
      return ENGINE
          .get()
          .matrixAt(device.pointer() + 4L * first, ElementType.F32, rows, cols, cols);
    }
  }

  private static final ThreadLocal<CudaFourierEngine> ENGINE = new ThreadLocal<>();

  /** Runs an operation on a stream that has no plans, tables and scratch memory yet. */
  private float[] run(Operation operation, boolean onDevice, Runnable armed) {
    float[] values = numbers(11, operation.elements);
    ENGINE.set(engine);
    FourierException failure = null;
    DeviceBuffer buffer =
        onDevice ? engine.newBuffer(ElementType.F32, 1, operation.elements) : null;
    try {
      if (buffer != null) {
        engine.upload(Matrix.of(values, 1, operation.elements), buffer);
        engine.synchronize();
      }
      armed.run();
      operation.run(engine, new Output(values, buffer));
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
