package io.fourierft.benchmarks.gpu;

import io.fourierft.cuda.CudaFourierEngine;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Times ΔW once more on an engine that the properties of this JVM make another: with cuFFT's
 * callbacks, with plans that cuFFT compiles patiently, with one adapter at a time. {@code
 * VariantBenchmark cases.json LIST SECONDS OUT.json SECTION MARK}: the cases of one section of the
 * list, their paths marked. In a process of its own, so that one that ends badly costs no other.
 */
final class VariantBenchmark {
  private VariantBenchmark() {}

  public static void main(String[] arguments) throws IOException {
    Cases cases = Cases.read(Path.of(arguments[0]), arguments[1]);
    Results results = new Results(Path.of(arguments[3]), Double.parseDouble(arguments[2]));
    Device device = Device.open();
    try (CudaFourierEngine engine = Benchmark.open();
        GpuClock clock = new GpuClock(device.driver(), engine)) {
      new DenseBenchmark(new Bench(engine, clock, cases, results), arguments[5])
          .deltas(arguments[4]);
      results.write();
    }
    results.endProcess();
  }
}
