package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Collects measurements and writes the file anew after each, so that a run that is cut off keeps
 * what it had.
 */
final class Results {
  private final ObjectMapper json = new ObjectMapper();
  private final ObjectNode root = json.createObjectNode();
  private final Path file;
  private final long deadline;

  /**
   * Prepares the file.
   *
   * @param seconds after so many no further case is begun
   */
  Results(Path file, double seconds) {
    this.file = file;
    this.deadline = System.nanoTime() + (long) (1e9 * seconds);
    root.putArray("cases");
    root.putArray("skipped");
  }

  /** Facts about the whole run. */
  ObjectNode facts() {
    return root;
  }

  /** Runs one case; a failure is recorded and the next goes on. */
  void run(String name, Runnable work) {
    if (System.nanoTime() > deadline) {
      skip(name, "the time was used up");
      return;
    }
    try {
      work.run();
    } catch (FourierException e) {
      skip(name, String.valueOf(e.getMessage()));
    }
  }

  void skip(String name, String reason) {
    root.withArray("skipped").addObject().put("case", name).put("reason", reason);
    System.out.println(name + ": skipped, " + reason);
    write();
  }

  /**
   * Records a measurement.
   *
   * @param leastBytes every input read once, every output written once
   * @param pathBytes what the path as built moves through device memory, by its passes
   * @param error relative error against float64
   * @param tolerance what that may be at most
   */
  void add(
      String name,
      String variant,
      GpuClock.Timing timing,
      long leastBytes,
      long pathBytes,
      double error,
      double tolerance) {
    boolean right = error <= tolerance;
    ObjectNode entry =
        root.withArray("cases")
            .addObject()
            .put("case", name)
            .put("variant", variant)
            .put("milliseconds", timing.milliseconds())
            .put("low", timing.low())
            .put("high", timing.high())
            .put("samples", timing.samples())
            .put("enqueueMicroseconds", timing.enqueueMicroseconds())
            .put("leastBytes", leastBytes)
            .put("pathBytes", pathBytes)
            .put("error", error)
            .put("right", right);
    if (!Double.isNaN(timing.graphMilliseconds())) {
      entry.put("graphMilliseconds", timing.graphMilliseconds());
    }
    System.out.printf(
        Locale.ROOT,
        "%-44s %-10s %10.4f ms, error %.1e%s%n",
        name,
        variant,
        timing.milliseconds(),
        error,
        right ? "" : " WRONG");
    if (!right) {
      root.put("wrong", root.path("wrong").asInt() + 1);
    }
    write();
  }

  /** Writes what there is. */
  void write() {
    try {
      json.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
