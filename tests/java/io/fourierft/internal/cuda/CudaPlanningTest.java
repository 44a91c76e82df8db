package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.ffm.PlanLayout;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.KernelImage;
import io.fourierft.internal.cuda.kernels.KernelModule;
import io.fourierft.internal.cuda.memory.MemoryBudget;
import io.fourierft.internal.cuda.ops.DensePlan;
import io.fourierft.internal.cuda.ops.RoundedBatch;
import io.fourierft.internal.cuda.ops.TokenShares;
import io.fourierft.internal.cuda.resident.ColumnSlots;
import io.fourierft.internal.cuda.resident.OperatorTable;
import io.fourierft.internal.cuda.struct.DivisorStruct;
import io.fourierft.internal.definition.DeltaScale;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the CUDA engine decides before it calls CUDA. */
class CudaPlanningTest {
  private static CudaDevice device(int major, int minor) {
    return new CudaDevice(0, 0, "a GPU", major, minor, 80, 1L << 34);
  }

  private static KernelImage image() {
    return new KernelImage(new byte[0], "test", 13000, List.of(75, 80, 86, 89, 90, 100, 120), 75);
  }

  @ParameterizedTest
  @CsvSource({"7,5", "8,0", "8,7", "9,0", "10,0", "10,3", "12,1"})
  void aGpuOfAListedGenerationNeedsNoCompiling(int major, int minor) {
    assertNull(image().obstacle(device(major, minor), 13000));
  }

  @Test
  void aNewerGpuCompilesThePtxIfItsDriverCan() {
    assertNull(image().obstacle(device(13, 0), 13000));
    Obstacle old =
        new KernelImage(new byte[0], "test", 13020, List.of(75), 75).obstacle(device(13, 0), 13010);
    assertNotNull(old);
    assertEquals(
        "the kernel image: it has no machine code for a GPU (compute capability 13.0), and the"
            + " driver of CUDA 13.1 cannot compile the PTX of CUDA 13.2; update the NVIDIA driver",
        old.toString());
  }

  @Test
  void anOlderGpuHasNoCode() {
    Obstacle none = image().obstacle(device(7, 0), 13000);
    assertNotNull(none);
    assertEquals(
        "the kernel image: it has code for [75, 80, 86, 89, 90, 100, 120], none for a GPU (compute"
            + " capability 7.0); use a GPU of compute capability 7.5 or later, or build the jar"
            + " with -DFOURIERFT_ARCHITECTURES=70",
        none.toString());
  }

  @Test
  void aDriverOlderThanTheCompilerIsTold() {
    Obstacle old = image().obstacle(device(9, 0), 12080);
    assertNotNull(old);
    assertEquals(
        "the CUDA driver: it knows CUDA 12.8, but the kernels were compiled by CUDA 13.0; update"
            + " the NVIDIA driver, or build the jar with an older CUDA toolkit",
        old.toString());
  }

  @Test
  void anotherAbiOfTheKernelsIsTold() {
    FourierException refusal =
        assertThrows(FourierException.class, () -> KernelModule.requireAbi(99));
    assertEquals(
        "the kernel image has ABI version 99, but this jar needs 8; build the kernels again",
        refusal.getMessage());
  }

  @Test
  void cufftMustFitTheDriver() {
    assertNull(CudaSurvey.unfit(10900, 11080));
    assertNull(CudaSurvey.unfit(11300, 13000));
    assertNull(CudaSurvey.unfit(12000, 0));
    assertEquals(
        "it belongs to CUDA 12, but the driver knows only CUDA 11.8",
        CudaSurvey.unfit(11200, 11080));
    assertEquals("it is cuFFT 9.2, older than CUDA 11", CudaSurvey.unfit(9200, 13000));
  }

  @Test
  void everyObstacleIsCollectedAndAForcedChoiceFails() {
    System.setProperty(LibraryFinder.DRIVER_PROPERTY, LibraryFinder.NOWHERE);
    System.setProperty(LibraryFinder.CUFFT_PROPERTY, "/nowhere/libcufft.so.12");
    try {
      EngineProbe probe =
          new CudaEngineProvider().examine(EngineOptions.defaults().withDevice("cuda:3")).probe();
      EngineProbe.Unavailable unavailable = (EngineProbe.Unavailable) probe;
      List<String> what = unavailable.obstacles().stream().map(Obstacle::what).toList();
      assertTrue(what.containsAll(List.of("the CUDA driver", "cuFFT")), what.toString());
      EngineUnavailableException refusal =
          assertThrows(
              EngineUnavailableException.class,
              () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda:3")));
      String message = String.valueOf(refusal.getMessage());
      assertTrue(message.startsWith("no engine for device 'cuda:3' can be had"), message);
      assertTrue(
          message.contains("/nowhere/libcufft.so.12 (-Dfourierft.cufft): there is no such file"),
          message);
      try (FourierEngine automatic =
          FourierEngine.create(EngineOptions.defaults().withDevice("auto"))) {
        assertEquals("cpu", automatic.name());
        assertEquals(2, automatic.selection().probes().size());
      }
    } finally {
      System.clearProperty(LibraryFinder.DRIVER_PROPERTY);
      System.clearProperty(LibraryFinder.CUFFT_PROPERTY);
    }
  }

  @Test
  void sizesAreReadWithTheirUnits() {
    assertEquals(5, MemoryBudget.parse("5"));
    assertEquals(5 << 10, MemoryBudget.parse("5k"));
    assertEquals(3L << 30, MemoryBudget.parse(" 3G "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "G", "0", "-1M", "9999999999999G", "12 apples"})
  void whatIsNoSizeIsRefused(String text) {
    FourierException refusal = assertThrows(FourierException.class, () -> MemoryBudget.parse(text));
    assertTrue(String.valueOf(refusal.getMessage()).startsWith("fourierft.cuda.scratch=" + text));
  }

  @Test
  void batchesAreRoundedUpByAnEighthAtMostAndInOrder() {
    long before = 0;
    for (long tokens = 0; tokens < 70_000; tokens++) {
      long rounded = RoundedBatch.of(tokens);
      assertTrue(rounded >= tokens && rounded <= tokens + tokens / 8, tokens + " to " + rounded);
      assertTrue(rounded >= before);
      assertEquals(rounded, RoundedBatch.of(rounded));
      before = rounded;
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,7", "7,1", "2,2", "5,8", "8,5", "13,11", "12,12"})
  void theOperatorsRowsAreTheFoldedSpectrum(int rows, int cols) {
    int n = Math.max(1, rows * cols / 2);
    SpectralLocations places = SpectralLocations.of(rows, cols, n, 4);
    check(OperatorTable.forward(places), places, false);
    check(OperatorTable.transposed(places), places, true);
  }

  /** Z[u] += c·X[v] over all u, folded as a Hermitian spectrum, against the compressed rows. */
  private static void check(OperatorTable table, SpectralLocations places, boolean transposed) {
    int outputs = transposed ? places.cols() : places.rows();
    int inputs = transposed ? places.rows() : places.cols();
    Random random = new Random(7);
    double[] re = new double[inputs / 2 + 1];
    double[] im = new double[inputs / 2 + 1];
    for (int i = 0; i < re.length; i++) {
      re[i] = random.nextGaussian();
      im[i] = i == 0 || 2 * i == inputs ? 0 : random.nextGaussian();
    }
    double[] zRe = new double[outputs];
    double[] zIm = new double[outputs];
    for (int k = 0; k < places.nFrequency(); k++) {
      int u = transposed ? places.col(k) : places.row(k);
      int v = transposed ? places.row(k) : places.col(k);
      // X[v] is the conjugate of the forward transform, whose other half is the conjugate of this.
      boolean conjugate = v <= inputs / 2;
      int bin = conjugate ? v : inputs - v;
      zRe[u] += (k + 1) * re[bin];
      zIm[u] += (k + 1) * (conjugate ? -im[bin] : im[bin]);
    }
    assertEquals(outputs / 2 + 2, table.binStart().length);
    for (int b = 0; b <= outputs / 2; b++) {
      double sumRe = 0;
      double sumIm = 0;
      for (int e = table.binStart()[b]; e < table.binStart()[b + 1]; e++) {
        int source = table.source()[e] / 2;
        double c = 0.5 * (table.frequency()[e] + 1);
        sumRe += c * re[source];
        sumIm += c * (table.source()[e] % 2 == 1 ? -im[source] : im[source]);
      }
      int mirror = b == 0 ? 0 : outputs - b;
      assertEquals((zRe[b] + zRe[mirror]) / 2, sumRe, 1e-9);
      assertEquals((zIm[b] - zIm[mirror]) / 2, sumIm, 1e-9);
    }
  }

  @Test
  void theColumnsThatAreFilledAreNumbered() {
    SpectralLocations places =
        SpectralLocations.of(4, 9, new int[] {0, 1, 2, 3}, new int[] {8, 1, 4, 0});
    ColumnSlots slots = ColumnSlots.of(places);
    assertArrayEquals(new int[] {0, 1, -1, -1, 2}, slots.slot());
    assertEquals(3, slots.count());
  }

  @Test
  void thePathFollowsTheFigures() {
    assertEquals(DensePath.DIRECT, DensePlan.choose(DensePath.AUTO, false, 4096, 8, 8));
    assertEquals(DensePath.PRUNED, DensePlan.choose(DensePath.AUTO, false, 4096, 1000, 800));
    assertEquals(DensePath.FOLDED, DensePlan.choose(DensePath.AUTO, false, 768, 1000, 350));
    assertEquals(DensePath.REFERENCE, DensePlan.choose(DensePath.REFERENCE, true, 768, 1000, 350));
  }

  @Test
  void sizesBeyondIntsArePlannedInLongs() {
    PlanLayout layout =
        new PlanKey(PlanKey.Kind.HALF_TO_REAL_2D_IN_PLACE, 70_000, 70_000, 3).layout();
    assertEquals(70_000L * 35_001, layout.input().distance());
    assertEquals(2 * 70_000L * 35_001, layout.output().distance());
    assertEquals(3, layout.batch());
    DensePlan plan = new DensePlan(DensePath.REFERENCE, 70_000, 70_000, 0);
    assertEquals(8L * 70_000 * 70_000, plan.resultBytes());
    assertEquals(2L * 70_000 * 70_000, plan.distance());
  }

  @Test
  void tokensAreSharedOutByAdapterInOrder() {
    FourierAdapter adapter = FourierAdapter.of(SpectralLocations.of(4, 4, 3, 1), new float[3], 1);
    AdapterRouting routing =
        AdapterRouting.perToken(
            List.of(adapter, adapter, adapter), new int[] {2, 0, -1, 2, 0, 2, -1});
    TokenShares shares = TokenShares.of(routing, 1, 5);
    assertArrayEquals(new int[] {0, 3, 2, 4}, shares.listed());
    assertEquals(2, shares.count(0));
    assertEquals(0, shares.count(1));
    assertEquals(2, shares.count(2));
    assertEquals(0, shares.chunks(1));
    assertEquals(2 * 3, shares.partials(routing));
  }

  @Test
  void theFactorIsSplitExactly() {
    for (float size : new float[] {0, Float.MIN_VALUE, 1e-20f, 1, 1e20f, 3e38f}) {
      for (double scaling : new double[] {1e-38, 1e-3, 150, 1e30}) {
        FourierAdapter adapter =
            FourierAdapter.of(SpectralLocations.of(48, 40, 1, 1), new float[] {size}, scaling);
        DeltaScale split = DeltaScale.of(adapter, size);
        double factor = DeltaScale.factor(adapter);
        assertEquals(factor, (double) split.before() * split.after(), 6e-8 * factor);
        assertTrue(split.before() >= Float.MIN_NORMAL && Float.isFinite(split.before()));
        assertTrue(split.after() >= Float.MIN_NORMAL && Float.isFinite(split.after()));
      }
    }
    FourierAdapter zero = FourierAdapter.of(SpectralLocations.of(4, 4, 1, 1), new float[] {1}, 0);
    assertEquals(new DeltaScale(0, 1), DeltaScale.of(zero, 1));
  }

  @Test
  void callbacksOfANewerCudaThanThatOfCufftAreNotUsed() {
    Cufft cufft =
        (Cufft)
            Proxy.newProxyInstance(
                CudaPlanningTest.class.getClassLoader(),
                new Class<?>[] {Cufft.class},
                (_, method, _) ->
                    switch (method.getName()) {
                      case "takesCallbacks" -> true;
                      case "getVersion" -> 11303;
                      case "library" -> "libcufft.so.11";
                      default -> throw new AssertionError(method);
                    });
    System.setProperty(CallbackSurvey.PROPERTY, "on");
    try {
      CallbackSurvey survey = CallbackSurvey.examine(cufft, 13000);
      assertNull(survey.images());
      assertEquals(
          "cuFFT's callbacks: they were compiled by CUDA 13.0, and libcufft.so.11 belongs to CUDA"
              + " 12, whose linker cannot read them; install the cuFFT of CUDA 13, build the jar"
              + " with the toolkit of CUDA 12, or give -Dfourierft.cuda.callbacks=off",
          String.valueOf(survey.obstacle()));
    } finally {
      System.clearProperty(CallbackSurvey.PROPERTY);
    }
    assertNull(CallbackSurvey.examine(cufft, 13000).obstacle());
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "33", "4096", "14338", "4294967296", "6148914691236517205"})
  void theMagicNumberOfADivisorIsRightOrOneTooSmall(long divisor) {
    long magic = DivisorStruct.of(divisor).magic();
    Random random = new Random(divisor);
    for (int i = 0; i < 10_000; i++) {
      long value = i < 100 ? divisor * i - (i & 1) : random.nextLong() >>> random.nextInt(1, 60);
      if (value < 0) {
        continue;
      }
      long quotient = Math.unsignedMultiplyHigh(value, magic);
      long exact = value / divisor;
      assertTrue(quotient == exact || quotient == exact - 1, value + " / " + divisor);
    }
  }
}
