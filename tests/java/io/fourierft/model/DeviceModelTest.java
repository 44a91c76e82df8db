package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.OneEngineTest;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.EmulatedCuda;
import io.fourierft.internal.cuda.OnEmulator;
import io.fourierft.layer.LayerSamples;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.peft.PeftException;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model whose weights are on the device, beside the same model on the host. */
@OnEmulator
class DeviceModelTest extends OneEngineTest {
  private static final Path BASE =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("examples/finetune/base");

  private static final String QUERY = "vit.layers.0.attention.q_proj";
  private static final String KEY = "vit.layers.0.attention.k_proj";
  private static final String STORED_KEY = "vit.encoder.layer.0.attention.attention.key";
  private static final HostMatrix X = LayerSamples.gaussian(3, 64, 5);

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

  private static FourierFtConfig config(String... targets) {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names(targets))
        .modulesToSave(List.of("classifier"))
        .nFrequency(20)
        .scaling(100)
        .bias("fourier_only")
        .build();
  }

  private AdaptedModel onDevice(FourierFtConfig config) throws IOException {
    return AdaptedModel.open(
        device, BASE, config, AdaptedModelOptions.defaults().withMemory(ModelMemory.DEVICE));
  }

  private float[] forward(AdaptedModel model, String path) {
    HostMatrix y = LayerSamples.zeros(3, model.layer(path).outFeatures());
    try (ModelPass pass = model.newPass();
        DeviceBuffer x = device.newBuffer(ElementType.F32, 3, 64);
        DeviceBuffer out = device.newBuffer(ElementType.F32, 3, y.cols())) {
      device.upload(X, x);
      pass.forward(path, x, out);
      device.download(out, y);
    }
    return LayerSamples.floats(y);
  }

  private static float[] onHost(AdaptedModel model, String path) {
    HostMatrix y = LayerSamples.zeros(3, model.layer(path).outFeatures());
    try (ModelPass pass = model.newPass()) {
      pass.forward(path, X, y);
    }
    return LayerSamples.floats(y);
  }

  @Test
  void itComputesMergesAndSavesAsOnTheHost() throws IOException {
    FourierFtConfig config = config("q_proj", "v_proj");
    try (AdaptedModel host =
            AdaptedModel.open(engine(), BASE, config, AdaptedModelOptions.defaults());
        AdaptedModel model = onDevice(config)) {
      for (String path : List.of(QUERY, "vit.layers.1.mlp.fc1")) {
        assertTrue(LayerSamples.error(forward(model, path), onHost(host, path)) < 1e-5, path);
      }
      assertTrue(model.layer(QUERY).weight() instanceof CudaMatrix);
      assertTrue(model.tensor("classifier.weight") instanceof CudaMatrix);
      assertEquals(model.tensor("vit.layernorm.weight"), model.tensor("vit.layernorm.weight"));
      host.merge(true);
      model.merge(true);
      assertTrue(LayerSamples.error(forward(model, QUERY), onHost(host, QUERY)) < 1e-5);
      assertTrue(model.unmerge());
      model.save("default", folder.resolve("device"), false);
      host.unmerge();
      host.save("default", folder.resolve("host"), false);
    }
    for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
      assertEquals(
          -1,
          Files.mismatch(
              folder.resolve("device").resolve(file), folder.resolve("host").resolve(file)),
          file);
    }
  }

  /** The layer is not adapted: only the adapter's bias is in it, from its first pass on. */
  @ParameterizedTest
  @ValueSource(strings = {KEY, STORED_KEY})
  void aBiasIsTrainedByEitherNameOfItsLayerAsOnTheHost(String name) throws IOException {
    FourierFtConfig config = config("q_proj", "v_proj").toBuilder().bias("all").build();
    float[] onHost;
    try (AdaptedModel host =
            AdaptedModel.open(engine(), BASE, config, AdaptedModelOptions.defaults());
        Trainer trainer = host.trainer(0.1, 0, TrainerOptions.defaults());
        ModelPass pass = host.newPass(3)) {
      HostMatrix y = LayerSamples.zeros(3, 64);
      pass.forward(KEY, X, y);
      pass.backward(KEY, X, null);
      trainer.batchDone();
      onHost = onHost(host, KEY);
    }
    float[] trained;
    try (AdaptedModel model = onDevice(config);
        Trainer trainer = model.trainer(0.1, 0, TrainerOptions.defaults());
        ModelPass pass = model.newPass(3);
        DeviceBuffer x = device.newBuffer(ElementType.F32, 3, 64);
        DeviceBuffer y = device.newBuffer(ElementType.F32, 3, 64)) {
      device.upload(X, x);
      pass.forward(name, x, y);
      pass.backward(name.equals(KEY) ? STORED_KEY : KEY, x, null);
      trainer.batchDone();
      trained = forward(model, name);
      assertTrue(LayerSamples.error(trained, onHost) < 1e-5);
      model.save("default", folder.resolve("biased"), false);
    }
    try (AdaptedModel model =
            AdaptedModel.open(
                device,
                BASE,
                folder.resolve("biased"),
                AdaptedModelOptions.defaults().withMemory(ModelMemory.DEVICE));
        ModelPass begunBefore = model.newPass();
        DeviceBuffer x = device.newBuffer(ElementType.F32, 3, 64);
        DeviceBuffer y = device.newBuffer(ElementType.F32, 3, 64)) {
      device.upload(X, x);
      begunBefore.forward(name, x, y);
      HostMatrix out = LayerSamples.zeros(3, 64);
      device.download(y, out);
      assertArrayEquals(trained, LayerSamples.floats(out));
    }
  }

  @Test
  void whatCannotBeOpenedLeavesNothingOnTheDevice() {
    assertThrows(PeftException.class, () -> onDevice(config("q_prj")));
    FourierException noDevice =
        assertThrows(
            FourierException.class,
            () ->
                AdaptedModel.open(
                    engine(),
                    BASE,
                    config("q_proj"),
                    AdaptedModelOptions.defaults().withMemory(ModelMemory.DEVICE)));
    assertTrue(noDevice.getMessage().contains("is no CUDA engine"), noDevice.getMessage());
  }
}
