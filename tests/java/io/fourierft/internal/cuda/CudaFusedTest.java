package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdditionReport;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.ops.FusedUse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deltas and additions by one kernel that keeps rows in shared memory. */
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
class CudaFusedTest {
  private EmulatedCuda emulator;

  @BeforeEach
  void connect() {
    emulator = EmulatedCuda.require();
  }

  @AfterEach
  void takeThePropertyBack() {
    System.clearProperty(FusedUse.PROPERTY);
  }

  private static FourierAdapter adapter(int rows, int cols, int n) {
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, rows), floats(n, cols), 150);
  }

  private static float[] floats(int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] delta(CudaFourierEngine engine, FourierAdapter adapter, DensePath path) {
    float[] values = new float[adapter.rows() * adapter.cols()];
    engine.deltaWeights(
        List.of(adapter), List.of(Matrix.of(values, adapter.rows(), adapter.cols())), path);
    return values;
  }

  private static void assertClose(float[] expected, float[] actual) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      error += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    assertTrue(Math.sqrt(error) <= 1e-6 * Math.sqrt(norm), Math.sqrt(error / norm) + " off");
  }

  @Test
  void deltasOfSeveralShapesAreOneLaunchAndNothingElse() {
    int[][] shapes = {{12, 20}, {7, 9}, {64, 48}, {1, 33}};
    List<FourierAdapter> adapters = new ArrayList<>();
    List<Matrix> out = new ArrayList<>();
    try (CudaFourierEngine engine = EmulatedCuda.open(0);
        DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 1, 4096)) {
      int at = 0;
      for (int[] shape : shapes) {
        adapters.add(adapter(shape[0], shape[1], 7));
        out.add(
            engine.matrixAt(
                buffer.pointer() + (long) at * Float.BYTES,
                ElementType.F32,
                shape[0],
                shape[1],
                shape[1]));
        at += shape[0] * shape[1];
      }
      engine.deltaWeights(adapters, out, DensePath.FUSED);
      float[] once = new float[4096];
      engine.download(buffer, Matrix.of(once, 1, 4096));
      emulator.resetCalls();
      engine.deltaWeights(adapters, out, DensePath.AUTO);
      assertEquals(1, emulator.calls("launch"));
      assertEquals(0, emulator.calls("exec"));
      assertEquals(0, emulator.calls("memset"));
      assertEquals(0, emulator.calls("alloc"));
      float[] twice = new float[4096];
      engine.download(buffer, Matrix.of(twice, 1, 4096));
      at = 0;
      for (FourierAdapter adapter : adapters) {
        float[] expected = delta(engine, adapter, DensePath.REFERENCE);
        float[] found = Arrays.copyOfRange(twice, at, at + expected.length);
        assertClose(expected, found);
        assertArrayEquals(Arrays.copyOfRange(once, at, at + expected.length), found);
        at += expected.length;
      }
    }
  }

  @Test
  void whereColumnsDoNotFitRowsOfTheTransposeAreComputed() {
    FourierAdapter wide = adapter(6, 1031, 40);
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      assertClose(delta(engine, wide, DensePath.REFERENCE), delta(engine, wide, DensePath.FUSED));
    }
  }

  @Test
  void aShapeThatDoesNotFitIsRefusedIfForcedAndElseTransformed() {
    FourierAdapter prime = adapter(1031, 1033, 20);
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      FourierException refusal =
          assertThrows(FourierException.class, () -> delta(engine, prime, DensePath.FUSED));
      String message = String.valueOf(refusal.getMessage());
      assertTrue(message.contains("1031 x 1033 does not fit"), message);
      assertTrue(message.contains("choose another dense path, or AUTO"), message);
      emulator.resetCalls();
      delta(engine, prime, DensePath.AUTO);
      assertTrue(emulator.calls("exec") > 0);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void additionsAreTheSameByEitherWay(boolean transposed) {
    FourierAdapter adapter = adapter(24, 40, 48);
    float[] weight = floats(24 * 40, 3);
    float[] fused = weight.clone();
    float[] again = weight.clone();
    float[] transformed = weight.clone();
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      add(engine, adapter, fused, transposed);
      emulator.resetCalls();
      AdditionReport report = add(engine, adapter, again, transposed);
      assertEquals(2, emulator.calls("launch"));
      assertEquals(0, emulator.calls("exec"));
      assertArrayEquals(fused, again);
      System.setProperty(FusedUse.PROPERTY, "off");
      try (CudaFourierEngine other = EmulatedCuda.open(1)) {
        emulator.resetCalls();
        AdditionReport expected = add(other, adapter, transformed, transposed);
        assertTrue(emulator.calls("exec") > 0);
        assertEquals(expected.deltaNorm(), report.deltaNorm(), 1e-6 * expected.deltaNorm());
        assertEquals(expected.weightNorm(), report.weightNorm(), 1e-9);
      }
    }
    assertClose(transformed, fused);
  }

  private static AdditionReport add(
      CudaFourierEngine engine, FourierAdapter adapter, float[] weight, boolean transposed) {
    int rows = transposed ? adapter.cols() : adapter.rows();
    int cols = transposed ? adapter.rows() : adapter.cols();
    return engine.addDeltaReporting(
        adapter,
        Matrix.of(weight, rows, cols),
        transposed ? WeightLayout.IN_OUT : WeightLayout.OUT_IN,
        Addition.ADD);
  }

  @Test
  void thePropertyForcesOrForbidsTheKernels() {
    FourierAdapter prime = adapter(1031, 1033, 20);
    System.setProperty(FusedUse.PROPERTY, "on");
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      assertThrows(FourierException.class, () -> delta(engine, prime, DensePath.AUTO));
    }
    System.setProperty(FusedUse.PROPERTY, "perhaps");
    FourierException refusal =
        assertThrows(FourierException.class, () -> EmulatedCuda.open(0).close());
    assertTrue(String.valueOf(refusal.getMessage()).contains("auto, off or on"));
  }

  @Test
  void manyCoefficientsGoToCufft() {
    FourierAdapter dense = adapter(10, 16, 49);
    FourierAdapter sparse = adapter(10, 16, 48);
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      emulator.resetCalls();
      delta(engine, sparse, DensePath.AUTO);
      assertEquals(0, emulator.calls("exec"));
      delta(engine, dense, DensePath.AUTO);
      assertTrue(emulator.calls("exec") > 0);
    }
  }

  /** Every width that models have fits the memory of a Hopper or Blackwell GPU. */
  @ParameterizedTest
  @ValueSource(
      ints = {
        768, 896, 1024, 1152, 1280, 1536, 2048, 2304, 2560, 3072, 3584, 4096, 4608, 5120, 5632,
        6144, 6912, 7168, 8192, 8960, 9728, 11008, 12288, 13824, 14336, 16384
      })
  void everyWidthIsServed(int width) {
    assertTrue(LinePlan.isServed(width));
    assertTrue(LinePlan.ofRows(width).sharedBytes(1) <= 227 * 1024);
    assertTrue(2 * LinePlan.ofTokens(width).sharedBytes(1) <= 163 * 1024);
    assertTrue(LinePlan.largestPrime(width) <= 61);
  }
}
