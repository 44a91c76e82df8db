package io.fourierft.model;

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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model whose weights are on the device, beside the same model on the host. */
@OnEmulator
class DeviceModelTest extends OneEngineTest {
  private static final Path BASE =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("examples/finetune/base");

  private static final String QUERY = "vit.layers.0.attention.q_proj";
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
