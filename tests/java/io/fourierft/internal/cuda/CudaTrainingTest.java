package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.cuda.AdamWStep;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.TrainableSpectra;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Steps of training that stay on the device, recorded or not, on the emulated driver. */
class CudaTrainingTest extends EmulatedEngineTest {
  @Test
  void aStepOnTheDeviceDoesNotWaitForTheDevice() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    AdapterRouting routing = AdapterRouting.all(adapter);
    try (DeviceBuffer x = onDevice(floats(4 * COLS, 1), 4, COLS);
        DeviceBuffer y = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient = onDevice(new float[25], 1, 25)) {
      step(engine, routing, x, y, gradient);
      engine.synchronize();
      emulator.resetCalls();
      step(engine, routing, x, y, gradient);
      assertEquals(0, emulator.calls("sync"));
      assertEquals(0, emulator.calls("alloc"));
      assertEquals(0, emulator.calls("copy"));
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
  void aRecordedStepDoesWhatTheStepDoes() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    AdapterRouting routing = AdapterRouting.all(adapter);
    float[] start = floats(4 * COLS, 1);
    try (DeviceBuffer x = onDevice(start, 4, COLS);
        DeviceBuffer y = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient = onDevice(new float[25], 1, 25);
        DeviceBuffer x2 = onDevice(start, 4, COLS);
        DeviceBuffer y2 = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient2 = onDevice(new float[25], 1, 25)) {
      for (int i = 0; i < 4; i++) {
        step(engine, routing, x, y, gradient);
      }
      try (CudaGraph graph = engine.record(on -> step(on, routing, x2, y2, gradient2))) {
        emulator.resetCalls();
        for (int i = 0; i < 3; i++) {
          graph.launch();
        }
        assertEquals(0, emulator.calls("launch"));
        assertEquals(0, emulator.calls("sync"));
      }
      assertArrayEquals(toHost(x), toHost(x2));
      assertArrayEquals(toHost(y), toHost(y2));
      assertArrayEquals(toHost(gradient), toHost(gradient2));
    }
  }

  @Test
  void hostMemoryInARecordingIsRefusedAndTheEngineGoesOn() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    FourierException refusal =
        assertThrows(FourierException.class, () -> engine.record(on -> on.deltaWeight(adapter)));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("host memory cannot take part"),
        refusal.getMessage());
    engine.deltaWeight(adapter);
  }

  @Test
  void spectraAreTrainedOnTheDeviceAsAdamWSays() {
    List<FourierAdapter> initial = List.of(adapter(ROWS, COLS, 25, 8), adapter(ROWS, COLS, 300, 9));
    AdamWStep parameters = new AdamWStep(0.05f, 0.9f, 0.99f, 1e-6f, 0.1f, 2f);
    try (TrainableSpectra spectra = engine.newTrainableSpectra(initial)) {
      double[][] value = new double[2][];
      double[][] first = new double[2][];
      double[][] second = new double[2][];
      for (int a = 0; a < 2; a++) {
        int n = initial.get(a).nFrequency();
        value[a] = new double[n];
        first[a] = new double[n];
        second[a] = new double[n];
        for (int k = 0; k < n; k++) {
          value[a][k] = initial.get(a).coefficient(k);
        }
      }
      for (int t = 1; t <= 4; t++) {
        float[][] gradient = {floats(25, 10 * t), floats(300, 10 * t + 1)};
        for (int a = 0; a < 2; a++) {
          engine.upload(Matrix.of(gradient[a], 1, gradient[a].length), spectra.gradient(a));
        }
        spectra.step(parameters);
        reference(parameters, t, gradient, value, first, second);
      }
      assertEquals(4, spectra.steps());
      for (int a = 0; a < 2; a++) {
        FourierAdapter trained = spectra.snapshot(a);
        for (int k = 0; k < value[a].length; k++) {
          assertEquals(value[a][k], trained.coefficient(k), 2e-5, "adapter " + a + ", " + k);
        }
        // The engine computes with the trained coefficients where the stand-in occurs.
        assertArrayEquals(
            floatsOf(engine.deltaWeight(trained)),
            floatsOf(engine.deltaWeight(spectra.adapters().get(a))),
            1e-5f);
      }
      spectra.zeroGradients();
      assertArrayEquals(new float[25], toHost(spectra.gradient(0)));
    }
  }

  /** torch.optim.AdamW after torch.nn.utils.clip_grad_norm_, in double. */
  private static void reference(
      AdamWStep with,
      int t,
      float[][] gradient,
      double[][] value,
      double[][] first,
      double[][] second) {
    double squares = 0;
    for (float[] each : gradient) {
      for (float g : each) {
        squares += (double) g * g;
      }
    }
    double clip = Math.min(1, with.maxNorm() / (Math.sqrt(squares) + 1e-6));
    for (int a = 0; a < value.length; a++) {
      for (int k = 0; k < value[a].length; k++) {
        double g = gradient[a][k] * clip;
        value[a][k] *= 1 - with.learningRate() * with.weightDecay();
        first[a][k] = with.beta1() * first[a][k] + (1 - with.beta1()) * g;
        second[a][k] = with.beta2() * second[a][k] + (1 - with.beta2()) * g * g;
        double firstHat = first[a][k] / (1 - Math.pow(with.beta1(), t));
        double secondHat = second[a][k] / (1 - Math.pow(with.beta2(), t));
        value[a][k] -= with.learningRate() * firstHat / (Math.sqrt(secondHat) + with.epsilon());
      }
    }
  }

  @Test
  void aRecordedTrainingStepCanBeLaunchedWithNewParameters() {
    FourierAdapter initial = adapter(ROWS, COLS, 25, 8);
    try (TrainableSpectra recorded = engine.newTrainableSpectra(List.of(initial));
        TrainableSpectra plain = engine.newTrainableSpectra(List.of(initial))) {
      float[] gradient = floats(25, 3);
      engine.upload(Matrix.of(gradient, 1, 25), recorded.gradient(0));
      engine.upload(Matrix.of(gradient, 1, 25), plain.gradient(0));
      recorded.prepareStep(AdamWStep.of(0.1f));
      try (CudaGraph graph = engine.record(on -> recorded.on(on).applyStep())) {
        for (int t = 2; t <= 3; t++) {
          recorded.prepareStep(AdamWStep.of(0.1f / t));
          graph.launch();
        }
      }
      for (int t = 1; t <= 3; t++) {
        plain.step(AdamWStep.of(0.1f / t));
      }
      assertArrayEquals(plain.snapshot(0).spectrum(), recorded.snapshot(0).spectrum());
    }
  }
}
