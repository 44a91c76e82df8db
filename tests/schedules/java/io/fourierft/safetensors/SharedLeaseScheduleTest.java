package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.fourierft.Schedules;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.pastalab.fray.junit.junit5.FrayTestExtension;
import org.pastalab.fray.junit.junit5.annotations.FrayTest;

/**
 * In whatever order users and closers come, the resource is released once, and after the last use.
 */
@ExtendWith(FrayTestExtension.class)
class SharedLeaseScheduleTest {
  @FrayTest(iterations = Schedules.EACH)
  void theLastToLeaveReleasesOnce() throws InterruptedException {
    AtomicInteger released = new AtomicInteger();
    AtomicInteger usedAfterRelease = new AtomicInteger();
    SharedLease lease = new SharedLease(released::incrementAndGet);
    Runnable use =
        () -> {
          if (lease.acquire()) {
            usedAfterRelease.addAndGet(released.get());
            lease.release();
          }
        };
    Runnable close =
        () -> {
          try {
            lease.close();
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        };
    List<Thread> threads = Stream.of(use, use, close, close).map(Thread::new).toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(1, released.get());
    assertEquals(0, usedAfterRelease.get());
    assertFalse(lease.acquire());
  }
}
