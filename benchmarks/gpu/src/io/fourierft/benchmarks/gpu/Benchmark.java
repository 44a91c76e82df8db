package io.fourierft.benchmarks.gpu;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.cuda.CudaFourierEngine;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Times the engine: {@code Benchmark cases.json LIST SECONDS engine.json}. Ends with status 1 if a
 * result was wrong.
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
      DenseBenchmark dense = new DenseBenchmark(bench);
      OperatorBenchmark operators = new OperatorBenchmark(bench);
      results.run("training", () -> results.facts().put("waiting", operators.waiting()));
      operators.mixed();
      operators.directions();
      dense.merges();
      dense.deltas();
      results.facts().put("complete", true);
      results.write();
    }
    if (results.facts().has("wrong")) {
      System.err.println(results.facts().get("wrong").asInt() + " results were wrong");
      System.exit(1);
    }
  }
}
