package io.fourierft.benchmarks.gpu;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineSelection;
import io.fourierft.FourierEngine;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.internal.cuda.ops.FusedUse;
import io.fourierft.internal.cuda.stream.EngineStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Times the engine: {@code Benchmark cases.json LIST SECONDS OUT.json [EARLIER.json...]}. What an
 * earlier file holds is not measured again. Ends with status 1 if a result was wrong or a case
 * failed.
 */
final class Benchmark {
  private Benchmark() {}

  public static void main(String[] arguments) throws IOException {
    Cases cases = Cases.read(Path.of(arguments[0]), arguments[1]);
    Results results = new Results(Path.of(arguments[3]), Double.parseDouble(arguments[2]));
    for (String earlier : Arrays.asList(arguments).subList(4, arguments.length)) {
      results.knowAlready(Path.of(earlier));
    }
    Device device = Device.open();
    try (CudaFourierEngine engine = open();
        CudaFourierEngine plain = withoutFusedKernels();
        GpuClock clock = new GpuClock(device.driver(), engine);
        GpuClock plainClock = new GpuClock(device.driver(), plain)) {
      Bench bench = new Bench(engine, clock, cases, results);
      Bench plainBench = new Bench(plain, plainClock, cases, results);
      Baselines baselines = new Baselines(bench, device);
      results.fact("engine", () -> about(engine.selection()));
      results.fact("copyBytesPerSecond", () -> baselines.copyBandwidth());
      WarmUp.run(bench);
      WarmUp.run(plainBench);
      // What decides the wanted ratios comes first.
      DenseBenchmark dense = new DenseBenchmark(bench, "");
      OperatorBenchmark operators = new OperatorBenchmark(bench, true);
      OperatorBenchmark staged = new OperatorBenchmark(plainBench, false);
      operators.mixed();
      operators.directions();
      Map<String, TrainingReference> references = TrainingBenchmark.noReferences();
      new TrainingBenchmark(bench, false, references).steps();
      new TrainingBenchmark(plainBench, true, references).steps();
      dense.merges(true);
      dense.deltas("delta");
      staged.mixed();
      staged.directions();
      new DenseBenchmark(plainBench, "").merges(false);
      new LayerBenchmark(bench).passes();
      results.fact("nanosecondsOfCalls", () -> baselines.nativeCalls());
      results.fact("plansMade", () -> plansMade(engine) + plansMade(plain));
      results.fact("waiting", () -> operators.waiting());
      results.write();
    }
    results.endProcess();
  }

  /** What the engine is made of: device, driver, cuFFT, which kernels. */
  private static String about(EngineSelection selection) {
    return selection.probes().stream()
        .filter(EngineProbe.Available.class::isInstance)
        .map(probe -> String.join("; ", ((EngineProbe.Available) probe).details()))
        .collect(Collectors.joining("; "));
  }

  /** Plans of cuFFT's that were made on the engine's own stream. */
  private static long plansMade(CudaFourierEngine engine) {
    return ((EngineStream) engine.stream()).work().plans().made();
  }

  /** An engine that leaves everything to cuFFT. */
  private static CudaFourierEngine withoutFusedKernels() {
    String before = System.getProperty(FusedUse.PROPERTY);
    System.setProperty(FusedUse.PROPERTY, "off");
    try {
      return open();
    } finally {
      if (before == null) {
        System.clearProperty(FusedUse.PROPERTY);
      } else {
        System.setProperty(FusedUse.PROPERTY, before);
      }
    }
  }

  static CudaFourierEngine open() {
    return CudaFourierEngine.of(
        FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0")));
  }
}
