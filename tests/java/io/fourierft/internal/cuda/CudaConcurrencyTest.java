package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.DeviceSpectrum;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Virtual threads, recordings beside other work, and memory that outlives its owner in a graph. */
@OnEmulator
class CudaConcurrencyTest {
  private static final int ROWS = 8;
  private static final int COLS = 6;
  private static final int THREADS = 64;

  private EmulatedCuda emulator;
  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    engine.close();
    emulator.assertNoMisuse();
  }

  private static FourierAdapter adapter(int seed) {
    Random random = new Random(seed);
    float[] spectrum = new float[12];
    for (int k = 0; k < spectrum.length; k++) {
      spectrum[k] = (float) random.nextGaussian();
    }
    return FourierAdapter.of(SpectralLocations.of(ROWS, COLS, 12, seed), spectrum, 48);
  }

  private CudaContext context() {
    return ((CudaEngine) engine).shared().device().context();
  }

  private ResidentAdapters resident() {
    return ((CudaEngine) engine).shared().adapters();
  }

  private static <T> List<T> onVirtualThreads(Callable<T> work) throws Exception {
    List<Future<T>> futures = new ArrayList<>();
    List<T> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < THREADS; i++) {
        futures.add(threads.submit(work));
      }
      for (Future<T> each : futures) {
        results.add(each.get(60, TimeUnit.SECONDS));
      }
    }
    return results;
  }

  private static void pause() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Where a virtual thread that blocks goes on, another thread's context may be current. */
  @Test
  void aVirtualThreadThatBlocksInsideACallKeepsItsContext() throws Exception {
    List<Long> seen =
        onVirtualThreads(
            () ->
                context()
                    .call(
                        () -> {
                          pause();
                          assertTrue(context().driver().memGetInfo().totalBytes() > 0);
                          pause();
                          return emulator.currentContext();
                        }));
    assertEquals(List.of(context().handle()), seen.stream().distinct().toList());
    assertEquals(
        List.of(0L), onVirtualThreads(emulator::currentContext).stream().distinct().toList());
  }

  @Test
  void virtualThreadsComputeWhatOthersDo() throws Exception {
    FourierAdapter adapter = adapter(1);
    float[] expected = delta(engine, adapter);
    try (CudaStream shared = engine.newStream()) {
      List<float[]> found =
          onVirtualThreads(
              () -> {
                assertArrayEquals(expected, delta(engine.on(shared), adapter));
                try (CudaStream own = engine.newStream();
                    DeviceBuffer out = engine.newBuffer(ElementType.F32, ROWS, COLS)) {
                  engine.on(own).deltaWeights(List.of(adapter), List.of(out));
                  resident().trim();
                  float[] result = new float[ROWS * COLS];
                  engine.on(own).download(out, Matrix.of(result, ROWS, COLS));
                  return result;
                }
              });
      found.forEach(each -> assertArrayEquals(expected, each));
    }
    assertEquals(
        List.of(0L), onVirtualThreads(emulator::currentContext).stream().distinct().toList());
  }

  @Test
  void anInterruptOfAVirtualThreadWaitsForTheCall() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    boolean[] interrupted = new boolean[1];
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  context()
                      .run(
                          () -> {
                            inside.countDown();
                            await(released);
                          });
                  interrupted[0] = Thread.currentThread().isInterrupted();
                });
    inside.await();
    thread.interrupt();
    released.countDown();
    thread.join();
    assertTrue(interrupted[0]);
  }

  @Test
  void whatACallOfAVirtualThreadThrowsComesOutAsItIs() throws Exception {
    FourierException failure = new FourierException("as it is");
    List<Throwable> seen =
        onVirtualThreads(
            () ->
                assertThrows(
                    FourierException.class,
                    () ->
                        context()
                            .run(
                                () -> {
                                  throw failure;
                                })));
    assertEquals(List.of(failure), seen.stream().distinct().toList());
  }

  private static float[] delta(CudaFourierEngine on, FourierAdapter adapter) {
    float[] out = new float[ROWS * COLS];
    on.deltaWeights(List.of(adapter), List.of(Matrix.of(out, ROWS, COLS)));
    return out;
  }

  /** Adapters are given up on one thread while another one records. */
  @Test
  void aRecordingOutlivesWhatOtherThreadsGiveUp() throws Exception {
    FourierAdapter recorded = adapter(1);
    float[] expected = delta(engine, recorded);
    try (DeviceBuffer out = engine.newBuffer(ElementType.F32, ROWS, COLS);
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      delta(engine, adapter(2));
      int[] calls = new int[1];
      try (CudaGraph graph =
          engine.record(
              on -> {
                on.deltaWeights(List.of(recorded), List.of(out));
                if (calls[0]++ == 1) {
                  evictOn(other);
                }
                on.deltaWeights(List.of(recorded), List.of(out));
              })) {
        assertEquals(2, calls[0]);
        engine.zero(out);
        graph.launch();
        float[] found = new float[ROWS * COLS];
        engine.download(out, Matrix.of(found, ROWS, COLS));
        assertArrayEquals(expected, found);
      }
    }
  }

  private void evictOn(ExecutorService other) {
    long before = resident().bytes();
    try {
      other
          .submit(
              () -> {
                resident().trim();
                delta(engine, adapter(3));
                resident().trim();
              })
          .get();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    assertTrue(resident().bytes() < before, "nothing was given up");
    assertTrue(resident().bytes() > 0, "what is being recorded was given up");
  }

  /** Nobody knows the adapter any more but the graph. */
  @Test
  void aGraphKeepsTheCoefficientsOfAnAdapterThatIsGone() throws Exception {
    float[] expected = delta(engine, adapter(1));
    try (DeviceBuffer out = engine.newBuffer(ElementType.F32, ROWS, COLS)) {
      List<WeakReference<FourierAdapter>> gone = new ArrayList<>();
      try (CudaGraph graph = recordAndForget(out, gone)) {
        for (int i = 0; i < 200 && gone.getFirst().get() != null; i++) {
          System.gc();
          Thread.sleep(5);
        }
        assertFalse(gone.getFirst().get() != null, "the adapter is still reachable");
        for (int i = 0; i < 50; i++) {
          resident().trim();
          delta(engine, adapter(5 + i));
        }
        engine.zero(out);
        graph.launch();
        float[] found = new float[ROWS * COLS];
        engine.download(out, Matrix.of(found, ROWS, COLS));
        assertArrayEquals(expected, found);
      }
      resident().trim();
      assertEquals(0, resident().bytes());
    }
  }

  private CudaGraph recordAndForget(DeviceBuffer out, List<WeakReference<FourierAdapter>> gone) {
    FourierAdapter adapter = adapter(1);
    gone.add(new WeakReference<>(adapter));
    return engine.record(on -> on.deltaWeights(List.of(adapter), List.of(out)));
  }

  /** The memory is freed when the graph goes, not when its owner closes it. */
  @Test
  @SuppressWarnings("try") // Closing early is what is tested.
  void aGraphKeepsTheMemoryOfBuffersAndSpectraThatWereClosed() {
    try (DeviceBuffer x = engine.newBuffer(ElementType.F32, 1, COLS);
        DeviceBuffer y = engine.newBuffer(ElementType.F32, 1, ROWS);
        DeviceSpectrum spectrum = engine.newDeviceSpectrum(adapter(1))) {
      engine.zero(x);
      engine.zero(y);
      AdapterRouting routing = AdapterRouting.all(spectrum.adapter());
      final CudaMatrix view = y.slice(0, 1);
      CudaMatrix coefficients = spectrum.coefficients();
      try (CudaGraph graph = engine.record(on -> on.apply(routing, x, view))) {
        long held = emulator.live("memory");
        x.close();
        y.close();
        spectrum.close();
        assertEquals(held, emulator.live("memory"));
        assertThrows(EngineClosedException.class, view::pointer);
        assertThrows(EngineClosedException.class, coefficients::pointer);
        graph.launch();
        engine.synchronize();
        emulator.assertNoMisuse();
        graph.close();
        assertTrue(emulator.live("memory") <= held - 3, "the graph's memory was not freed");
      }
    }
  }

  @Test
  void aStreamThatSomebodyElseCapturesIsRefused() {
    CudaContext context = context();
    try (CudaStream stream = engine.newStream()) {
      FourierAdapter adapter = adapter(1);
      context.run(
          () -> {
            CudaDriver driver = context.driver();
            driver.streamBeginCapture(stream.handle(), CudaDriver.CAPTURE_THREAD_LOCAL);
            FourierException refused =
                assertThrows(FourierException.class, () -> delta(engine.on(stream), adapter));
            assertTrue(
                String.valueOf(refused.getMessage()).endsWith("with record()"),
                refused.getMessage());
            long graph = driver.streamEndCapture(stream.handle());
            driver.graphDestroy(graph);
          });
      assertEquals(ROWS * COLS, delta(engine.on(stream), adapter).length);
    }
  }

  @Test
  void memoryOfAPoolIsTakenByItsDevice() {
    FourierAdapter adapter = adapter(1);
    float[] expected = delta(engine, adapter);
    long pointer = context().call(() -> emulator.allocateFromPool(4L * ROWS * COLS));
    try (CudaFourierEngine other = EmulatedCuda.open(1)) {
      CudaMatrix out = engine.matrixAt(pointer, ElementType.F32, ROWS, COLS, COLS);
      engine.deltaWeights(List.of(adapter), List.of(out));
      float[] found = new float[ROWS * COLS];
      engine.download(out, Matrix.of(found, ROWS, COLS));
      assertArrayEquals(expected, found);
      FourierException refused =
          assertThrows(
              FourierException.class,
              () -> other.matrixAt(pointer, ElementType.F32, ROWS, COLS, COLS));
      assertTrue(
          String.valueOf(refused.getMessage()).contains("belongs to cuda:0, not to cuda:1"),
          refused.getMessage());
    } finally {
      context().run(() -> emulator.freeToPool(pointer));
    }
  }
}
