package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {
  @Test
  void everyTaskRunsOnceWhateverTheNumberOfThreads() {
    for (int threads : new int[] {1, 2, 7}) {
      try (WorkerPool pool = new WorkerPool(threads, Workspace::new)) {
        for (int count : new int[] {0, 1, 2, 100, 1000}) {
          AtomicIntegerArray runs = new AtomicIntegerArray(count);
          pool.run(count, 1, true, (index, workspace) -> runs.incrementAndGet(index));
          for (int i = 0; i < count; i++) {
            assertEquals(1, runs.get(i));
          }
        }
      }
    }
  }

  @Test
  void workersTakePartUnlessTheMemoryIsTheCallersAlone() {
    try (WorkerPool pool = new WorkerPool(2, Workspace::new)) {
      Set<Thread> seen = ConcurrentHashMap.newKeySet();
      runOnBothThreads(pool, seen);
      assertEquals(2, seen.size());
      seen.clear();
      pool.run(50, 1, false, (index, workspace) -> seen.add(Thread.currentThread()));
      assertEquals(Set.of(Thread.currentThread()), seen);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFailureOfAnyTaskReachesTheCallerAndThePoolGoesOn() {
    try (WorkerPool pool = new WorkerPool(3, Workspace::new)) {
      IllegalStateException failure = new IllegalStateException("task 7");
      for (int round = 0; round < 50; round++) {
        IllegalStateException thrown =
            assertThrows(
                IllegalStateException.class,
                () ->
                    pool.run(
                        20,
                        1,
                        true,
                        (index, workspace) -> {
                          if (index == 7) {
                            throw failure;
                          }
                        }));
        assertSame(failure, thrown);
      }
      assertThrows(
          OutOfMemoryError.class,
          () ->
              pool.run(
                  1,
                  1,
                  true,
                  (index, workspace) -> {
                    throw new OutOfMemoryError("forced");
                  }));
      AtomicIntegerArray runs = new AtomicIntegerArray(9);
      pool.run(9, 1, true, (index, workspace) -> runs.incrementAndGet(index));
      assertEquals(1, runs.get(8));
    }
  }

  @Test
  void anInterruptedCallerStillGetsAllOfItsResultsAndStaysInterrupted() {
    try (WorkerPool pool = new WorkerPool(2, Workspace::new)) {
      AtomicIntegerArray runs = new AtomicIntegerArray(64);
      Thread.currentThread().interrupt();
      pool.run(64, 1, true, (index, workspace) -> runs.incrementAndGet(index));
      assertTrue(Thread.interrupted());
      for (int i = 0; i < 64; i++) {
        assertEquals(1, runs.get(i));
      }
    }
  }

  @Test
  void workersAreDaemonsAndEndWithThePool() {
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    try (WorkerPool pool = new WorkerPool(2, Workspace::new)) {
      runOnBothThreads(pool, seen);
    }
    seen.remove(Thread.currentThread());
    Thread worker = seen.iterator().next();
    assertTrue(worker.isDaemon());
    assertTrue(!worker.isAlive());
  }

  /** Two tasks that wait for each other, so that no thread can do both. */
  private static void runOnBothThreads(WorkerPool pool, Set<Thread> seen) {
    CountDownLatch both = new CountDownLatch(2);
    pool.run(
        2,
        1,
        true,
        (index, workspace) -> {
          seen.add(Thread.currentThread());
          both.countDown();
          awaitQuietly(both);
        });
  }
}
