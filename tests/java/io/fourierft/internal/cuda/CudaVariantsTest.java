package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DensePath;
import io.fourierft.EngineOptions;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.internal.cuda.memory.MemoryBudget;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ways in which a benchmark varies the engine: patient plans, few adapters at a time. */
@OnEmulator
class CudaVariantsTest {
  private static final int ROWS = 24;
  private static final int COLS = 40;

  private EmulatedCuda emulator;

  @BeforeEach
  void connect() {
    emulator = EmulatedCuda.require();
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

  private static List<HostMatrix> deltas(CudaFourierEngine engine, DensePath path) {
    List<FourierAdapter> adapters = new ArrayList<>();
    List<HostMatrix> out = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      adapters.add(
          FourierAdapter.of(
              SpectralLocations.of(ROWS, COLS, 12, i), DeviceEngineTest.floats(12, i), 150));
      out.add(Matrix.of(new float[ROWS * COLS], ROWS, COLS));
    }
    engine.deltaWeights(adapters, out, path);
    return out;
  }

  private static void assertSame(List<HostMatrix> expected, List<HostMatrix> found) {
    for (int i = 0; i < expected.size(); i++) {
      PlanRounding.assertSame(
          DeviceEngineTest.floatsOf(expected.get(i)), DeviceEngineTest.floatsOf(found.get(i)));
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
  void everyPlanOfAPatientEngineIsToldSoBeforeItIsMade() {
    try (CudaFourierEngine plain = EmulatedCuda.open(0);
        CudaFourierEngine patient =
            with(CudaSurvey.PATIENT_PROPERTY, "on", () -> EmulatedCuda.open(0))) {
      List<HostMatrix> expected = deltas(plain, DensePath.PRUNED);
      assertEquals(0, emulator.calls("cufftSetPlanPropertyInt64"));
      emulator.resetCalls();
      assertSame(expected, deltas(patient, DensePath.PRUNED));
      assertTrue(emulator.calls("cufftCreate") > 0);
      assertEquals(emulator.calls("cufftCreate"), emulator.calls("cufftSetPlanPropertyInt64"));
    }
  }

  @Test
  void patienceThatCannotBeHadIsRefused() {
    assertTrue(
        with(CudaSurvey.PATIENT_PROPERTY, "very", CudaVariantsTest::refusal)
            .contains("-Dfourierft.cuda.patient=very is unknown"));
    String old =
        Path.of(System.getProperty("fourierft.cufft"))
            .resolveSibling("cufft10")
            .resolve("libcufft.so.10")
            .toString();
    String message =
        with(
            CudaSurvey.PATIENT_PROPERTY,
            "on",
            () -> with("fourierft.cufft", old, CudaVariantsTest::refusal));
    assertTrue(message.contains("has no cufftSetPlanPropertyInt64"), message);
    String bound =
        with(
            CudaSurvey.PATIENT_PROPERTY,
            "on",
            () -> with(CudaSurvey.BINDING_PROPERTY, "jcufft", CudaVariantsTest::refusal));
    assertTrue(bound.contains("jcufft cannot ask for it"), bound);
  }

  @ParameterizedTest
  @CsvSource({"FOLDED, 1", "PRUNED, 2"})
  void oneAdapterAtATimeGivesWhatAllTogetherGive(DensePath path, long transforms) {
    try (CudaFourierEngine plain = EmulatedCuda.open(0);
        CudaFourierEngine single =
            with(MemoryBudget.CHUNK_PROPERTY, "1", () -> EmulatedCuda.open(0))) {
      emulator.resetCalls();
      List<HostMatrix> expected = deltas(plain, path);
      assertEquals(transforms, emulator.calls("exec"));
      emulator.resetCalls();
      assertSame(expected, deltas(single, path));
      assertEquals(3 * transforms, emulator.calls("exec"));
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "-3", "many"})
  void aChunkThatIsNoNumberOfAdaptersIsRefused(String given) {
    FourierException refused =
        assertThrows(
            FourierException.class,
            () -> with(MemoryBudget.CHUNK_PROPERTY, given, () -> EmulatedCuda.open(0)));
    assertTrue(
        String.valueOf(refused.getMessage()).contains("fourierft.cuda.chunk=" + given),
        refused.getMessage());
  }
}
