package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.Schedules;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.pastalab.fray.junit.junit5.FrayTestExtension;
import org.pastalab.fray.junit.junit5.annotations.FrayTest;

/**
 * A CUDA engine may be closed at any moment: a call does its work rightly or is refused, nobody
 * waits for ever, and nothing is left on the device. On the emulated driver, whose own threads run
 * free: only the order of Java's is searched.
 */
@ExtendWith(FrayTestExtension.class)
class CudaCloseScheduleTest {
  private static final FourierAdapter ADAPTER =
      FourierAdapter.of(SpectralLocations.of(4, 6, 3, 1), new float[] {1, -2, 3}, 10);

  @FrayTest(iterations = Schedules.EACH)
  void deltasBesideAClose() throws InterruptedException {
    float[] expected = new float[24];
    besideTwoCloses(engine -> computeDelta(engine, expected), delta(expected), delta(expected));
  }

  @FrayTest(iterations = Schedules.EACH)
  void memoryBesideAClose() throws InterruptedException {
    besideTwoCloses(
        engine -> {},
        engine -> {
          try (DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 4, 6)) {
            engine.zero(buffer);
          }
        },
        engine -> engine.newBuffer(ElementType.F32, 2, 2));
  }

  @FrayTest(iterations = Schedules.EACH)
  void streamsBesideAClose() throws InterruptedException {
    float[] expected = new float[24];
    besideTwoCloses(
        engine -> computeDelta(engine, expected),
        engine -> {
          try (CudaStream stream = engine.newStream()) {
            delta(expected).accept(engine.on(stream));
          }
        },
        CudaFourierEngine::newStream);
  }

  @FrayTest(iterations = Schedules.EACH)
  void graphsAndSpectraBesideAClose() throws InterruptedException {
    besideTwoCloses(
        engine -> {},
        engine -> {
          try (DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 4, 6);
              CudaGraph graph = engine.record(on -> on.zero(buffer))) {
            graph.launch();
          }
        },
        engine -> engine.newDeviceSpectrum(ADAPTER).close());
  }

  private static Consumer<CudaFourierEngine> delta(float[] expected) {
    return engine -> {
      float[] delta = new float[expected.length];
      computeDelta(engine, delta);
      assertArrayEquals(expected, delta);
    };
  }

  private static void computeDelta(FourierEngine engine, float[] delta) {
    engine.deltaWeights(List.of(ADAPTER), List.of(Matrix.of(delta, 4, 6)));
  }

  private static void besideTwoCloses(
      Consumer<CudaFourierEngine> before,
      Consumer<CudaFourierEngine> first,
      Consumer<CudaFourierEngine> second)
      throws InterruptedException {
    EmulatedCuda emulator = EmulatedCuda.require();
    CudaFourierEngine engine = EmulatedCuda.open(0);
    before.accept(engine);
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    Consumer<CudaFourierEngine> close = FourierEngine::close;
    List<Thread> threads =
        Stream.of(first, second, close)
            .map(work -> new Thread(() -> attempt(work, engine, failures)))
            .toList();
    threads.forEach(Thread::start);
    engine.close();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), failures);
    assertThrows(
        EngineClosedException.class, () -> computeDelta(engine, new float[24]), "closed for good");
    emulator.assertNothingLeft();
  }

  private static void attempt(
      Consumer<CudaFourierEngine> work, CudaFourierEngine engine, List<Throwable> failures) {
    try {
      work.accept(engine);
    } catch (EngineClosedException refused) {
      // Before it began.
    } catch (RuntimeException | AssertionError e) {
      failures.add(e);
    }
  }
}
