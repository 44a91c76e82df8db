package io.fourierft.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Heap allocation of all threads of this JVM. */
final class Allocation {
  private static final int WARM_UP = 300;
  private static final int CALLS = 200;

  private Allocation() {}

  /** Bytes that one call allocates after a warm-up; closes the contestant. */
  static double bytesPerCall(Contestant contestant) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (contestant) {
      var unused = contestant.sampleNanos(WARM_UP);
      long before = threads.getTotalThreadAllocatedBytes();
      unused = contestant.sampleNanos(CALLS);
      return (threads.getTotalThreadAllocatedBytes() - before) / (double) CALLS;
    }
  }

  /** A call with a name. */
  record Operation(String name, Contestant contestant) {}
}
