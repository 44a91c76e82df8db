package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.CapturedLog;
import io.fourierft.ChildJvm;
import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.EngineSelection;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.cpu.provider.EngineOpeningMain;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.kernels.KernelImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user is told on a machine where something of CUDA is missing or does not fit. */
@OnEmulator
class CudaObstaclesTest {
  private static final int OUT_OF_MEMORY = 2;

  private final EmulatedCuda emulator = EmulatedCuda.require();

  private static String refusal() {
    return String.valueOf(
        assertThrows(
                EngineUnavailableException.class,
                () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda")))
            .getMessage());
  }

  /** Runs with a property changed. */
  private static void with(String property, String value, Runnable test) {
    String before = System.getProperty(property);
    System.setProperty(property, value);
    try {
      test.run();
    } finally {
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }

  @Test
  void aMissingDriverIsToldAloneAndAutoTakesTheCpu() {
    with(
        LibraryFinder.DRIVER_PROPERTY,
        LibraryFinder.NOWHERE,
        () -> {
          String message = refusal();
          assertTrue(message.contains("the CUDA driver: not found"), message);
          assertTrue(message.contains("install the NVIDIA driver"), message);
          assertFalse(message.contains("cuFFT: not found"), message);
          requireCpu();
        });
  }

  @Test
  void aMissingCufftIsToldAloneWithThePlaceAndAutoTakesTheCpu() {
    with(
        LibraryFinder.CUFFT_PROPERTY,
        "/nowhere/libcufft.so.12",
        () -> {
          String message = refusal();
          assertTrue(message.contains("cuFFT: not found; looked in"), message);
          assertTrue(message.contains("/nowhere/libcufft.so.12"), message);
          assertTrue(message.contains("install the CUDA toolkit or the Python wheel"), message);
          assertFalse(message.contains("the CUDA driver: not found"), message);
          requireCpu();
        });
  }

  private static void requireCpu() {
    try (FourierEngine chosen = FourierEngine.create(EngineOptions.defaults().withDevice("auto"))) {
      assertEquals("cpu", chosen.name());
    }
  }

  @Test
  void aDriverOlderThanThePtxIsToldWhereOnlyThePtxWouldDo(@TempDir Path folder) throws IOException {
    Path image = folder.resolve("fourierft.fatbin");
    Files.copy(Path.of(System.getProperty(KernelImage.PROPERTY)), image);
    Files.writeString(
        folder.resolve("fourierft.properties"), "toolkit=13.2\narchitectures=75;80\nptx=75\n");
    try {
      emulator.environment("EMULATED_CUDA_CAPABILITY", "9.0");
      with(
          KernelImage.PROPERTY,
          image.toString(),
          () -> {
            String message = refusal();
            assertTrue(message.contains("it has no machine code for Emulated"), message);
            assertTrue(
                message.contains(
                    "the driver of CUDA 13.0 cannot compile the PTX of CUDA 13.2;"
                        + " update the NVIDIA driver"),
                message);
          });
      emulator.environment("EMULATED_CUDA_VERSION", "13020");
      with(KernelImage.PROPERTY, image.toString(), () -> EmulatedCuda.open(0).close());
    } finally {
      emulator.environment("EMULATED_CUDA_CAPABILITY", null);
      emulator.environment("EMULATED_CUDA_VERSION", null);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuDevicePrimaryCtxRetain", "cuModuleLoadData", "cuStreamCreate"})
  void autoTakesTheCpuWhereTheGpuCannotBeOpenedAndSaysWhy(String function) {
    emulator.fail(function, 1, OUT_OF_MEMORY);
    List<FourierEngine> opened = new ArrayList<>();
    List<String> log =
        CapturedLog.of(
            FourierEngine.class,
            () -> opened.add(FourierEngine.create(EngineOptions.defaults().withDevice("auto"))));
    try (FourierEngine engine = opened.getFirst()) {
      assertEquals("cpu", engine.name());
      EngineProbe.Unavailable passed =
          assertInstanceOf(EngineProbe.Unavailable.class, engine.selection().probes().getFirst());
      assertEquals("cuda:0", passed.engine());
      Obstacle obstacle = passed.obstacles().getFirst();
      assertTrue(obstacle.found().contains(function), obstacle.found());
      assertTrue(obstacle.found().contains("OUT_OF_MEMORY"), obstacle.found());
    }
    assertEquals(1, log.size(), log.toString());
    assertTrue(log.getFirst().startsWith("WARNING engine cpu taken"), log.getFirst());
    assertTrue(log.getFirst().contains("not cuda:0, although there is a GPU"), log.getFirst());
    assertEquals(0, emulator.clearFaults());
    emulator.assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuDevicePrimaryCtxRetain", "cuModuleLoadData", "cuStreamCreate"})
  void aForcedGpuThatCannotBeOpenedIsAnError(String function) {
    emulator.fail(function, 1, OUT_OF_MEMORY);
    FourierException refusal =
        assertThrows(
            FourierException.class,
            () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0")));
    assertTrue(String.valueOf(refusal.getMessage()).contains(function), refusal.toString());
    emulator.assertNothingLeft();
  }

  @Test
  void aSurveyOpensTheGpuForAMomentToBeSure() {
    EngineOptions auto = EngineOptions.defaults().withDevice("auto");
    assertEquals("cuda:0", EngineSelection.survey(auto).taken().orElseThrow().engine());
    emulator.fail("cuDevicePrimaryCtxRetain", 1, OUT_OF_MEMORY);
    assertEquals("cpu", EngineSelection.survey(auto).taken().orElseThrow().engine());
    emulator.assertNothingLeft();
  }

  @Test
  void withoutNativeAccessCudaIsTouchedOnlyWhereItIsAskedFor()
      throws IOException, InterruptedException {
    List<String> flags =
        Stream.of("fourierft.cuda", "fourierft.cufft", "fourierft.cuda.kernels")
            .map(name -> "-D%s=%s".formatted(name, System.getProperty(name)))
            .toList();
    try (ChildJvm child = ChildJvm.startPlain("", flags, EngineOpeningMain.class, "auto")) {
      String text = child.finish();
      assertEquals(0, child.waitFor(), text);
      assertTrue(text.contains("opened cpu"), text);
      assertTrue(text.contains("native access: it is not granted"), text);
      assertFalse(text.contains("A restricted method"), text);
    }
    try (ChildJvm child = ChildJvm.startPlain("", flags, EngineOpeningMain.class, "cuda")) {
      String text = child.finish();
      assertEquals(0, child.waitFor(), text);
      assertTrue(text.contains("opened cuda:0"), text);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // what is visible; what is asked for; what is said
    "1, cuda:0, 'device 0 of 1: Emulated CUDA device 1'",
    "'1,0', cuda:0, 'device 0 of 2: Emulated CUDA device 1'",
    "'1,0', cuda:1, 'device 1 of 2: Emulated CUDA device 0'",
    "1, cuda:1, 'device 1 was asked for, and 1 can be seen, with CUDA_VISIBLE_DEVICES=1'",
    "-1, cuda:0, 'device 0 was asked for, and 0 can be seen, with CUDA_VISIBLE_DEVICES=-1'"
  })
  void onlyVisibleDevicesAreSeenInTheirOrder(String visible, String device, String said)
      throws IOException, InterruptedException {
    ProcessBuilder child =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElse("java"),
            "--enable-native-access=ALL-UNNAMED",
            "-Dfourierft.cuda=" + System.getProperty("fourierft.cuda"),
            "-Dfourierft.cufft=" + System.getProperty("fourierft.cufft"),
            "-Dfourierft.cuda.kernels=" + System.getProperty("fourierft.cuda.kernels"),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            SurveyMain.class.getName(),
            device);
    child.environment().put("CUDA_VISIBLE_DEVICES", visible);
    child.redirectErrorStream(true);
    Process process = child.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), text);
    assertTrue(text.contains(said), text);
  }
}
