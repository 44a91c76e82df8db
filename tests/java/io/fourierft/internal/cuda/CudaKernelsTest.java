package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.kernels.KernelImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels that the emulated NVRTC compiles at first use, and where they are kept. */
@OnEmulator
class CudaKernelsTest {
  private static final String COMPILE = "nvrtcCompileProgram";

  @TempDir Path folder;

  private final Map<String, String> before = new HashMap<>();
  private EmulatedCuda emulator;

  @BeforeEach
  void connect() {
    emulator = EmulatedCuda.require();
    assumeTrue(
        KernelImage.class.getResource("/io/fourierft/internal/cuda/source/fourierft.cu") != null,
        "the class path was made without the kernels' sources");
    set(KernelImage.PROPERTY, "nvrtc");
    set(
        LibraryFinder.NVRTC_PROPERTY,
        Path.of(System.getProperty("fourierft.cufft")).resolveSibling("libnvrtc.so.13").toString());
    set("fourierft.cache", folder.resolve("cache").toString());
    emulator.resetCalls();
  }

  @AfterEach
  void putBack() {
    before.forEach(
        (property, value) -> {
          if (value.isEmpty()) {
            System.clearProperty(property);
          } else {
            System.setProperty(property, value);
          }
        });
  }

  private void set(String property, String value) {
    before.putIfAbsent(property, System.getProperty(property, ""));
    System.setProperty(property, value);
  }

  /** Opens an engine and lets it compute. */
  private static float[] delta() {
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      FourierAdapter adapter =
          FourierAdapter.of(SpectralLocations.of(12, 10, 9, 1), DeviceEngineTest.floats(9, 1), 5);
      return DeviceEngineTest.floatsOf(engine.deltaWeight(adapter));
    }
  }

  private static String kernelsLine() {
    EngineProbe probe =
        CudaSurvey.of(EngineOptions.defaults().withDevice("cuda:0")).candidate().probe();
    return ((EngineProbe.Available) probe)
        .details().stream().filter(line -> line.startsWith("kernels")).findFirst().orElseThrow();
  }

  private List<Path> kept() throws IOException {
    Path kernels = folder.resolve("cache/kernels");
    if (!Files.exists(kernels)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(kernels)) {
      return files.toList();
    }
  }

  private static String refusal() {
    EngineUnavailableException refused =
        assertThrows(
            EngineUnavailableException.class,
            () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda")));
    return String.valueOf(refused.getMessage());
  }

  @Test
  void theyAreCompiledOnceAndKept() throws IOException {
    assertTrue(kernelsLine().contains("to be compiled by NVRTC 13.0"), kernelsLine());
    assertEquals(0, emulator.calls(COMPILE), "a survey compiles nothing");
    float[] first = delta();
    assertEquals(1, emulator.calls(COMPILE));
    assertEquals(1, kept().size());
    String name = kept().getFirst().getFileName().toString();
    assertTrue(name.matches("sm_90-driver-13\\.0-[0-9a-f]{16}\\.cubin"), name);
    assertTrue(kernelsLine().startsWith("kernels of the cache, "), kernelsLine());
    assertArrayEquals(first, delta());
    assertEquals(1, emulator.calls(COMPILE));
    System.setProperty(KernelImage.PROPERTY, before.get(KernelImage.PROPERTY));
    assertArrayEquals(delta(), first);
  }

  @Test
  void anotherDriverAndAnotherGpuHaveImagesOfTheirOwn() throws IOException {
    delta();
    try {
      emulator.environment("EMULATED_CUDA_VERSION", "13010");
      delta();
      assertEquals(2, emulator.calls(COMPILE));
      emulator.environment("EMULATED_CUDA_CAPABILITY", "7.5");
      delta();
      assertEquals(3, emulator.calls(COMPILE));
      assertEquals(3, kept().size());
      emulator.environment("EMULATED_CUDA_CAPABILITY", "6.1");
      assertTrue(refusal().contains("none of which sm_61 runs"), refusal());
      emulator.environment("EMULATED_CUDA_CAPABILITY", null);
      emulator.environment("EMULATED_CUDA_VERSION", "12060");
      assertTrue(refusal().contains("it belongs to CUDA 13.0, but the driver"), refusal());
    } finally {
      emulator.environment("EMULATED_CUDA_VERSION", null);
      emulator.environment("EMULATED_CUDA_CAPABILITY", null);
    }
    delta();
    assertEquals(3, emulator.calls(COMPILE));
  }

  @Test
  void aDamagedEntryIsCompiledAgain() throws IOException {
    delta();
    Path file = kept().getFirst();
    byte[] whole = Files.readAllBytes(file);
    for (byte[] damaged :
        List.of(new byte[0], new byte[20], Arrays.copyOf(whole, whole.length - 1))) {
      Files.write(file, damaged);
      emulator.resetCalls();
      delta();
      assertEquals(1, emulator.calls(COMPILE));
      assertArrayEquals(whole, Files.readAllBytes(file));
      assertEquals(1, kept().size());
    }
    whole[40] ^= 1;
    Files.write(file, whole);
    emulator.resetCalls();
    delta();
    assertEquals(1, emulator.calls(COMPILE));
  }

  @Test
  void aFailureIsToldWithTheCompilersNameAndKeepsNothing() throws IOException {
    emulator.fail(COMPILE, 1, 6);
    FourierException failure = assertThrows(FourierException.class, CudaKernelsTest::delta);
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("libnvrtc.so.13 could not compile fourierft.cu"), message);
    assertTrue(message.contains("NVRTC_ERROR_COMPILATION"), message);
    assertEquals(List.of(), kept());
    assertNotNull(delta());
  }

  @Test
  void everyCallOfTheCompilerMayFail() {
    for (String function :
        List.of(
            "nvrtcCreateProgram", "nvrtcGetCUBINSize", "nvrtcGetCUBIN", "nvrtcDestroyProgram")) {
      emulator.fail(function, 1, 1);
      FourierException failure = assertThrows(FourierException.class, CudaKernelsTest::delta);
      assertTrue(
          String.valueOf(failure.getMessage()).contains("NVRTC_ERROR_OUT_OF_MEMORY"),
          failure.getMessage());
    }
  }

  @Test
  void aCacheThatCannotBeWrittenCostsACompilationEachTime() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file");
    delta();
    delta();
    assertEquals(2, emulator.calls(COMPILE));
    set("fourierft.cache", "none");
    delta();
    assertEquals(3, emulator.calls(COMPILE));
    assertTrue(kernelsLine().contains("in every process"), kernelsLine());
  }

  @Test
  void withoutNvrtcTheObstacleSaysWhereItWasLookedFor() {
    set(LibraryFinder.NVRTC_PROPERTY, "/nowhere/libnvrtc.so.13");
    String message = refusal();
    assertTrue(message.contains("NVRTC, which could compile them here, was not found"), message);
    assertTrue(
        message.contains("/nowhere/libnvrtc.so.13 (-Dfourierft.nvrtc): there is no"), message);
    assertTrue(message.contains("nvidia-cuda-nvrtc"), message);
  }

  @Test
  void theLineSaysWhichFileAPropertyNamed() {
    set(KernelImage.PROPERTY, before.get(KernelImage.PROPERTY));
    assertTrue(kernelsLine().endsWith("emulated/fourierft.fatbin"), kernelsLine());
    assertFalse(kernelsLine().contains("cache"), kernelsLine());
  }
}
