package io.fourierft.benchmarks.gpu;

import io.fourierft.EngineOptions;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import io.fourierft.cuda.CudaFourierEngine;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Times the engine: {@code Benchmark cases.json LIST SECONDS engine.json}. Ends with status 1 if a
 * result was wrong or a case failed.
 */
final class Benchmark {
  private Benchmark() {}

  public static void main(String[] arguments) throws IOException {
    Cases cases = Cases.read(Path.of(arguments[0]), arguments[1]);
    Results results = new Results(Path.of(arguments[3]), Double.parseDouble(arguments[2]));
    Device device = Device.open();
    try (CudaFourierEngine engine =
            CudaFourierEngine.of(
                FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0")));
        GpuClock clock = new GpuClock(device.driver(), engine)) {
      Bench bench = new Bench(engine, clock, cases, results);
      Baselines baselines = new Baselines(bench, device);
      results.facts().put("copyBytesPerSecond", baselines.copyBandwidth());
      baselines.nativeCalls(results.facts().putObject("nanosecondsOfCalls"));
      DenseBenchmark dense = new DenseBenchmark(bench, false);
      OperatorBenchmark operators = new OperatorBenchmark(bench);
      results.run("training", () -> results.facts().put("waiting", operators.waiting()));
      operators.mixed();
      operators.directions();
      dense.merges();
      withCallbacks(device, cases, results);
      dense.deltas("delta");
      results.facts().put("complete", true);
      results.write();
    }
    fail(results);
  }

  /** Some of the cases of "delta", on an engine that lets cuFFT call back. */
  private static void withCallbacks(Device device, Cases cases, Results results)
      throws IOException {
    System.setProperty("fourierft.cuda.callbacks", "on");
    try (CudaFourierEngine engine =
            CudaFourierEngine.of(
                FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0")));
        GpuClock clock = new GpuClock(device.driver(), engine)) {
      new DenseBenchmark(new Bench(engine, clock, cases, results), true).deltas("callbacks");
    } catch (EngineUnavailableException e) {
      results.skip("delta with callbacks", String.valueOf(e.getMessage()));
    } finally {
      System.clearProperty("fourierft.cuda.callbacks");
    }
  }

  private static void fail(Results results) {
    int wrong = results.facts().path("wrong").asInt();
    int failures = results.facts().path("failures").asInt();
    if (wrong + failures > 0) {
      System.err.println(wrong + " results were wrong, " + failures + " cases failed");
      System.exit(1);
    }
  }
}
