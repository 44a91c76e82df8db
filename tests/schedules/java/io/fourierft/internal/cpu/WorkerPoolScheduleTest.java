package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.Schedules;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.extension.ExtendWith;
import org.pastalab.fray.junit.junit5.FrayTestExtension;
import org.pastalab.fray.junit.junit5.annotations.FrayTest;

/** In whatever order its threads run, a pool does each task once, and ends. */
@ExtendWith(FrayTestExtension.class)
class WorkerPoolScheduleTest {
  @FrayTest(iterations = Schedules.EACH)
  void twoCallersShareTheWorkers() throws InterruptedException {
    AtomicIntegerArray first = new AtomicIntegerArray(4);
    AtomicIntegerArray second = new AtomicIntegerArray(3);
    try (WorkerPool pool = new WorkerPool(3, Workspace::new)) {
      Thread other = new Thread(() -> runAll(pool, second));
      other.start();
      runAll(pool, first);
      runAll(pool, first);
      other.join();
    }
    for (int i = 0; i < first.length(); i++) {
      assertEquals(2, first.get(i));
    }
    for (int i = 0; i < second.length(); i++) {
      assertEquals(1, second.get(i));
    }
  }

  private static void runAll(WorkerPool pool, AtomicIntegerArray runs) {
    pool.run(runs.length(), 1, true, (index, workspace) -> runs.incrementAndGet(index));
  }

  @FrayTest(iterations = Schedules.EACH)
  void aFailureStopsItsOwnCallAlone() throws InterruptedException {
    IllegalStateException failure = new IllegalStateException("task 1");
    AtomicIntegerArray runs = new AtomicIntegerArray(3);
    try (WorkerPool pool = new WorkerPool(3, Workspace::new)) {
      Thread other = new Thread(() -> runAll(pool, runs));
      other.start();
      Throwable thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  pool.run(
                      3,
                      1,
                      true,
                      (index, workspace) -> {
                        if (index == 1) {
                          throw failure;
                        }
                      }));
      assertSame(failure, thrown);
      other.join();
    }
    for (int i = 0; i < runs.length(); i++) {
      assertEquals(1, runs.get(i));
    }
  }

  @FrayTest(iterations = Schedules.EACH)
  void noTaskRunsOnceItsCallReturned() throws InterruptedException {
    AtomicInteger running = new AtomicInteger();
    try (WorkerPool pool = new WorkerPool(2, Workspace::new)) {
      Thread caller = Thread.currentThread();
      Thread interrupter = new Thread(caller::interrupt);
      interrupter.start();
      pool.run(
          3,
          1,
          true,
          (index, workspace) -> {
            running.incrementAndGet();
            running.decrementAndGet();
          });
      assertEquals(0, running.get());
      // Whether the interrupt came before, during or after the call, it is there to be seen.
      boolean seen = Thread.interrupted();
      try {
        interrupter.join();
      } catch (InterruptedException e) {
        seen = true;
      }
      assertTrue(seen || Thread.interrupted(), "an interrupt was swallowed");
    }
  }
}
