package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.EngineSelection;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.kernels.KernelImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of the engines that can and cannot be had, on the emulated driver. */
class CudaSurveyTest extends EmulatedEngineTest {
  @Test
  void aDeviceThatIsNotThereIsSaidNotToBeThere() {
    EngineUnavailableException refusal =
        assertThrows(
            EngineUnavailableException.class,
            () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda:7")));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("device 7 was asked for, and 2 can be seen"), message);
    assertTrue(message.contains("cuda:0 to cuda:1"), message);
  }

  @Test
  void theDriverIsComparedWithWhatIsNeeded() {
    try {
      emulator.environment("EMULATED_CUDA_VERSION", "11020");
      String message = refusal();
      assertTrue(message.contains("knows CUDA 11.2"), message);
      assertTrue(message.contains("install a driver of CUDA 11.4 or later"), message);
      emulator.environment("EMULATED_CUDA_VERSION", "12060");
      message = refusal();
      assertTrue(
          message.contains("it belongs to CUDA 13, but the driver knows only CUDA 12.6"), message);
    } finally {
      emulator.environment("EMULATED_CUDA_VERSION", null);
    }
  }

  private static String refusal() {
    return String.valueOf(
        assertThrows(
                EngineUnavailableException.class,
                () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda")))
            .getMessage());
  }

  @Test
  void missingKernelsAndUnreadableOnesAreTold() {
    String kernels = System.getProperty(KernelImage.PROPERTY);
    try {
      System.setProperty(KernelImage.PROPERTY, "/nowhere/fourierft.fatbin");
      String message = refusal();
      assertTrue(message.contains("the kernel image cannot be read"), message);
    } finally {
      System.setProperty(KernelImage.PROPERTY, kernels);
    }
  }

  @Test
  void aGpuWithoutCodeIsToldFromTheFactsBesideTheKernels(@TempDir Path folder) throws IOException {
    String kernels = System.getProperty(KernelImage.PROPERTY);
    Path image = folder.resolve("fourierft.fatbin");
    Files.copy(Path.of(kernels), image);
    Files.writeString(
        folder.resolve("fourierft.properties"), "toolkit=13.0\narchitectures=75;80;90\nptx=75\n");
    try {
      System.setProperty(KernelImage.PROPERTY, image.toString());
      EmulatedCuda.open(0).close();
      emulator.environment("EMULATED_CUDA_CAPABILITY", "7.0");
      String message = refusal();
      assertTrue(message.contains("it has code for [75, 80, 90], none for Emulated"), message);
    } finally {
      emulator.environment("EMULATED_CUDA_CAPABILITY", null);
      System.setProperty(KernelImage.PROPERTY, kernels);
    }
  }

  @Test
  void theEngineSaysHowItWasChosen() {
    assertEquals("cuda:0", engine.name());
    assertEquals("cuda:0", engine.selection().requested());
    assertTrue(engine.selection().probes().toString().contains("Emulated CUDA device 0"));
    assertTrue(engine.memory().totalBytes() >= engine.memory().freeBytes());
    try (FourierEngine chosen = FourierEngine.create(EngineOptions.defaults().withDevice("auto"))) {
      assertEquals("cuda:0", chosen.name());
    }
  }

  /** Opening an engine does not load cuBLAS; a survey says whether it is there. */
  @Test
  void aSurveyTellsOfCublas() {
    String cublas = System.getProperty(LibraryFinder.CUBLAS_PROPERTY);
    assertFalse(engine.selection().probes().toString().contains("cuBLAS"));
    EngineOptions options = EngineOptions.defaults();
    assertTrue(
        EngineSelection.survey(options).probes().toString().contains("cuBLAS 13.1.0 (" + cublas));
    try {
      System.setProperty(LibraryFinder.CUBLAS_PROPERTY, LibraryFinder.NOWHERE);
      String probes = EngineSelection.survey(options).probes().toString();
      assertTrue(
          probes.contains(
              "no cuBLAS, which layers over device memory need for their base product; install the"
                  + " CUDA toolkit or the Python wheel nvidia-cublas"),
          probes);
    } finally {
      System.setProperty(LibraryFinder.CUBLAS_PROPERTY, cublas);
    }
  }
}
