package io.fourierft.benchmarks.gpu;

import io.fourierft.ElementType;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.HashMap;
import java.util.Map;

/**
 * The adapters' part of a step of training over several layers: forward and backward of each, AdamW
 * over all; launched one by one, and as one recorded graph.
 */
final class TrainingBenchmark {
  /** The way that the engine takes by itself. */
  static final String AUTO = "AUTO";

  /** What is added to the way's name where one graph holds the whole step. */
  static final String GRAPH = "+GRAPH";

  private static final double TOLERANCE = 1e-5;
  private static final int CHECKED_STEPS = 3;

  private final Bench bench;
  private final boolean staged;
  private final Map<String, TrainingReference> references;

  /**
   * Measures the bench's engine.
   *
   * @param staged whether by cuFFT's transforms, which are kept for the backward pass then
   * @param references what was computed on the CPU, by case; filled where it lacks one
   */
  TrainingBenchmark(Bench bench, boolean staged, Map<String, TrainingReference> references) {
    this.bench = bench;
    this.staged = staged;
    this.references = references;
  }

  /** References of no case yet. */
  static Map<String, TrainingReference> noReferences() {
    return new HashMap<>();
  }

  void steps() {
    String way = staged ? OperatorBenchmark.STAGED : AUTO;
    for (String type : bench.cases().texts("training", "types")) {
      for (Cases.Stack stack : bench.cases().stacks("training")) {
        for (int n : bench.cases().numbers("training", "frequencies")) {
          for (int tokens : bench.cases().numbers("training", "tokens")) {
            String name = Cases.training(stack, n, tokens, type);
            ElementType elements = ElementType.valueOf(type);
            TrainingStep.Shape shape = new TrainingStep.Shape(stack, n, tokens, elements);
            bench.results().run(name, way, () -> plain(name, way, shape));
            bench.results().run(name, way + GRAPH, () -> recorded(name, way + GRAPH, shape));
          }
        }
      }
    }
  }

  private void plain(String name, String variant, TrainingStep.Shape shape) {
    if (!bench.fits(shape.bytes())) {
      bench.results().skip(name, variant, "the activations alone do not fit the device");
      return;
    }
    try (TrainingStep step = new TrainingStep(bench, shape, staged)) {
      for (int i = 0; i < CHECKED_STEPS; i++) {
        step.plain();
      }
      double error = error(name, step);
      GpuClock.Timing timing =
          bench.clock().timeAsItIs((_, _) -> step.plain(), 1, bench.cases().seconds());
      add(name, variant, shape, timing, error);
    }
  }

  private void recorded(String name, String variant, TrainingStep.Shape shape) {
    if (!bench.fits(shape.bytes())) {
      bench.results().skip(name, variant, "the activations alone do not fit the device");
      return;
    }
    try (TrainingStep step = new TrainingStep(bench, shape, staged)) {
      long[] counted = new long[2];
      // Recording makes a first step.
      step.prepare();
      try (CudaGraph graph =
          bench
              .engine()
              .record(
                  on -> {
                    WorkStream stream = ((EngineStream) on.stream()).work();
                    long launches = stream.launches();
                    long transforms = stream.plans().executions();
                    step.passesAndUpdate(on);
                    counted[0] = stream.launches() - launches;
                    counted[1] = stream.plans().executions() - transforms;
                  })) {
        GpuClock.Work replay =
            (_, _) -> {
              step.prepare();
              graph.launch();
            };
        for (int i = 1; i < CHECKED_STEPS; i++) {
          replay.enqueue(bench.engine(), 0);
        }
        double error = error(name, step);
        GpuClock.Timing timing = bench.clock().timeAsItIs(replay, 1, bench.cases().seconds());
        add(name, variant, shape, timing.ofRecorded(counted[0], counted[1]), error);
      }
    }
  }

  private double error(String name, TrainingStep step) {
    return references
        .computeIfAbsent(name, _ -> TrainingReference.of(step, CHECKED_STEPS))
        .error(step);
  }

  /** Forward x and y, backward x, g and gx; the transforms between are left out. */
  private void add(
      String name, String variant, TrainingStep.Shape shape, GpuClock.Timing timing, double error) {
    long one = shape.matrixBytes();
    // Values, gradients and two moments, read and written, and the places.
    long coefficients = 40L * shape.n() * shape.stack().modules();
    long bins = 8L * shape.tokens() * (shape.stack().side() / 2 + 1);
    long least = 6 * one * shape.stack().modules() + coefficients;
    long kept = staged ? 18 * bins : one;
    bench
        .results()
        .add(
            name, variant, timing, least, least + kept * shape.stack().modules(), error, TOLERANCE);
  }
}
