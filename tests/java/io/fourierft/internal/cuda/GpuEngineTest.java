package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What only a real device shows: widths of real models, real streams, graphs and plans. */
@Tag("gpu")
class GpuEngineTest extends DeviceEngineTest {
  private static final int ROWS = 72;
  private static final int COLS = 90;
  private static final int N = 50;

  @BeforeEach
  void open() {
    engine = RealCuda.open();
  }

  @AfterEach
  void close() {
    if (engine != null) {
      engine.close();
    }
  }

  private static FourierAdapter adapter(int rows, int cols, int n, int seed) {
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, seed), floats(n, seed), 150);
  }

  @ParameterizedTest
  @CsvSource({"768,768,1000", "1021,509,700", "2048,2050,10000", "333,1024,5"})
  void widthsOfRealModelsFollowTheDefinitionOnEveryPath(int rows, int cols, int n) {
    List<FourierAdapter> adapters =
        List.of(adapter(rows, cols, n, 1), adapter(rows, cols, n / 2, 2));
    for (DensePath path : DensePath.values()) {
      if (path == DensePath.DIRECT && n > 1000) {
        continue;
      }
      List<DeviceBuffer> out = new ArrayList<>();
      try {
        for (FourierAdapter ignored : adapters) {
          DeviceBuffer buffer = engine.newBuffer(ElementType.F32, rows, cols);
          out.add(buffer);
          engine.zero(buffer);
        }
        engine.deltaWeights(adapters, out, path);
        for (int a = 0; a < 2; a++) {
          assertSampled(adapters.get(a), toHost(out.get(a)), path);
        }
      } finally {
        out.forEach(DeviceBuffer::close);
      }
    }
  }

  private static void assertSampled(FourierAdapter adapter, float[] delta, DensePath path) {
    Random places = new Random(7);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < 300; i++) {
      int p = places.nextInt(adapter.rows());
      int q = places.nextInt(adapter.cols());
      double expected = element(adapter, p, q);
      double off = delta[p * adapter.cols() + q] - expected;
      difference += off * off;
      norm += expected * expected;
    }
    double error = Math.sqrt(difference / norm);
    assertTrue(error <= 1e-6, path + " is off by " + error);
  }

  private static double element(FourierAdapter adapter, long p, long q) {
    double sum = 0;
    for (int k = 0; k < adapter.nFrequency(); k++) {
      double turn =
          (double) (adapter.locations().row(k) * p % adapter.rows()) / adapter.rows()
              + (double) (adapter.locations().col(k) * q % adapter.cols()) / adapter.cols();
      sum += adapter.coefficient(k) * Math.cos(2 * Math.PI * turn);
    }
    return sum * adapter.scaling() / ((double) adapter.rows() * adapter.cols());
  }

  @Test
  void everyStreamGetsTheSameAnswer() {
    FourierAdapter adapter = adapter(ROWS, COLS, N, 8);
    float[] expected = new float[ROWS * COLS];
    engine.deltaWeights(List.of(adapter), List.of(Matrix.of(expected, ROWS, COLS)));
    try (CudaStream own = engine.newStream();
        CudaStream borrowed = engine.streamAt(own.handle());
        CudaStream nullStream = engine.streamAt(0)) {
      for (CudaStream stream : List.of(own, borrowed, nullStream)) {
        float[] again = new float[ROWS * COLS];
        engine.on(stream).deltaWeights(List.of(adapter), List.of(Matrix.of(again, ROWS, COLS)));
        PlanRounding.assertSame(expected, again);
      }
    }
  }

  @Test
  void aRecordedStepDoesWhatTheStepDoes() {
    AdapterRouting routing = AdapterRouting.all(adapter(ROWS, COLS, N, 8));
    float[] start = floats(4 * COLS, 1);
    try (DeviceBuffer x = onDevice(start, 4, COLS);
        DeviceBuffer y = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient = onDevice(new float[N], 1, N);
        DeviceBuffer x2 = onDevice(start, 4, COLS);
        DeviceBuffer y2 = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient2 = onDevice(new float[N], 1, N)) {
      for (int i = 0; i < 4; i++) {
        step(engine, routing, x, y, gradient);
      }
      engine.synchronize();
      try (CudaGraph graph = engine.record(on -> step(on, routing, x2, y2, gradient2))) {
        for (int i = 0; i < 3; i++) {
          graph.launch();
        }
        engine.synchronize();
      }
      PlanRounding.assertSame(toHost(x), toHost(x2));
      PlanRounding.assertSame(toHost(y), toHost(y2));
      PlanRounding.assertSame(toHost(gradient), toHost(gradient2));
    }
  }

  private static void step(
      CudaFourierEngine on,
      AdapterRouting routing,
      CudaMatrix x,
      CudaMatrix y,
      CudaMatrix gradient) {
    on.apply(routing, x, y);
    on.spectrumGradient(routing, x, y, List.of(gradient));
    on.applyTransposed(routing, y, x);
  }

  @Test
  void hostMemoryInARecordingIsRefusedAndTheEngineGoesOn() {
    FourierAdapter adapter = adapter(ROWS, COLS, N, 8);
    assertThrows(FourierException.class, () -> engine.record(on -> on.deltaWeight(adapter)));
    engine.deltaWeight(adapter);
  }

  @Test
  void spectraAreTrainedOnTheDeviceAsAdamWSays() {
    FourierAdapter initial = adapter(ROWS, COLS, N, 8);
    double[] value = new double[N];
    double[] first = new double[N];
    double[] second = new double[N];
    for (int k = 0; k < N; k++) {
      value[k] = initial.coefficient(k);
    }
    try (DeviceTraining spectra =
        DeviceTraining.of(engine, List.of(initial), TrainerOptions.defaults())) {
      spectra.trainer().setLearningRate("spectra", 0.05);
      for (int t = 1; t <= 4; t++) {
        float[] gradient = floats(N, 10 * t);
        spectra.gradient(0, gradient);
        spectra.trainer().batchDone();
        for (int k = 0; k < N; k++) {
          first[k] = 0.9 * first[k] + 0.1 * gradient[k];
          second[k] = 0.999 * second[k] + 0.001 * gradient[k] * gradient[k];
          double root = Math.sqrt(second[k] / (1 - Math.pow(0.999, t))) + 1e-8;
          value[k] *= 1 - 0.05 * 0.01;
          value[k] -= 0.05 * first[k] / (1 - Math.pow(0.9, t)) / root;
        }
      }
      float[] trained = spectra.spectrum(0);
      for (int k = 0; k < N; k++) {
        assertEquals(value[k], trained[k], 2e-5, "coefficient " + k);
      }
    }
  }
}
