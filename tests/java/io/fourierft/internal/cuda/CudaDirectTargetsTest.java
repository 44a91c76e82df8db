package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The last transform writes deltas itself where it may, and the same deltas where it may not. */
@OnEmulator
class CudaDirectTargetsTest {
  private EmulatedCuda emulator;

  @BeforeEach
  void connect() {
    emulator = EmulatedCuda.require();
  }

  private static List<FourierAdapter> adapters(int rows, int cols, double scaling) {
    List<FourierAdapter> adapters = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Random random = new Random(i);
      float[] spectrum = new float[12];
      for (int k = 0; k < spectrum.length; k++) {
        spectrum[k] = (float) random.nextGaussian();
      }
      adapters.add(FourierAdapter.of(SpectralLocations.of(rows, cols, 12, i), spectrum, scaling));
    }
    return adapters;
  }

  /** The deltas by way of rows that stand apart, which only a kernel can store. */
  private float[] stored(
      CudaFourierEngine engine, List<FourierAdapter> adapters, DensePath path, long transforms) {
    int rows = adapters.get(0).rows();
    int cols = adapters.get(0).cols();
    try (DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 3 * rows, cols + 1)) {
      List<CudaMatrix> out = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        CudaMatrix part = buffer.slice(i * rows, rows);
        out.add(engine.matrixAt(part.pointer(), ElementType.F32, rows, cols, cols + 1));
      }
      emulator.resetCalls();
      engine.deltaWeights(adapters, out, path);
      assertEquals(transforms, emulator.calls("exec"));
      assertEquals(launches(path) + 1, emulator.calls("launch"));
      float[] padded = new float[3 * rows * (cols + 1)];
      engine.download(buffer, Matrix.of(padded, 3 * rows, cols + 1));
      float[] dense = new float[3 * rows * cols];
      for (int p = 0; p < 3 * rows; p++) {
        System.arraycopy(padded, p * (cols + 1), dense, p * cols, cols);
      }
      return dense;
    }
  }

  /** A scatter, and on the pruned path the expansion of the columns. */
  private static int launches(DensePath path) {
    return path == DensePath.FOLDED ? 1 : 2;
  }

  @ParameterizedTest
  @CsvSource({"FOLDED, 1", "PRUNED, 2"})
  void deltasOneBehindTheOtherAreWrittenTogether(DensePath path, long transforms) {
    List<FourierAdapter> adapters = adapters(12, 20, 150);
    try (CudaFourierEngine engine = EmulatedCuda.open(0);
        DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 3 * 12, 20)) {
      float[] expected = stored(engine, adapters, path, transforms);
      emulator.resetCalls();
      engine.deltaWeights(
          adapters, List.of(buffer.slice(0, 12), buffer.slice(12, 12), buffer.slice(24, 12)), path);
      assertEquals(transforms, emulator.calls("exec"));
      assertEquals(launches(path), emulator.calls("launch"));
      float[] found = new float[3 * 12 * 20];
      engine.download(buffer, Matrix.of(found, 36, 20));
      PlanRounding.assertSame(expected, found);
    }
  }

  @ParameterizedTest
  @CsvSource({"FOLDED, 1", "PRUNED, 2"})
  void smallDeltasApartAreStoredByAKernel(DensePath path, long transforms) {
    List<FourierAdapter> adapters = adapters(12, 20, 150);
    try (CudaFourierEngine engine = EmulatedCuda.open(0);
        DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 4 * 12, 20)) {
      float[] expected = stored(engine, adapters, path, transforms);
      emulator.resetCalls();
      engine.deltaWeights(
          adapters,
          List.of(buffer.slice(36, 12), buffer.slice(12, 12), buffer.slice(24, 12)),
          path);
      assertEquals(transforms, emulator.calls("exec"));
      assertEquals(launches(path) + 1, emulator.calls("launch"));
      float[] found = new float[4 * 12 * 20];
      engine.download(buffer, Matrix.of(found, 48, 20));
      float[] ordered = new float[expected.length];
      System.arraycopy(found, 36 * 20, ordered, 0, 240);
      System.arraycopy(found, 12 * 20, ordered, 240, 480);
      PlanRounding.assertSame(expected, ordered);
    }
  }

  @ParameterizedTest
  @CsvSource({"FOLDED, 3", "PRUNED, 4"})
  void largeDeltasApartAreWrittenOneByOne(DensePath path, long transforms) {
    List<FourierAdapter> adapters = adapters(1024, 1024, 150);
    try (CudaFourierEngine engine = EmulatedCuda.open(0);
        DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 4 * 1024, 1024)) {
      float[] expected = stored(engine, adapters, path, path == DensePath.FOLDED ? 1 : 2);
      emulator.resetCalls();
      engine.deltaWeights(
          adapters,
          List.of(buffer.slice(3072, 1024), buffer.slice(1024, 1024), buffer.slice(2048, 1024)),
          path);
      assertEquals(transforms, emulator.calls("exec"));
      assertEquals(launches(path), emulator.calls("launch"));
      float[] found = new float[1 << 20];
      for (int i = 0; i < 3; i++) {
        engine.download(buffer.slice(i == 0 ? 3072 : 1024 * i, 1024), Matrix.of(found, 1024, 1024));
        float[] part = new float[1 << 20];
        System.arraycopy(expected, i << 20, part, 0, 1 << 20);
        PlanRounding.assertSame(part, found);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"FOLDED", "PRUNED"})
  void aResultThatNeedsAFactorIsStoredByAKernel(DensePath path) {
    List<FourierAdapter> adapters = adapters(12, 20, 1e25);
    try (CudaFourierEngine engine = EmulatedCuda.open(0);
        DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 3 * 12, 20)) {
      float[] expected = stored(engine, adapters, path, path == DensePath.FOLDED ? 1 : 2);
      emulator.resetCalls();
      engine.deltaWeights(
          adapters, List.of(buffer.slice(0, 12), buffer.slice(12, 12), buffer.slice(24, 12)), path);
      assertEquals(launches(path) + 1, emulator.calls("launch"));
      float[] found = new float[3 * 12 * 20];
      engine.download(buffer, Matrix.of(found, 36, 20));
      PlanRounding.assertSame(expected, found);
    }
  }

  @ParameterizedTest
  @CsvSource({"FOLDED", "PRUNED"})
  void hostMatricesAreDownloadedFromWhereTheTransformWrites(DensePath path) {
    List<FourierAdapter> adapters = adapters(16, 32, 150);
    try (CudaFourierEngine engine = EmulatedCuda.open(0)) {
      float[] expected = stored(engine, adapters, path, path == DensePath.FOLDED ? 1 : 2);
      float[] found = new float[3 * 16 * 32];
      emulator.resetCalls();
      engine.deltaWeights(
          adapters,
          List.of(
              Matrix.of(found, 0, 16, 32, 32),
              Matrix.of(found, 512, 16, 32, 32),
              Matrix.of(found, 1024, 16, 32, 32)),
          path);
      assertEquals(launches(path), emulator.calls("launch"));
      PlanRounding.assertSame(expected, found);
    }
  }
}
