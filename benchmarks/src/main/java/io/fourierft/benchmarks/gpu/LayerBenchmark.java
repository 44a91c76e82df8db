package io.fourierft.benchmarks.gpu;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LinearTape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Whole layers: the base product by cuBLAS with the adapter's part, forward and backward, and the
 * base alone, so that the ratio of the two is what the adapter costs.
 */
final class LayerBenchmark {
  /** The variant with one adapter that is trained. */
  static final String ADAPTED = "LAYER";

  /** The variant without adapters: cuBLAS alone. */
  static final String BASE = "BASE";

  private static final double F32_TOLERANCE = 1e-5;
  private static final double BF16_TOLERANCE = 1e-2;

  private static final int SAMPLES = 64;

  private final Bench bench;

  LayerBenchmark(Bench bench) {
    this.bench = bench;
  }

  void passes() {
    for (int tokens : bench.cases().numbers("layer", "tokens")) {
      for (Cases.Problem problem : bench.cases().problems("layer")) {
        for (String type : bench.cases().texts("layer", "types")) {
          for (String variant : List.of(ADAPTED, BASE)) {
            bench
                .results()
                .run(
                    Cases.layer(problem, tokens, type),
                    variant,
                    () -> pass(problem, tokens, ElementType.valueOf(type), variant));
          }
        }
      }
    }
  }

  private void pass(Cases.Problem problem, int tokens, ElementType type, String variant) {
    CudaFourierEngine engine = bench.engine();
    int rows = problem.rows();
    int cols = problem.cols();
    long inBytes = (long) tokens * cols * type.sizeInBytes();
    long outBytes = (long) tokens * rows * type.sizeInBytes();
    long weightBytes = (long) rows * cols * type.sizeInBytes();
    int sets = Bench.sets(2 * (inBytes + outBytes) + weightBytes);
    boolean adapted = variant.equals(ADAPTED);
    FourierAdapter adapter = Bench.adapters(problem, 1).getFirst();
    try (Buffers buffers = new Buffers()) {
      List<Step> steps = new ArrayList<>();
      for (int set = 0; set < sets; set++) {
        DeviceBuffer weight = buffers.add(bench.random(type, rows, cols, 70 + set));
        FourierLinear layer =
            buffers.add(new FourierLinear(engine, weight, null, FourierLinearOptions.defaults()));
        Map<String, DeviceBuffer> gradients = Map.of();
        if (adapted) {
          layer.addAdapter("default", adapter);
          DeviceBuffer gradient = buffers.add(engine.newBuffer(ElementType.F32, 1, problem.n()));
          engine.zero(gradient);
          gradients = Map.of("default", gradient);
        }
        steps.add(
            new Step(
                layer,
                buffers.add(layer.newTape(tokens)),
                weight,
                buffers.add(bench.random(type, tokens, cols, 10 + set)),
                buffers.add(engine.newBuffer(type, tokens, rows)),
                buffers.add(bench.random(type, tokens, rows, 40 + set)),
                buffers.add(engine.newBuffer(type, tokens, cols)),
                gradients));
      }
      double error = error(steps.getFirst(), adapter, adapted, engine);
      GpuClock.Timing timing =
          bench.clock().time((on, set) -> steps.get(set).run(on), sets, bench.cases().seconds());
      // Forward x, W and y, backward g, W and gx, the adapter's part x, y, g and gx once more.
      long base = 2 * (inBytes + outBytes) + 2 * weightBytes;
      long all = base + (adapted ? 3 * (inBytes + outBytes) : 0);
      bench
          .results()
          .add(
              Cases.layer(problem, tokens, type.name()),
              variant,
              timing,
              base,
              all,
              error,
              type == ElementType.F32 ? F32_TOLERANCE : BF16_TOLERANCE);
    }
  }

  /** Of the output of one token, against the definition in float64. */
  private double error(
      Step step, FourierAdapter adapter, boolean adapted, CudaFourierEngine engine) {
    step.run(engine);
    int token = step.y().rows() / 2;
    HostMatrix x = bench.row(step.x(), token);
    HostMatrix y = bench.row(step.y(), token);
    int[] places = new Random(token).ints(SAMPLES, 0, y.cols()).toArray();
    double[] expected = adapted ? Oracle.appliedAt(adapter, x, places) : new double[SAMPLES];
    double[] actual = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      HostMatrix weights = bench.row(step.weight(), places[i]);
      for (int q = 0; q < x.cols(); q++) {
        expected[i] += (double) weights.get(0, q) * x.get(0, q);
      }
      actual[i] = y.get(0, places[i]);
    }
    return Oracle.error(actual, expected);
  }

  /** The buffers of one pass. */
  private record Step(
      FourierLinear layer,
      LinearTape tape,
      DeviceBuffer weight,
      DeviceBuffer x,
      DeviceBuffer y,
      DeviceBuffer g,
      DeviceBuffer gx,
      Map<String, DeviceBuffer> gradients) {
    void run(CudaFourierEngine on) {
      FourierLinear there = layer.on(on);
      there.forward(x, y, tape);
      there.backward(tape, g, gx, gradients);
    }
  }
}
