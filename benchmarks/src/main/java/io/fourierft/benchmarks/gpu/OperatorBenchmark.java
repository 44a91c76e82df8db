package io.fourierft.benchmarks.gpu;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.TokenSpectrum;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.List;

/** The spectral operator: forward, forward and backward, batches of many adapters. */
final class OperatorBenchmark {
  private static final double F32_TOLERANCE = 2e-6;
  private static final double BF16_TOLERANCE = 4e-3;
  private static final int STEPS = 20;

  /** The path's name where one kernel does it. */
  static final String FUSED = "FUSED";

  /** The path's name where cuFFT's transforms do. */
  static final String STAGED = "STAGED";

  private final Bench bench;
  private final boolean fused;
  private final String variant;

  /**
   * Measures the bench's engine.
   *
   * @param fused whether by the fused kernels, else by cuFFT's transforms, which are kept for the
   *     backward pass then; the engine must do the same by itself
   */
  OperatorBenchmark(Bench bench, boolean fused) {
    this.bench = bench;
    this.fused = fused;
    this.variant = fused ? FUSED : STAGED;
  }

  private OperatorPath path() {
    return fused ? OperatorPath.FUSED : OperatorPath.STAGED;
  }

  void directions() {
    for (int tokens : bench.cases().numbers("forward", "tokens")) {
      for (Cases.Problem problem : bench.cases().problems("forward")) {
        for (String type : bench.cases().texts("forward", "types")) {
          ElementType elements = ElementType.valueOf(type);
          for (String direction : List.of("forward", "both")) {
            bench
                .results()
                .run(
                    Cases.operator(problem, direction, tokens, type),
                    variant,
                    () -> direction(problem, direction, tokens, elements));
          }
        }
      }
    }
  }

  private void direction(
      Cases.Problem problem, String direction, int tokens, ElementType elements) {
    AdapterRouting routing = AdapterRouting.all(Bench.adapters(problem, 1));
    boolean both = direction.equals("both");
    long inBytes = (long) tokens * problem.cols() * elements.sizeInBytes();
    long outBytes = (long) tokens * problem.rows() * elements.sizeInBytes();
    int sets = Bench.sets((both ? 2 : 1) * (inBytes + outBytes));
    try (Buffers buffers = new Buffers()) {
      List<Step> steps = steps(buffers, problem, tokens, elements, sets);
      double error = forwardError(routing, steps.getFirst());
      GpuClock.Work work =
          both
              ? (on, set) -> steps.get(set).both(on, routing, path())
              : (on, set) -> on.apply(routing, steps.get(set).x(), steps.get(set).y(), path());
      GpuClock.Timing timing = bench.clock().time(work, sets, bench.cases().seconds());
      long x = 8L * tokens * (problem.cols() / 2 + 1);
      long y = 8L * tokens * (problem.rows() / 2 + 1);
      long forward = inBytes + 2 * outBytes + (fused ? 0 : 4 * x + 4 * y);
      long backward = outBytes + 2 * inBytes + (fused ? inBytes : 4 * y + 4 * x + x + y);
      bench
          .results()
          .add(
              Cases.operator(problem, direction, tokens, elements.name()),
              variant,
              timing,
              both ? 3 * inBytes + 3 * outBytes : inBytes + 2 * outBytes,
              both ? forward + backward : forward,
              error,
              elements == ElementType.F32 ? F32_TOLERANCE : BF16_TOLERANCE);
    }
  }

  private List<Step> steps(
      Buffers buffers, Cases.Problem problem, int tokens, ElementType elements, int sets) {
    CudaFourierEngine engine = bench.engine();
    TokenSpectrum keptX = buffers.add(engine.newTokenSpectrum(tokens, problem.cols()));
    TokenSpectrum keptG = buffers.add(engine.newTokenSpectrum(tokens, problem.rows()));
    DeviceBuffer gradient = buffers.add(engine.newBuffer(ElementType.F32, 1, problem.n()));
    engine.zero(gradient);
    List<Step> steps = new ArrayList<>();
    for (int set = 0; set < sets; set++) {
      Step step =
          new Step(
              buffers.add(bench.random(elements, tokens, problem.cols(), 10 + set)),
              buffers.add(engine.newBuffer(elements, tokens, problem.rows())),
              buffers.add(bench.random(elements, tokens, problem.rows(), 40 + set)),
              buffers.add(engine.newBuffer(elements, tokens, problem.cols())),
              keptX,
              keptG,
              List.of(gradient));
      engine.zero(step.y());
      engine.zero(step.gx());
      steps.add(step);
    }
    return steps;
  }

  private double forwardError(AdapterRouting routing, Step step) {
    bench.engine().apply(routing, step.x(), step.y(), path());
    int token = step.y().rows() / 2;
    HostMatrix x = bench.row(step.x(), token);
    HostMatrix y = bench.row(step.y(), token);
    int adapter = routing.isPerToken() ? routing.choice(token) : 0;
    double error = Oracle.applied(routing.adapters().get(adapter), x, y);
    bench.engine().zero(step.y());
    return error;
  }

  void mixed() {
    for (Cases.Problem problem : bench.cases().problems("mixed")) {
      for (int tokens : bench.cases().numbers("mixed", "tokens")) {
        for (int count : bench.cases().numbers("mixed", "adapters")) {
          String name = Cases.mixed(problem, tokens, count);
          bench.results().run(name, variant, () -> mixed(name, problem, tokens, count));
        }
      }
    }
  }

  private void mixed(String name, Cases.Problem problem, int tokens, int count) {
    int[] choice = new int[tokens];
    for (int t = 0; t < tokens; t++) {
      choice[t] = t % count;
    }
    List<FourierAdapter> adapters = Bench.adapters(problem, count);
    AdapterRouting routing = AdapterRouting.perToken(adapters, choice);
    long inBytes = 4L * tokens * problem.cols();
    long outBytes = 4L * tokens * problem.rows();
    int sets = Bench.sets(inBytes + outBytes);
    try (Buffers buffers = new Buffers()) {
      List<Step> steps = steps(buffers, problem, tokens, ElementType.F32, sets);
      double error = forwardError(routing, steps.getFirst());
      GpuClock.Timing timing =
          bench
              .clock()
              .time(
                  (on, set) -> on.apply(routing, steps.get(set).x(), steps.get(set).y(), path()),
                  sets,
                  bench.cases().seconds());
      long x = 8L * tokens * (problem.cols() / 2 + 1);
      long y = 8L * tokens * (problem.rows() / 2 + 1);
      bench
          .results()
          .add(
              name,
              variant,
              timing,
              inBytes + 2 * outBytes + 12L * count * problem.n(),
              inBytes + 2 * outBytes + (fused ? 0 : 4 * x + 4 * y),
              error,
              F32_TOLERANCE);
    }
  }

  /** Whether training steps wait for the device anywhere. */
  String waiting() {
    Cases.Problem problem = bench.cases().problems("forward").getFirst();
    int tokens = bench.cases().numbers("forward", "tokens").stream().max(Integer::compare).get();
    try (Buffers buffers = new Buffers()) {
      Step step = steps(buffers, problem, tokens, ElementType.F32, 1).getFirst();
      TrainableSpectrum spectrum =
          TrainableSpectrum.of("layer", bench.engine(), Bench.adapters(problem, 1).getFirst());
      Trainer trainer =
          buffers.add(
              Trainer.of(
                  bench.engine(),
                  List.of(ParameterGroup.of("spectra", List.of(spectrum), 1e-3)),
                  TrainerOptions.defaults()));
      AdapterRouting routing = AdapterRouting.all(spectrum.adapter());
      Step training =
          new Step(
              step.x(),
              step.y(),
              step.g(),
              step.gx(),
              step.keptX(),
              step.keptG(),
              List.of(spectrum.gradient()));
      return bench
          .clock()
          .waiting(
              (on, _) -> {
                training.both(on, routing, path());
                trainer.batchDone();
              },
              STEPS);
    }
  }

  /** The buffers of one step. */
  private record Step(
      DeviceBuffer x,
      DeviceBuffer y,
      DeviceBuffer g,
      DeviceBuffer gx,
      TokenSpectrum keptX,
      TokenSpectrum keptG,
      List<? extends Matrix> gradients) {
    /** Forward, the gradient of the coefficients, the gradient of the input. */
    void both(CudaFourierEngine on, AdapterRouting routing, OperatorPath path) {
      if (path == OperatorPath.FUSED) {
        on.apply(routing, x, y, path);
        on.backward(routing, x, g, gx, gradients, path);
        return;
      }
      on.transform(x, keptX);
      on.apply(routing, keptX, y);
      on.transform(g, keptG);
      on.backward(routing, keptX, keptG, gx, gradients);
    }
  }
}
