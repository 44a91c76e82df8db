package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.EmulatedCuda;
import io.fourierft.internal.cuda.OnEmulator;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LinearTape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A trainer whose parameters, moments and counters are on the device. */
@OnEmulator
class DeviceTrainerTest extends TrainerContract {
  private EmulatedCuda emulator;
  private CudaFourierEngine engine;
  private DeviceTrainingMemory memory;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
    memory = new DeviceTrainingMemory(engine);
  }

  @AfterEach
  void close() {
    emulator.setDelay(0);
    emulator.clearFaults();
    memory.close();
    engine.close();
    emulator.assertNothingLeft();
  }

  @Override
  protected TrainingMemory memory() {
    return memory;
  }

  @Override
  protected void settle() {
    engine.synchronize();
  }

  private static TrainerOptions everyBatch() {
    return OPTIONS.withBatchesPerStep(1).withNonFinite(NonFiniteGradients.SKIP);
  }

  @Test
  void aRecordedLoopIsTheStraightOneAndTheHostsToTheBitAlsoWhenItIsResumed() throws IOException {
    Path straight = folder.resolve("straight.safetensors");
    Path hosts = folder.resolve("hosts.safetensors");
    Path recorded = folder.resolve("recorded.safetensors");
    Path middle = folder.resolve("middle.safetensors");
    Path resumed = folder.resolve("resumed.safetensors");
    TrainingMemory host = TrainingMemory.host(engine);
    try (Trainer trainer = Trainer.of(engine, groups(memory), everyBatch());
        Trainer onHost = Trainer.of(engine, groups(host), everyBatch())) {
      run(memory, trainer, 0, 9);
      run(host, onHost, 0, 9);
      trainer.save(straight);
      onHost.save(hosts);
    }
    recordedRun(null, 0, 9, recorded);
    recordedRun(null, 0, 4, middle);
    recordedRun(middle, 4, 9, resumed);
    assertEquals(-1, Files.mismatch(hosts, straight));
    assertEquals(-1, Files.mismatch(straight, recorded));
    assertEquals(-1, Files.mismatch(straight, resumed));
  }

  private void recordedRun(Path from, int first, int end, Path to) throws IOException {
    try (Trainer trainer = Trainer.of(engine, groups(memory), everyBatch())) {
      if (from != null) {
        trainer.restore(from);
      }
      addGradients(memory, trainer, first);
      trainer.prepareStep();
      // Recording makes the first step.
      try (CudaGraph graph = engine.record(trainer::applyStep)) {
        for (int batch = first + 1; batch < end; batch++) {
          addGradients(memory, trainer, batch);
          trainer.prepareStep();
          graph.launch();
        }
        trainer.steps();
        engine.synchronize();
        assertEquals(end, trainer.steps());
        assertTrue(trainer.gradientNorm() > 0);
        trainer.save(to);
      }
    }
  }

  @Test
  void neitherStepsNorTheirFiguresWait() {
    try (Trainer trainer = Trainer.of(engine, groups(memory), everyBatch())) {
      run(memory, trainer, 0, 1);
      engine.synchronize();
      emulator.setDelay(50);
      emulator.resetCalls();
      double sum = 0;
      for (int i = 0; i < 60; i++) {
        trainer.batchDone();
        sum += trainer.gradientNorm() + trainer.steps() + trainer.skippedSteps();
      }
      assertTrue(sum > 0);
      assertEquals(0, emulator.calls("sync"), "calls that wait for the device");
      assertEquals(0, emulator.calls("alloc"), "allocations");
      assertEquals(3 * 60, emulator.calls("launch"), "launches");
      emulator.setDelay(0);
      engine.synchronize();
      // More steps than there was room to hear of: the next question asks for the rest.
      trainer.steps();
      engine.synchronize();
      assertEquals(61, trainer.steps());
      assertEquals(0, trainer.gradientNorm());
    }
  }

  @Test
  void aGraphLaunchedWithoutAPreparedStepIsFoundOut() {
    try (Trainer trainer = Trainer.of(engine, groups(memory), everyBatch())) {
      addGradients(memory, trainer, 0);
      trainer.prepareStep();
      try (CudaGraph graph = engine.record(trainer::applyStep)) {
        graph.launch();
        refuses(
            "1 steps were prepared, but 2 were made: call prepareStep() once before each launch",
            () -> trainer.save(folder.resolve("never.safetensors")));
        trainer.setSteps(2);
      }
    }
  }

  /** Each call of the driver fails once: the step was made whole, or can be made again. */
  @Test
  void aStepThatFailsHasChangedNothing() throws IOException {
    TrainerOptions options = everyBatch();
    Path right = folder.resolve("right.safetensors");
    Path found = folder.resolve("found.safetensors");
    float[] before;
    float[] after;
    try (Trainer trainer = Trainer.of(engine, groups(memory), options)) {
      run(memory, trainer, 0, 1);
      before = memory.read(parameters(trainer).getLast().values());
      addGradients(memory, trainer, 1);
      emulator.resetCalls();
      trainer.batchDone();
      after = memory.read(parameters(trainer).getLast().values());
      trainer.save(right);
    }
    long calls = 30;
    int failures = 0;
    for (long nth = 1; nth <= calls; nth++) {
      try (Trainer trainer = Trainer.of(engine, groups(memory), options)) {
        run(memory, trainer, 0, 1);
        addGradients(memory, trainer, 1);
        engine.synchronize();
        emulator.fail("any", nth, CudaOutOfMemoryException.CODE);
        boolean failed = false;
        try {
          trainer.batchDone();
        } catch (FourierException e) {
          failed = true;
          failures++;
        }
        emulator.clearFaults();
        float[] now = memory.read(parameters(trainer).getLast().values());
        assertArrayEquals(failed ? before : after, now, "call " + nth);
        if (failed) {
          trainer.batchDone();
        }
        trainer.save(found);
        assertEquals(-1, Files.mismatch(right, found), "call " + nth);
      }
    }
    assertTrue(failures >= 5, failures + " calls failed");
  }

  @Test
  void aRestoreThatFailsHalfwaySpoilsTheTrainer() throws IOException {
    Path file = folder.resolve("state.safetensors");
    try (Trainer trainer = Trainer.of(engine, groups(memory), everyBatch())) {
      run(memory, trainer, 0, 2);
      trainer.save(file);
      run(memory, trainer, 2, 3);
      emulator.fail("copy", 4, CudaOutOfMemoryException.CODE);
      assertThrows(CudaOutOfMemoryException.class, () -> trainer.restore(file));
      emulator.clearFaults();
      refuses("spoilt; restore a saved state", trainer::batchDone);
      refuses("spoilt; restore a saved state", trainer::prepareStep);
      refuses("spoilt; restore a saved state", () -> trainer.applyStep(engine));
      trainer.restore(file);
      assertEquals(2, trainer.steps());
      Path again = folder.resolve("again.safetensors");
      trainer.save(again);
      assertEquals(-1, Files.mismatch(file, again));
    }
  }

  /** The engine computes with the values of now, and after the end with the last. */
  @Test
  @SuppressWarnings("try") // Closing early is what is tested.
  void theAdapterStandsForTheTrainedValues() {
    FourierAdapter initial = FourierAdapter.of(SpectralLocations.of(6, 4, 5, 1), numbers(5, 1), 40);
    TrainableSpectrum spectrum = TrainableSpectrum.of("layer", engine, initial);
    FourierAdapter first;
    FourierAdapter last;
    try (Trainer trainer =
        Trainer.of(
            engine,
            List.of(ParameterGroup.of("all", List.of(spectrum), 0.1)),
            TrainerOptions.defaults())) {
      first = spectrum.adapter();
      memory.write(numbers(5, 2), spectrum.gradient());
      trainer.batchDone();
      float[] now = spectrum.spectrum();
      assertTrue(!Arrays.equals(initial.spectrum(), now));
      float[] expected = delta(initial.withSpectrum(now));
      assertArrayEquals(expected, delta(first), 1e-6f);
      trainer.publish();
      assertNotSame(first, spectrum.adapter());
      assertArrayEquals(now, spectrum.adapter().spectrum());
      memory.write(numbers(5, 3), spectrum.gradient());
      trainer.batchDone();
      float[] later = spectrum.spectrum();
      assertArrayEquals(delta(initial.withSpectrum(later)), delta(first), 1e-6f);
      assertArrayEquals(delta(initial.withSpectrum(later)), delta(spectrum.adapter()), 1e-6f);
      trainer.close();
      last = spectrum.adapter();
      assertArrayEquals(later, last.spectrum());
      assertArrayEquals(delta(initial.withSpectrum(later)), delta(last), 1e-6f);
    }
  }

  private float[] delta(FourierAdapter adapter) {
    return memory.read(engine.deltaWeight(adapter));
  }

  private FourierLinear layer(Matrix weight) {
    FourierLinear layer = new FourierLinear(engine, weight, null, FourierLinearOptions.defaults());
    layer.addAdapter(
        "default", FourierAdapter.of(SpectralLocations.of(6, 4, 5, 1), numbers(5, 1), 40));
    return layer;
  }

  /**
   * Passes see the values of now; the adapter shows them when they are published, and at the end.
   */
  @Test
  void aLayerOfTheDeviceIsTrainedInPlace() {
    float[] weights = numbers(24, 4);
    try (DeviceBuffer weight = engine.newBuffer(ElementType.F32, 6, 4);
        DeviceBuffer x = engine.newBuffer(ElementType.F32, 3, 4);
        DeviceBuffer y = engine.newBuffer(ElementType.F32, 3, 6)) {
      memory.write(weights, weight);
      memory.write(numbers(12, 5), x);
      try (FourierLinear layer = layer(weight);
          LinearTape tape = layer.newTape(3)) {
        TrainableSpectrum spectrum = TrainableSpectrum.of("layer", layer, "default");
        float[] last;
        try (Trainer trainer =
            Trainer.of(
                engine,
                List.of(ParameterGroup.of("all", List.of(spectrum), 0.1)),
                TrainerOptions.defaults())) {
          for (int step = 0; step < 3; step++) {
            layer.forward(x, y, tape);
            layer.backward(tape, y, null, Map.of("default", spectrum.gradient()));
            trainer.batchDone();
          }
          last = spectrum.spectrum();
          layer.forward(x, y);
          assertArrayEquals(output(weights, last), memory.read(y), 1e-5f);
          assertArrayEquals(numbers(5, 1), layer.adapter("default").spectrum());
          trainer.publish();
          assertArrayEquals(last, layer.adapter("default").spectrum());
          layer.forward(x, y, tape);
          layer.backward(tape, y, null, Map.of("default", spectrum.gradient()));
          layer.merge(false);
          refuses("is merged, so it cannot be trained", trainer::batchDone);
          layer.unmerge();
          trainer.batchDone();
          last = spectrum.spectrum();
          layer.merge(false);
        }
        assertArrayEquals(last, layer.adapter("default").spectrum());
        layer.forward(x, y);
        assertArrayEquals(output(weights, last), memory.read(y), 1e-5f);
        layer.unmerge();
        layer.forward(x, y);
        assertArrayEquals(output(weights, last), memory.read(y), 1e-5f);
      }
    }
  }

  /** What a layer of the host with these coefficients gives. */
  private float[] output(float[] weights, float[] spectrum) {
    FourierLinear layer = layer(Matrix.of(weights, 6, 4));
    layer.updateSpectrum("default", spectrum);
    HostMatrix y = Matrix.of(new float[18], 3, 6);
    layer.forward(Matrix.of(numbers(12, 5), 3, 4), y);
    return memory.read(y);
  }

  @Test
  void anAdapterThatWasReplacedIsNotTrainedAndStaysAsItIs() {
    try (DeviceBuffer weight = engine.newBuffer(ElementType.F32, 6, 4)) {
      memory.write(numbers(24, 4), weight);
      try (FourierLinear layer = layer(weight)) {
        TrainableSpectrum spectrum = TrainableSpectrum.of("layer", layer, "default");
        FourierAdapter other =
            FourierAdapter.of(SpectralLocations.of(6, 4, 5, 1), numbers(5, 9), 40);
        try (Trainer trainer =
            Trainer.of(
                engine,
                List.of(ParameterGroup.of("all", List.of(spectrum), 0.1)),
                TrainerOptions.defaults())) {
          layer.deleteAdapter("default");
          layer.addAdapter("default", other);
          refuses("was replaced by another, so it cannot be trained", trainer::batchDone);
        }
        assertSame(other, layer.adapter("default"));
      }
    }
  }

  @Test
  void aStepOnAnotherStreamThanItsSettingsIsRefused() {
    try (Trainer trainer = Trainer.of(engine, groups(memory), everyBatch());
        CudaStream other = engine.newStream()) {
      trainer.prepareStep();
      refuses(
          "make the trainer with engine.on(stream) to train there",
          () -> trainer.applyStep(engine.on(other)));
      trainer.applyStep(engine);
    }
  }

  @Test
  void parametersOfTwoMemoriesOrOfAnotherEngineAreRefused() {
    TrainableSpectrum here = memory.spectrum("here", numbers(3, 1));
    TrainableSpectrum host = TrainableSpectrum.of("host", numbers(3, 1));
    refuses(
        "spectrum 'host' of 3 is on the host and spectrum 'here' of 3 on a device",
        () ->
            Trainer.of(
                engine, List.of(ParameterGroup.of("all", List.of(here, host), 0.1)), OPTIONS));
    try (CudaFourierEngine other = EmulatedCuda.open(1)) {
      ShapeException refusal =
          assertThrows(
              ShapeException.class,
              () ->
                  Trainer.of(
                      other, List.of(ParameterGroup.of("all", List.of(here), 0.1)), OPTIONS));
      assertTrue(
          String.valueOf(refusal.getMessage())
              .contains("parameter 0 is in memory of another engine"),
          refusal.getMessage());
    }
    here.close();
  }

  @Test
  @SuppressWarnings("try") // Closing early is what is tested.
  void memoryThatIsGoneIsRefusedBeforeAnythingIsChanged() {
    try (DeviceBuffer kept = engine.newBuffer(ElementType.F32, 2, 2);
        DeviceBuffer lost = engine.newBuffer(ElementType.F32, 2, 2)) {
      memory.write(numbers(4, 1), kept);
      memory.write(numbers(4, 2), lost);
      List<TrainableTensor> tensors =
          List.of(
              TrainableTensor.of("kept", engine, kept), TrainableTensor.of("lost", engine, lost));
      try (Trainer trainer =
          Trainer.of(engine, List.of(ParameterGroup.of("all", tensors, 0.1)), everyBatch())) {
        memory.write(numbers(4, 3), tensors.getFirst().gradient());
        lost.close();
        assertThrows(FourierException.class, trainer::batchDone);
        assertArrayEquals(numbers(4, 1), memory.read(kept));
        assertEquals(0, trainer.steps());
      }
    }
  }
}
