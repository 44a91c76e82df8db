package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
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
}
