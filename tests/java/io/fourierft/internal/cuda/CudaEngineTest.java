package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.ShapeException;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.memory.MemoryBudget;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the CUDA engine has beyond every engine, on the emulated driver. */
class CudaEngineTest extends EmulatedEngineTest {
  @ParameterizedTest
  @EnumSource(DensePath.class)
  void deviceMemoryGetsWhatHostMemoryGets(DensePath path) {
    List<FourierAdapter> adapters =
        List.of(adapter(ROWS, COLS, 30, 1), adapter(COLS, ROWS, 9, 2), adapter(ROWS, COLS, 7, 3));
    List<HostMatrix> host = new ArrayList<>();
    for (FourierAdapter adapter : adapters) {
      host.add(Matrix.of(new float[ROWS * COLS], adapter.rows(), adapter.cols()));
    }
    engine.deltaWeights(adapters, host, path);
    try (DeviceBuffer first = engine.newBuffer(ElementType.F32, ROWS, COLS);
        DeviceBuffer second = engine.newBuffer(ElementType.F32, COLS, ROWS)) {
      float[] third = new float[ROWS * COLS];
      engine.deltaWeights(adapters, List.of(first, second, Matrix.of(third, ROWS, COLS)), path);
      assertArrayEquals(floatsOf(host.get(0)), toHost(first));
      assertArrayEquals(floatsOf(host.get(1)), toHost(second));
      assertArrayEquals(floatsOf(host.get(2)), third);
    }
  }

  @Test
  void manySmallChunksGiveWhatOneGives() {
    List<FourierAdapter> adapters = new ArrayList<>();
    List<HostMatrix> whole = new ArrayList<>();
    List<HostMatrix> cut = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      adapters.add(adapter(ROWS, COLS, 30, i));
      whole.add(Matrix.of(new float[ROWS * COLS], ROWS, COLS));
      cut.add(Matrix.of(new float[ROWS * COLS], ROWS, COLS));
    }
    int tokens = 40;
    AdapterRouting routing =
        AdapterRouting.perToken(
            adapters, new Random(3).ints(tokens, -1, adapters.size()).toArray());
    float[] x = floats(tokens * COLS, 4);
    float[] g = floats(tokens * ROWS, 5);
    float[] y = new float[tokens * ROWS];
    engine.deltaWeights(adapters, whole, DensePath.FOLDED);
    engine.apply(routing, Matrix.of(x, tokens, COLS), Matrix.of(y, tokens, ROWS));
    float[] gradient = gradient(engine, routing, x, g, tokens);
    System.setProperty(MemoryBudget.PROPERTY, "12K");
    try (CudaFourierEngine small = EmulatedCuda.open(0)) {
      emulator.resetCalls();
      small.deltaWeights(adapters, cut, DensePath.FOLDED);
      assertTrue(emulator.calls("exec") > 2, "the batch was not cut");
      for (int i = 0; i < adapters.size(); i++) {
        PlanRounding.assertSame(floatsOf(whole.get(i)), floatsOf(cut.get(i)));
      }
      float[] pieces = new float[tokens * ROWS];
      small.apply(routing, Matrix.of(x, tokens, COLS), Matrix.of(pieces, tokens, ROWS));
      PlanRounding.assertSame(y, pieces);
      assertArrayEquals(gradient, gradient(small, routing, x, g, tokens), 1e-4f);
      try (TokenSpectrum kept = small.newTokenSpectrum(tokens, COLS)) {
        float[] again = new float[tokens * ROWS];
        small.transform(Matrix.of(x, tokens, COLS), kept);
        small.apply(routing, kept, Matrix.of(again, tokens, ROWS));
        assertArrayEquals(y, again);
      }
    } finally {
      System.clearProperty(MemoryBudget.PROPERTY);
    }
  }

  private static float[] gradient(
      FourierEngine engine, AdapterRouting routing, float[] x, float[] g, int tokens) {
    int n = 30;
    float[] all = new float[routing.adapters().size() * n];
    List<Matrix> each = new ArrayList<>();
    for (int i = 0; i < routing.adapters().size(); i++) {
      each.add(Matrix.of(all, i * n, 1, n, n));
    }
    engine.spectrumGradient(routing, Matrix.of(x, tokens, COLS), Matrix.of(g, tokens, ROWS), each);
    return all;
  }

  @Test
  void aBatchThatDoesNotFitIsHalvedUntilItDoes() {
    List<FourierAdapter> adapters = new ArrayList<>();
    List<HostMatrix> out = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      adapters.add(adapter(64, 64, 50, i));
      out.add(Matrix.of(new float[64 * 64], 64, 64));
    }
    emulator.setMemory(0, 400_000);
    try {
      engine.deltaWeights(adapters, out, DensePath.REFERENCE);
    } finally {
      emulator.setMemory(0, 0);
    }
    for (int i = 0; i < 32; i++) {
      assertArrayEquals(floatsOf(engine.deltaWeight(adapters.get(i))), floatsOf(out.get(i)), 1e-5f);
    }
  }

  @Test
  void anEmptyBatchAndNoTokensDoNothing() {
    engine.deltaWeights(List.of(), List.of());
    AdapterRouting routing = AdapterRouting.all(adapter(ROWS, COLS, 5, 1));
    engine.apply(routing, Matrix.of(new float[0], 0, COLS), Matrix.of(new float[0], 0, ROWS));
    try (DeviceBuffer none = engine.newBuffer(ElementType.F32, 0, COLS);
        TokenSpectrum kept = engine.newTokenSpectrum(0, COLS)) {
      engine.transform(none, kept);
      assertEquals(0, kept.tokens());
      engine.zero(none);
    }
  }

  @Test
  void aClosedBufferIsRefusedAndSoIsOneOfAnotherEngine() {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, ROWS, COLS);
    CudaMatrix part = buffer.slice(1, 2);
    assertEquals(buffer.pointer() + 4L * COLS, part.pointer());
    buffer.close();
    buffer.close();
    assertThrows(EngineClosedException.class, buffer::pointer);
    assertThrows(EngineClosedException.class, part::pointer);
    FourierAdapter adapter = adapter(ROWS, COLS, 5, 1);
    assertThrows(
        EngineClosedException.class, () -> engine.deltaWeights(List.of(adapter), List.of(buffer)));
    try (CudaFourierEngine other = EmulatedCuda.open(1);
        DeviceBuffer elsewhere = other.newBuffer(ElementType.F32, ROWS, COLS)) {
      ShapeException refusal =
          assertThrows(
              ShapeException.class,
              () -> engine.deltaWeights(List.of(adapter), List.of(elsewhere)));
      assertTrue(
          String.valueOf(refusal.getMessage()).contains("another engine, on cuda:1"),
          refusal.getMessage());
      FourierException pointer =
          assertThrows(
              FourierException.class,
              () -> engine.matrixAt(elsewhere.pointer(), ElementType.F32, 1, 1, 1));
      assertTrue(String.valueOf(pointer.getMessage()).contains("belongs to cuda:1, not to cuda:0"));
      CudaStream stream = other.newStream();
      assertThrows(FourierException.class, () -> engine.on(stream));
      assertThrows(FourierException.class, () -> engine.streamAt(stream.handle()));
      stream.close();
    }
  }

  @Test
  void whatAClosedEngineOwnedIsRefused() {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, ROWS, COLS);
    TokenSpectrum kept = engine.newTokenSpectrum(3, COLS);
    DeviceTraining spectra = DeviceTraining.of(engine, List.of(adapter(ROWS, COLS, 5, 1)));
    engine.close();
    assertThrows(EngineClosedException.class, buffer::pointer);
    assertThrows(EngineClosedException.class, () -> engine.newBuffer(ElementType.F32, 1, 1));
    assertThrows(EngineClosedException.class, () -> spectra.gradient(0).pointer());
    assertThrows(
        EngineClosedException.class, () -> engine.transform(Matrix.of(new float[9], 1, 9), kept));
    buffer.close();
    kept.close();
    spectra.close();
  }

  @Test
  void memoryOfAnotherUserIsComputedOnInPlaceAndStridesAreKept() {
    try (DeviceBuffer memory = onDevice(new float[ROWS * (COLS + 6)], ROWS, COLS + 6)) {
      CudaMatrix inner =
          engine.matrixAt(memory.pointer() + 8, ElementType.F32, ROWS, COLS, COLS + 6);
      FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
      engine.deltaWeights(List.of(adapter), List.of(inner));
      float[] expected = floatsOf(engine.deltaWeight(adapter));
      PlanRounding.assertSame(expected, toHost(inner));
      float[] all = toHost(memory);
      for (int row = 0; row < ROWS; row++) {
        for (int col : new int[] {0, 1, COLS + 2, COLS + 5}) {
          assertEquals(0f, all[row * (COLS + 6) + col]);
        }
      }
      engine.zero(inner);
      engine.upload(Matrix.of(expected, ROWS, COLS), inner);
      assertArrayEquals(expected, toHost(inner));
      assertThrows(
          ShapeException.class,
          () -> engine.matrixAt(memory.pointer() + 2, ElementType.F32, 1, 1, 1));
      assertThrows(
          ShapeException.class,
          () ->
              engine.apply(
                  AdapterRouting.all(adapter),
                  memory.slice(0, 1).cols() == COLS ? memory : inner,
                  engine.matrixAt(memory.pointer(), ElementType.F32, ROWS, ROWS, ROWS)));
    }
  }

  @Test
  @SuppressWarnings("try") // Closing early, or again, is what is tested.
  void everyStreamGetsTheSameAnswer() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    float[] expected = floatsOf(engine.deltaWeight(adapter));
    try (CudaStream own = engine.newStream();
        CudaStream borrowed = engine.streamAt(own.handle());
        CudaStream nullStream = engine.streamAt(0)) {
      for (CudaStream stream : List.of(own, borrowed, nullStream)) {
        assertArrayEquals(expected, floatsOf(engine.on(stream).deltaWeight(adapter)));
        stream.synchronize();
      }
      CudaFourierEngine view = engine.on(own);
      view.close();
      assertArrayEquals(expected, floatsOf(view.deltaWeight(adapter)));
      borrowed.close();
      assertThrows(EngineClosedException.class, () -> engine.on(borrowed).deltaWeight(adapter));
    }
  }

  @Test
  void slowStreamsWaitForTheTablesOfOneAnotherAndPinnedMemoryIsNotReusedTooSoon() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    float[] expected = floatsOf(engine.deltaWeight(adapter));
    emulator.setDelay(300);
    try (CudaStream one = engine.newStream();
        CudaStream two = engine.newStream();
        DeviceBuffer first = engine.newBuffer(ElementType.F32, ROWS, COLS);
        DeviceBuffer second = engine.newBuffer(ElementType.F32, ROWS, COLS)) {
      FourierAdapter fresh = adapter.withSpectrum(adapter.spectrum());
      engine.on(one).deltaWeights(List.of(fresh), List.of(first));
      engine.on(two).deltaWeights(List.of(fresh), List.of(second));
      // More than all pinned pieces hold together.
      try (DeviceBuffer large = engine.newBuffer(ElementType.F32, 700, 1024)) {
        float[] other = new float[700 * 1024];
        for (int i = 0; i < 9; i++) {
          Arrays.fill(other, i);
          engine.on(one).upload(Matrix.of(other, 700, 1024), large);
          engine.on(one).upload(Matrix.of(other, ROWS, COLS), first);
          Arrays.fill(other, -1);
        }
        float[] back = new float[700 * 1024];
        engine.on(one).download(large, Matrix.of(back, 700, 1024));
        Arrays.fill(other, 8);
        assertArrayEquals(other, back);
      }
      float[] last = new float[ROWS * COLS];
      engine.on(one).download(first, Matrix.of(last, ROWS, COLS));
      float[] eights = new float[ROWS * COLS];
      Arrays.fill(eights, 8);
      assertArrayEquals(eights, last);
      engine.on(two).download(second, Matrix.of(last, ROWS, COLS));
      assertArrayEquals(expected, last);
    } finally {
      emulator.setDelay(0);
    }
  }

  @Test
  void enginesOnTwoDevicesWorkAtOnce() throws InterruptedException {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    float[] expected = floatsOf(engine.deltaWeight(adapter));
    try (CudaFourierEngine other = EmulatedCuda.open(1)) {
      assertEquals("cuda:1", other.name());
      List<Throwable> failures = new CopyOnWriteArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        CudaFourierEngine mine = i % 2 == 0 ? engine : other;
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        for (int j = 0; j < 20; j++) {
                          assertArrayEquals(expected, floatsOf(mine.deltaWeight(adapter)));
                        }
                      } catch (Throwable e) {
                        failures.add(e);
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), failures);
    }
  }

  @Test
  void manyAdaptersAreKeptWithinTheBudgetAndStillRight() {
    try (EvictingHome home = new EvictingHome(engine)) {
      FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
      float[] expected = floatsOf(engine.deltaWeight(adapter));
      for (int i = 0; i < 5; i++) {
        engine.deltaWeight(adapter(ROWS, COLS, 25, 20 + i));
        home.trim();
        assertArrayEquals(expected, floatsOf(engine.deltaWeight(adapter)));
      }
      home.trim();
      assertEquals(0, home.bytes());
    }
  }

  /** Reaches the cache of an engine. */
  private record EvictingHome(CudaFourierEngine engine) implements AutoCloseable {
    private ResidentAdapters adapters() {
      return ((CudaEngine) engine).shared().adapters();
    }

    void trim() {
      adapters().trim();
    }

    long bytes() {
      return adapters().bytes();
    }

    @Override
    public void close() {
      trim();
    }
  }

  @Test
  void aMatrixBeyondIntsIsRefusedForWantOfMemoryAlone() {
    FourierAdapter huge =
        FourierAdapter.of(
            SpectralLocations.of(66_000, 66_000, new int[] {1}, new int[] {65_999}),
            new float[] {1},
            1);
    try (DeviceBuffer any = engine.newBuffer(ElementType.F32, 1, 1)) {
      CudaMatrix out = engine.matrixAt(any.pointer(), ElementType.F32, 66_000, 66_000, 66_000);
      CudaOutOfMemoryException failure =
          assertThrows(
              CudaOutOfMemoryException.class,
              () -> engine.deltaWeights(List.of(huge), List.of(out), DensePath.FOLDED));
      assertTrue(
          String.valueOf(failure.getMessage())
              .contains("which needs " + 8L * 66_000 * 33_001 + " bytes on cuda:0"),
          failure.getMessage());
    }
  }
}
