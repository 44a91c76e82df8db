package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.DeviceBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A step of training on the device never waits for the device once the first was made. */
@OnEmulator
class TrainingStepTest {
  private static final int ROWS = 22;
  private static final int COLS = 18;
  private static final int TOKENS = 6;
  private static final int N = 25;
  private static final int STEPS = 40;

  private EmulatedCuda emulator;
  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    emulator.setDelay(0);
    engine.close();
    emulator.assertNothingLeft();
  }

  private static FourierAdapter adapter() {
    return FourierAdapter.of(SpectralLocations.of(ROWS, COLS, N, 1), floats(N, 1), 40);
  }

  private static float[] floats(int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** What a step works on. */
  private final class Step implements AutoCloseable {
    final DeviceTraining spectra = DeviceTraining.of(engine, List.of(adapter()));
    final AdapterRouting routing = AdapterRouting.all(spectra.adapters());
    final DeviceBuffer x = engine.newBuffer(ElementType.F32, TOKENS, COLS);
    final DeviceBuffer y = engine.newBuffer(ElementType.F32, TOKENS, ROWS);
    final DeviceBuffer g = engine.newBuffer(ElementType.F32, TOKENS, ROWS);
    final TokenSpectrum keptX = engine.newTokenSpectrum(TOKENS, COLS);
    final TokenSpectrum keptG = engine.newTokenSpectrum(TOKENS, ROWS);

    Step() {
      engine.upload(Matrix.of(floats(TOKENS * COLS, 2), TOKENS, COLS), x);
      engine.upload(Matrix.of(floats(TOKENS * ROWS, 3), TOKENS, ROWS), g);
      engine.zero(y);
    }

    void enqueue(CudaFourierEngine on) {
      on.transform(x, keptX);
      on.apply(routing, keptX, y);
      on.transform(g, keptG);
      on.spectrumGradient(routing, keptX, keptG, spectra.gradients());
      spectra.trainer().applyStep(on);
    }

    @Override
    public void close() {
      List.of(x, y, g).forEach(DeviceBuffer::close);
      keptX.close();
      keptG.close();
      spectra.close();
    }
  }

  private void requireNoWaiting(Runnable step) {
    emulator.setDelay(100);
    emulator.resetCalls();
    for (int i = 1; i < STEPS; i++) {
      step.run();
    }
    assertEquals(0, emulator.calls("sync"), "calls that wait for the device");
    assertEquals(0, emulator.calls("alloc"), "allocations");
    assertEquals(0, emulator.calls("pinned"), "pinned allocations");
    assertEquals(0, emulator.calls("plan"), "plans made");
    assertEquals(0, emulator.calls("cuMemFree_v2"), "frees, which wait too");
    // Settings go there at every step; progress comes back while there is room for it.
    assertTrue(emulator.calls("copy") > STEPS - 1, "progress is fetched");
    assertTrue(emulator.calls("copy") <= 2 * (STEPS - 1), "copies beside settings and progress");
    assertEquals(STEPS - 1, emulator.calls("cuMemcpyHtoDAsync_v2"), "copies that wait");
    emulator.setDelay(0);
  }

  @Test
  void neitherAStepNorARecordedOneWaits() {
    float[] enqueued;
    try (Step step = new Step()) {
      step.spectra.trainer().prepareStep();
      step.enqueue(engine);
      requireNoWaiting(
          () -> {
            step.spectra.trainer().prepareStep();
            step.enqueue(engine);
          });
      enqueued = step.spectra.spectrum(0);
    }
    try (Step step = new Step()) {
      step.spectra.trainer().prepareStep();
      // Recording runs the step once.
      try (CudaGraph graph = engine.record(step::enqueue)) {
        requireNoWaiting(
            () -> {
              step.spectra.trainer().prepareStep();
              graph.launch();
            });
        assertArrayEquals(enqueued, step.spectra.spectrum(0));
      }
    }
  }
}
