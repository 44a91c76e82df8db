package io.fourierft.benchmarks;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.CountDownLatch;

/**
 * Where a run took place.
 *
 * @param facts what is printed, by name
 * @param copyBytesPerNano bytes read and written in a nanosecond (GB/s) by a copy of large arrays
 *     on the run's threads, the best of several
 */
record Machine(SequencedMap<String, String> facts, double copyBytesPerNano) {
  private static final long COPY_BYTES = 256L << 20;
  private static final int COPIES = 9;

  static Machine inspect(RunOptions options) {
    double bandwidth = copyBandwidth(options.threads());
    SequencedMap<String, String> facts = new LinkedHashMap<>();
    facts.put("date", OffsetDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS) + "");
    facts.put("commit", Home.commit());
    facts.put("processor", processor());
    facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put(
        "Java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
    String flags = Objects.requireNonNullElse(System.getenv("FOURIERFT_JAVA_OPTS"), "").strip();
    if (!flags.isEmpty()) {
      facts.put("Java's options", flags);
    }
    facts.put("threads of each side", Integer.toString(options.threads()));
    facts.put("load average at the start", loadAverage());
    facts.put("copy bandwidth", Text.number(bandwidth) + " GB/s read and written");
    facts.put("run", options.quick() ? "--quick" : "full");
    return new Machine(facts, bandwidth);
  }

  private static String processor() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }

  private static String loadAverage() {
    double load =
        java.lang.management.ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    return load < 0 ? "not known" : Text.number(load);
  }

  private static double copyBandwidth(int threads) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment from = arena.allocate(COPY_BYTES, 64).fill((byte) 1);
      MemorySegment to = arena.allocate(COPY_BYTES, 64).fill((byte) 2);
      double best = Double.MAX_VALUE;
      for (int i = 0; i < COPIES; i++) {
        best = Math.min(best, copyNanos(from, to, threads));
      }
      return 2.0 * COPY_BYTES / best;
    }
  }

  private static double copyNanos(MemorySegment from, MemorySegment to, int threads) {
    long part = COPY_BYTES / threads;
    CountDownLatch done = new CountDownLatch(threads);
    long start = System.nanoTime();
    for (int i = 0; i < threads; i++) {
      long at = i * part;
      Thread.ofPlatform()
          .start(
              () -> {
                MemorySegment.copy(from, at, to, at, part);
                done.countDown();
              });
    }
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring the copy bandwidth", e);
    }
    return System.nanoTime() - start;
  }
}
