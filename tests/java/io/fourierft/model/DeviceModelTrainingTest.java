package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.FourierException;
import io.fourierft.OneEngineTest;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.EmulatedCuda;
import io.fourierft.internal.cuda.OnEmulator;
import io.fourierft.layer.LayerSamples;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spectra, biases and a head of a model trained on the device, beside the host's training. */
@OnEmulator
class DeviceModelTrainingTest extends OneEngineTest {
  private static final Path BASE =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("examples/finetune/base");

  @TempDir Path folder;
  private EmulatedCuda emulator;
  private CudaFourierEngine device;

  @BeforeEach
  void openDevice() {
    emulator = EmulatedCuda.require();
    device = EmulatedCuda.open(0);
  }

  @AfterEach
  void closeDevice() {
    device.close();
    emulator.assertNothingLeft();
  }

  private static FourierFtConfig config() {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names("q_proj", "v_proj"))
        .modulesToSave(List.of("classifier"))
        .nFrequency(20)
        .scaling(100)
        .bias("fourier_only")
        .build();
  }

  private AdaptedModel onDevice() throws IOException {
    return AdaptedModel.open(
        device, BASE, config(), AdaptedModelOptions.defaults().withMemory(ModelMemory.DEVICE));
  }

  private static AdaptedModel onHost() throws IOException {
    return AdaptedModel.open(engine(), BASE, config(), AdaptedModelOptions.defaults());
  }

  private static Trainer trainer(AdaptedModel model) {
    return model.trainer(0.01, 0.02, TrainerOptions.defaults().withMaxGradientNorm(1));
  }

  private static void hostSteps(AdaptedModel model, Trainer trainer, int count) {
    try (ModelPass pass = model.newPass(SmallStep.TOKENS)) {
      for (int step = 0; step < count; step++) {
        pass.begin();
        SmallStep.onHost(pass);
        trainer.batchDone();
      }
    }
  }

  private void deviceSteps(AdaptedModel model, Trainer trainer, int count) {
    try (ModelPass pass = model.newPass(SmallStep.TOKENS);
        SmallStep step = new SmallStep(device)) {
      for (int i = 0; i < count; i++) {
        pass.begin();
        step.enqueue(device, pass);
        trainer.batchDone();
      }
    }
  }

  private Path state(String name) {
    return folder.resolve(name + ".safetensors");
  }

  private void assertSameFiles(String one, String other) throws IOException {
    for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
      assertEquals(
          -1,
          Files.mismatch(folder.resolve(one).resolve(file), folder.resolve(other).resolve(file)));
    }
  }

  private static float[] spectrum(AdaptedModel model, String path) {
    return model.layer(path).adapter("default").spectrum();
  }

  private static void assertClose(AdaptedModel host, AdaptedModel other) {
    for (String path : host.modulePaths()) {
      assertTrue(LayerSamples.error(spectrum(other, path), spectrum(host, path)) < 1e-4, path);
    }
  }

  @Test
  void trainingIsThatOfTheHostAndGoesOnBitForBit() throws IOException {
    try (AdaptedModel host = onHost();
        AdaptedModel whole = onDevice()) {
      float[] first = spectrum(host, SmallStep.PATHS.getFirst());
      try (Trainer trainer = trainer(host)) {
        hostSteps(host, trainer, 6);
      }
      assertTrue(LayerSamples.error(spectrum(host, SmallStep.PATHS.getFirst()), first) > 1e-2);
      try (Trainer trainer = trainer(whole)) {
        deviceSteps(whole, trainer, 6);
        trainer.save(state("whole"));
        whole.save("default", folder.resolve("whole"), false);
      }
      assertClose(host, whole);
      whole.save("default", folder.resolve("closed"), false);
      assertSameFiles("whole", "closed");
    }
    try (AdaptedModel model = onDevice();
        Trainer trainer = trainer(model)) {
      deviceSteps(model, trainer, 2);
      trainer.save(state("part"));
    }
    try (AdaptedModel model = onDevice();
        Trainer trainer = trainer(model)) {
      trainer.restore(state("part"));
      deviceSteps(model, trainer, 4);
      trainer.save(state("parts"));
      model.save("default", folder.resolve("parts"), false);
    }
    assertEquals(-1, Files.mismatch(state("whole"), state("parts")));
    assertSameFiles("whole", "parts");
    // The host takes the same state up, and writes the same files.
    try (AdaptedModel model = onHost();
        Trainer trainer = trainer(model)) {
      trainer.restore(state("whole"));
      trainer.save(state("host"));
      model.save("default", folder.resolve("host"), false);
    }
    assertEquals(-1, Files.mismatch(state("whole"), state("host")));
    assertSameFiles("whole", "host");
  }

  /** The second goes on with the values of the first, and with no gradient that it left. */
  @Test
  void aTrainerMayFollowAnother() throws IOException {
    try (AdaptedModel host = onHost();
        AdaptedModel model = onDevice()) {
      for (int round = 0; round < 2; round++) {
        try (Trainer trainer = trainer(host)) {
          hostSteps(host, trainer, 2);
        }
        try (Trainer trainer = trainer(model);
            ModelPass pass = model.newPass(SmallStep.TOKENS);
            SmallStep step = new SmallStep(device)) {
          deviceSteps(model, trainer, 2);
          // Left over by the first trainer.
          step.enqueue(device, pass);
        }
        assertClose(host, model);
      }
      AdapterParameters trained = model.parameters("default");
      assertSame(trained, model.parameters("default"));
      try (Trainer trainer = trainer(model)) {
        deviceSteps(model, trainer, 1);
      }
      assertNotSame(trained, model.parameters("default"));
      assertSame(host.parameters("default"), host.parameters("default"));
    }
  }

  /** Passes go on without a trainer, and a trainer that was never closed leaves nothing. */
  @Test
  void whatIsNotTrainedAnyMoreHasNoGradient() throws IOException {
    try (AdaptedModel model = onDevice();
        ModelPass pass = model.newPass(SmallStep.TOKENS);
        SmallStep step = new SmallStep(device)) {
      trainer(model).close();
      pass.begin();
      step.enqueue(device, pass);
      model.parameters("default");
      model.deleteAdapter("default");
      FourierException none =
          assertThrows(
              FourierException.class, () -> model.trainer(0.1, 0, TrainerOptions.defaults()));
      assertTrue(String.valueOf(none.getMessage()).contains("group"), none.getMessage());
    }
  }

  @Test
  void parametersForWhichThereIsNoMemoryLeaveNothing() throws IOException {
    try (AdaptedModel model = onDevice()) {
      int failures = 0;
      for (int nth = 1; nth <= 12; nth++) {
        emulator.fail("alloc", nth, CudaOutOfMemoryException.CODE);
        try (Trainer trainer = trainer(model)) {
          assertEquals(0, trainer.steps());
        } catch (CudaOutOfMemoryException e) {
          failures++;
        }
        emulator.clearFaults();
      }
      assertTrue(failures > 4, failures + " allocations failed");
      try (Trainer trainer = trainer(model)) {
        deviceSteps(model, trainer, 1);
      }
    }
  }

  /** Forward, backward and AdamW of the whole model in one launch, as the same calls one by one. */
  @Test
  void aRecordedStepIsTheSameBitForBit() throws IOException {
    try (AdaptedModel model = onDevice();
        Trainer trainer = trainer(model)) {
      deviceSteps(model, trainer, 5);
      trainer.save(state("called"));
      model.save("default", folder.resolve("called"), false);
    }
    try (AdaptedModel model = onDevice();
        Trainer trainer = trainer(model);
        ModelPass pass = model.newPass(SmallStep.TOKENS);
        SmallStep step = new SmallStep(device)) {
      pass.begin();
      trainer.prepareStep();
      try (CudaGraph graph =
          device.record(
              on -> {
                step.enqueue(on, pass.on(on));
                trainer.applyStep(on);
              })) {
        emulator.resetCalls();
        for (int launch = 1; launch < 5; launch++) {
          trainer.prepareStep();
          graph.launch();
        }
        assertEquals(0, emulator.calls("alloc"), "allocations");
        device.synchronize();
        trainer.save(state("recorded"));
        model.save("default", folder.resolve("recorded"), false);
      }
    }
    assertEquals(-1, Files.mismatch(state("called"), state("recorded")));
    assertSameFiles("called", "recorded");
  }

  @Test
  void aViewOfAPassComputesOnItsStreamWithThePassesTapes() throws IOException {
    String path = SmallStep.PATHS.getFirst();
    float[] wanted = new float[SmallStep.TOKENS * SmallStep.WIDTH];
    float[] found = wanted.clone();
    try (AdaptedModel model = onDevice();
        CudaStream stream = device.newStream();
        DeviceBuffer x = device.newBuffer(ElementType.F32, SmallStep.TOKENS, SmallStep.WIDTH);
        DeviceBuffer y = device.newBuffer(ElementType.F32, SmallStep.TOKENS, SmallStep.WIDTH);
        ModelPass pass = model.newPass(SmallStep.TOKENS)) {
      device.upload(SmallStep.X, x);
      pass.forward(path, x, y);
      device.download(y, SmallStep.matrix(wanted));
      device.zero(y);
      device.synchronize();
      pass.begin();
      try (ModelPass there = pass.on(device.on(stream))) {
        there.forward(path, x, y);
        device.on(stream).download(y, SmallStep.matrix(found));
      }
      // The view's tape is the pass's, and closing the view has not closed it.
      pass.backward(path, x, y);
      assertThrows(FourierException.class, () -> pass.backward(path, x, y));
    }
    assertArrayEquals(wanted, found);
  }
}
