package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CufftException;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.kernels.Callback;
import io.fourierft.internal.cuda.kernels.KernelImage;
import io.fourierft.internal.cuda.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The dense paths inside cuFFT's link-time callbacks, beside the plain ones. */
@OnEmulator
class CudaCallbacksTest {
  private EmulatedCuda emulator;

  @BeforeEach
  void connect() {
    emulator = EmulatedCuda.require();
  }

  private static CudaFourierEngine open(boolean callbacks) {
    return with(CallbackSurvey.PROPERTY, callbacks ? "on" : "off", () -> EmulatedCuda.open(0));
  }

  private static <T> T with(String property, String value, Supplier<T> action) {
    String before = System.getProperty(property);
    System.setProperty(property, value);
    try {
      return action.get();
    } finally {
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }

  /**
   * Adapters of one shape with coefficients at mirrored places, in the corner and in the middle.
   */
  private static List<FourierAdapter> adapters(int rows, int cols, int count) {
    List<FourierAdapter> adapters = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Random random = new Random(i);
      int n = Math.min(rows * cols, 9 + 40 * i);
      float[] spectrum = new float[n];
      for (int k = 0; k < n; k++) {
        spectrum[k] = (float) random.nextGaussian();
      }
      adapters.add(
          FourierAdapter.of(SpectralLocations.of(rows, cols, n, 7 + i), spectrum, 150 + i));
    }
    return adapters;
  }

  private static byte[] deltas(
      CudaFourierEngine engine, List<FourierAdapter> adapters, ElementType type, DensePath path) {
    long each = (long) adapters.get(0).rows() * (adapters.get(0).cols() + 3) * type.sizeInBytes();
    byte[] bytes = new byte[Math.toIntExact(each * adapters.size())];
    engine.deltaWeights(adapters, matrices(adapters, type, bytes), path);
    return bytes;
  }

  private static List<HostMatrix> matrices(
      List<FourierAdapter> adapters, ElementType type, byte[] bytes) {
    int rows = adapters.get(0).rows();
    int cols = adapters.get(0).cols();
    int stride = cols + 3;
    long each = (long) rows * stride * type.sizeInBytes();
    List<HostMatrix> matrices = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i++) {
      MemorySegment part = MemorySegment.ofArray(bytes).asSlice(i * each, each);
      matrices.add(new HostMatrix(part, type, rows, cols, stride));
    }
    return matrices;
  }

  /** Fails unless the deltas are the same but for their plans, each rounded to its type once. */
  private static void assertSame(
      List<FourierAdapter> adapters, ElementType type, byte[] expected, byte[] found) {
    for (int i = 0; i < adapters.size(); i++) {
      float[] all = elements(matrices(adapters, type, expected).get(i));
      float[] others = elements(matrices(adapters, type, found).get(i));
      double slack = PlanRounding.slack(all);
      // Where plans differ, either result may be the one rounded the other way.
      double unit = slack == 0 ? 0 : unit(type);
      for (int j = 0; j < all.length; j++) {
        PlanRounding.assertSame(
            all[j], others[j], slack + unit * Math.abs(all[j]), type + ", element " + j);
      }
    }
    if (PlanRounding.slack(1) == 0) {
      assertArrayEquals(expected, found, type + ", what lies between the rows included");
    }
  }

  private static float[] elements(HostMatrix matrix) {
    return DeviceEngineTest.floatsOf(matrix);
  }

  /** The greatest distance of two neighbours among numbers of a type, relative to them. */
  private static double unit(ElementType type) {
    return switch (type) {
      case F64 -> 0;
      case F32 -> 0x1p-23;
      case F16 -> 0x1p-10;
      case BF16 -> 0x1p-7;
    };
  }

  @ParameterizedTest
  @CsvSource({
    "FOLDED, 12, 10", "FOLDED, 9, 31", "FOLDED, 1, 7", "FOLDED, 64, 1", "FOLDED, 33, 64",
    "PRUNED, 12, 10", "PRUNED, 9, 31", "PRUNED, 1, 7", "PRUNED, 64, 1", "PRUNED, 33, 64"
  })
  void theResultIsThatOfThePlainPath(DensePath path, int rows, int cols) {
    List<FourierAdapter> adapters = adapters(rows, cols, 3);
    try (CudaFourierEngine plain = open(false);
        CudaFourierEngine linked = open(true)) {
      for (ElementType type :
          new ElementType[] {ElementType.F64, ElementType.F32, ElementType.F16, ElementType.BF16}) {
        assertSame(
            adapters,
            type,
            deltas(plain, adapters, type, path),
            deltas(linked, adapters, type, path));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"FOLDED, 1", "PRUNED, 2"})
  void nothingButTheTransformsIsEnqueued(DensePath path, long transforms) {
    List<FourierAdapter> adapters = adapters(24, 20, 2);
    try (CudaFourierEngine engine = open(true);
        DeviceBuffer first = engine.newBuffer(ElementType.F32, 24, 20);
        DeviceBuffer second = engine.newBuffer(ElementType.BF16, 24, 20)) {
      engine.deltaWeights(adapters, List.of(first, second), path);
      emulator.resetCalls();
      engine.deltaWeights(adapters, List.of(first, second), path);
      assertEquals(transforms, emulator.calls("exec"));
      assertEquals(0, emulator.calls("launch"));
      assertEquals(0, emulator.calls("memset"));
      assertEquals(0, emulator.calls("copy"));
      assertEquals(0, emulator.calls("alloc"));
      engine.deltaWeights(adapters, List.of(second, first), path);
      assertTrue(emulator.calls("copy") > 0, "other targets need another caller info");
      engine.synchronize();
    }
  }

  @ParameterizedTest
  @CsvSource({"FOLDED", "PRUNED"})
  void aRecordingMayUseOnePlanForSeveralCalls(DensePath path) {
    List<FourierAdapter> adapters = adapters(24, 20, 2);
    try (CudaFourierEngine plain = open(false);
        CudaFourierEngine engine = open(true);
        DeviceBuffer first = engine.newBuffer(ElementType.F32, 24, 20);
        DeviceBuffer second = engine.newBuffer(ElementType.F32, 24, 20)) {
      try (CudaGraph graph =
          engine.record(
              on -> {
                on.deltaWeights(adapters.subList(0, 1), List.of(first), path);
                on.deltaWeights(adapters.subList(1, 2), List.of(second), path);
                on.deltaWeights(adapters.subList(0, 1), List.of(first), path);
              })) {
        for (int repeat = 0; repeat < 2; repeat++) {
          engine.zero(first);
          engine.zero(second);
          graph.launch();
          for (int i = 0; i < 2; i++) {
            float[] expected = new float[24 * 20];
            float[] found = new float[24 * 20];
            plain.deltaWeights(
                adapters.subList(i, i + 1), List.of(Matrix.of(expected, 24, 20)), path);
            engine.download(i == 0 ? first : second, Matrix.of(found, 24, 20));
            PlanRounding.assertSame(expected, found);
          }
        }
      }
    }
  }

  @Test
  void memoryForOneAdapterIsEnough() {
    List<FourierAdapter> adapters = adapters(40, 30, 3);
    byte[] expected;
    try (CudaFourierEngine plain = open(false)) {
      expected = deltas(plain, adapters, ElementType.F32, DensePath.FOLDED);
    }
    try (CudaFourierEngine engine = with(MemoryBudget.PROPERTY, "16K", () -> open(true))) {
      assertSame(
          adapters,
          ElementType.F32,
          expected,
          deltas(engine, adapters, ElementType.F32, DensePath.FOLDED));
    }
  }

  @Test
  void whatCufftLoadsForThemIsNamed() {
    try (CudaFourierEngine engine = open(true)) {
      String probes = engine.selection().probes().toString();
      assertTrue(probes.contains("NVRTC of CUDA 13") || probes.contains("NVRTC ("), probes);
      assertTrue(probes.contains("nvJitLink of CUDA 13") || probes.contains("nvJitLink ("), probes);
    }
  }

  @Test
  void theCufftOfCuda12HasThemUnderAnotherName() {
    String other =
        Path.of(System.getProperty("fourierft.cufft"))
            .resolveSibling("cufft11")
            .resolve("libcufft.so.11")
            .toString();
    List<FourierAdapter> adapters = adapters(12, 10, 2);
    try (CudaFourierEngine plain = open(false);
        CudaFourierEngine engine = with("fourierft.cufft", other, () -> open(true))) {
      assertSame(
          adapters,
          ElementType.F32,
          deltas(plain, adapters, ElementType.F32, DensePath.PRUNED),
          deltas(engine, adapters, ElementType.F32, DensePath.PRUNED));
    }
  }

  @Test
  void theCufftOfCuda11HasNone() {
    String other =
        Path.of(System.getProperty("fourierft.cufft"))
            .resolveSibling("cufft10")
            .resolve("libcufft.so.10")
            .toString();
    String message = with("fourierft.cufft", other, () -> refusal("on"));
    assertTrue(message.contains(other + " takes no link-time callbacks"), message);
    assertTrue(message.contains("-Dfourierft.cuda.callbacks=off"), message);
  }

  @Test
  void anUnknownChoiceIsRefused() {
    String message = refusal("maybe");
    assertTrue(message.contains("-Dfourierft.cuda.callbacks=maybe is unknown"), message);
  }

  @Test
  void kernelsWithoutCallbacksAreNotEnough(@TempDir Path folder) throws IOException {
    Path kernels = folder.resolve("fourierft.fatbin");
    Files.copy(Path.of(System.getProperty(KernelImage.PROPERTY)), kernels);
    String message = with(KernelImage.PROPERTY, kernels.toString(), () -> refusal("on"));
    assertTrue(message.contains("the kernel image has none beside it"), message);
  }

  @Test
  void anImageThatCannotBeLinkedFailsWhenThePlanIsMade(@TempDir Path folder) throws IOException {
    Path original = Path.of(System.getProperty(KernelImage.PROPERTY));
    Path kernels = folder.resolve("fourierft.fatbin");
    Files.copy(original, kernels);
    for (Callback callback : Callback.values()) {
      Files.writeString(folder.resolve(callback.symbol() + ".fatbin"), "no image");
    }
    try (CudaFourierEngine engine =
        with(KernelImage.PROPERTY, kernels.toString(), () -> open(true))) {
      CufftException failure =
          assertThrows(
              CufftException.class,
              () -> deltas(engine, adapters(12, 10, 2), ElementType.F32, DensePath.FOLDED));
      assertEquals("CUFFT_NVJITLINK_FAILURE", failure.codeName());
    }
  }

  private static String refusal(String choice) {
    EngineUnavailableException refused =
        assertThrows(
            EngineUnavailableException.class,
            () ->
                with(
                    CallbackSurvey.PROPERTY,
                    choice,
                    () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda"))));
    return String.valueOf(refused.getMessage());
  }

  @Test
  void whatStandsBetweenTheRowsOfATargetIsKept() {
    FourierAdapter adapter = adapters(6, 5, 1).get(0);
    float[] whole = new float[6 * 8];
    Arrays.fill(whole, 7);
    try (CudaFourierEngine engine = open(true);
        DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 6, 8)) {
      engine.upload(Matrix.of(whole, 6, 8), buffer);
      engine.deltaWeights(
          List.of(adapter),
          List.of(engine.matrixAt(buffer.pointer(), ElementType.F32, 6, 5, 8)),
          DensePath.FOLDED);
      float[] found = new float[6 * 8];
      engine.download(buffer, Matrix.of(found, 6, 8));
      for (int p = 0; p < 6; p++) {
        for (int q = 5; q < 8; q++) {
          assertEquals(7, found[p * 8 + q]);
        }
      }
    }
  }
}
