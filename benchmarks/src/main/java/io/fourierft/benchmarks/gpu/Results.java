package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.cuda.CudaOutOfMemoryException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Collects measurements and writes the file anew after each, so that a run that is cut off keeps
 * what it had.
 */
final class Results {
  private final ObjectMapper json = new ObjectMapper();
  private final ObjectNode root = json.createObjectNode();
  private final Set<String> known = new HashSet<>();
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

  /** Measures nothing again that stands in a file of an earlier step; none if there is no file. */
  void knowAlready(Path earlier) throws IOException {
    if (!Files.exists(earlier)) {
      return;
    }
    JsonNode before = json.readTree(earlier.toFile());
    before.path("cases").forEach(each -> known.add(key(each.path("case"), each.path("variant"))));
    before.fieldNames().forEachRemaining(known::add);
  }

  private static String key(JsonNode name, JsonNode variant) {
    return name.asText() + " " + variant.asText();
  }

  /** A fact about the whole run, unless an earlier step found it. */
  void fact(String name, Supplier<Object> finding) {
    if (!known.contains(name)) {
      run(name, "", () -> root.set(name, json.valueToTree(finding.get())));
    }
  }

  /** Runs one case; a failure is recorded and the next goes on. */
  void run(String name, String variant, Runnable work) {
    if (known.contains(name + " " + variant)) {
      return;
    }
    if (System.nanoTime() > deadline) {
      skip(name, variant, "the time was used up");
      return;
    }
    try {
      work.run();
    } catch (CudaOutOfMemoryException e) {
      skip(name, variant, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      root.put("failures", root.path("failures").asInt() + 1);
      skip(name, variant, "FAILED: " + e);
    }
  }

  void skip(String name, String variant, String reason) {
    root.withArray("skipped")
        .addObject()
        .put("case", name)
        .put("variant", variant)
        .put("reason", reason);
    System.out.println((name + " " + variant).strip() + ": skipped, " + reason);
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
            .put("latencyMicroseconds", timing.latencyMicroseconds())
            .put("launches", timing.launches())
            .put("transforms", timing.transforms())
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

  /** Writes what there is, whole: a process that is ended leaves no half of a file. */
  void write() {
    Path half = file.resolveSibling(file.getFileName() + ".half");
    try {
      json.writerWithDefaultPrettyPrinter().writeValue(half.toFile(), root);
      Files.move(half, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Says in the last line what became of it; the status is 1 if anything was wrong. */
  void endProcess() {
    int wrong = root.path("wrong").asInt();
    int failures = root.path("failures").asInt();
    System.out.printf(
        "%d measured, %d wrong, %d failed, %d left out%n",
        root.path("cases").size(), wrong, failures, root.path("skipped").size() - failures);
    if (wrong + failures > 0) {
      System.exit(1);
    }
  }
}
