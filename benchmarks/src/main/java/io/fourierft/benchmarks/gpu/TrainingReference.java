package io.fourierft.benchmarks.gpu;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The same steps on the CPU, of the first and the last module of a stack, from the same inputs.
 *
 * @param modules those two
 */
record TrainingReference(List<Module> modules) {
  private static final double F32_OUTPUT_TOLERANCE = 1e-5;

  /** Of activations in bfloat16, which each step rounds once more. */
  private static final double BF16_OUTPUT_TOLERANCE = 1e-2;

  /**
   * One module after the last step.
   *
   * @param index among the stack's
   * @param values its coefficients
   * @param firstMoment the optimiser's mean of their gradients
   * @param y one token of its output, all steps added
   * @param gx of the gradient of its input, likewise
   */
  record Module(int index, double[] values, double[] firstMoment, double[] y, double[] gx) {}

  /** Computes {@code steps} steps with the inputs of {@code step}. */
  static TrainingReference of(TrainingStep step, int steps) {
    List<Module> modules = new ArrayList<>();
    try (FourierEngine cpu = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"))) {
      int last = step.shape().stack().modules() - 1;
      for (int module : IntStream.of(0, last).distinct().toArray()) {
        modules.add(train(cpu, step, module, steps));
      }
    }
    return new TrainingReference(modules);
  }

  private static Module train(FourierEngine cpu, TrainingStep step, int module, int steps) {
    TrainingStep.Shape shape = step.shape();
    int side = shape.stack().side();
    HostMatrix x = step.x(module);
    HostMatrix g = step.g(module);
    HostMatrix y = Bench.host(ElementType.F32, shape.tokens(), side);
    HostMatrix gx = Bench.host(ElementType.F32, shape.tokens(), side);
    FourierAdapter adapter = shape.adapter(module);
    TrainableSpectrum spectrum = TrainableSpectrum.of("module", adapter.spectrum());
    try (Trainer trainer =
        Trainer.of(
            cpu,
            List.of(
                new ParameterGroup(
                    "spectra",
                    List.of(spectrum),
                    TrainingStep.LEARNING_RATE,
                    TrainingStep.WEIGHT_DECAY)),
            TrainerOptions.defaults())) {
      for (int i = 0; i < steps; i++) {
        AdapterRouting routing = AdapterRouting.all(adapter);
        cpu.apply(routing, x, y);
        cpu.backward(routing, x, g, gx, List.of(spectrum.gradient()));
        trainer.batchDone();
        adapter = adapter.withSpectrum(spectrum.spectrum());
      }
      int token = token(shape);
      Matrix moment = trainer.firstMoment(spectrum);
      return new Module(
          module,
          row((HostMatrix) spectrum.values(), 0),
          row((HostMatrix) moment, 0),
          row(y, token),
          row(gx, token));
    }
  }

  private static int token(TrainingStep.Shape shape) {
    return shape.tokens() / 2;
  }

  private static double[] row(HostMatrix matrix, int row) {
    double[] values = new double[matrix.cols()];
    for (int q = 0; q < values.length; q++) {
      values[q] = matrix.get(row, q);
    }
    return values;
  }

  /**
   * The largest relative error of coefficients and moments; that of outputs if these are further
   * off than the rounding of activations explains.
   */
  double error(TrainingStep step) {
    int token = token(step.shape());
    double trained = 0;
    double outputs = 0;
    for (Module each : modules) {
      trained = Math.max(trained, Oracle.error(row(step.values(each.index), 0), each.values));
      trained =
          Math.max(trained, Oracle.error(row(step.firstMoment(each.index), 0), each.firstMoment));
      outputs = Math.max(outputs, Oracle.error(row(step.y(each.index, token), 0), each.y));
      outputs = Math.max(outputs, Oracle.error(row(step.gx(each.index, token), 0), each.gx));
    }
    double explained =
        step.shape().type() == ElementType.F32 ? F32_OUTPUT_TOLERANCE : BF16_OUTPUT_TOLERANCE;
    return outputs <= explained ? trained : Math.max(outputs, trained);
  }
}
