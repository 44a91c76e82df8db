package io.fourierft.benchmarks.gpu;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * One stack of adapted modules on the device, each with activations of its own, and its trainer.
 */
final class TrainingStep implements AutoCloseable {
  static final double LEARNING_RATE = 1e-3;
  static final double WEIGHT_DECAY = 0.01;

  private final Bench bench;
  private final Shape shape;
  private final boolean staged;
  private final Buffers buffers = new Buffers();
  private final List<Module> modules = new ArrayList<>();
  private final TokenSpectrum upstream;
  private final Trainer trainer;

  /**
   * What is trained.
   *
   * @param n coefficients of an adapter
   * @param type of the activations
   */
  record Shape(Cases.Stack stack, int n, int tokens, ElementType type) {
    /** Of one of x, y, g and gx of one module. */
    long matrixBytes() {
      return (long) tokens * stack.side() * type.sizeInBytes();
    }

    /** Of all activations. */
    long bytes() {
      return 4 * matrixBytes() * stack.modules();
    }

    FourierAdapter adapter(int module) {
      return Bench.adapters(new Cases.Problem(stack.side(), stack.side(), n), module + 1)
          .get(module);
    }
  }

  /** One adapted module. */
  private record Module(
      TrainableSpectrum spectrum,
      AdapterRouting routing,
      DeviceBuffer x,
      TokenSpectrum kept,
      DeviceBuffer y,
      DeviceBuffer g,
      DeviceBuffer gx) {}

  /**
   * Coefficients as drawn, moments and outputs of zero.
   *
   * @param staged whether the transforms of x are kept from the forward to the backward pass
   */
  TrainingStep(Bench bench, Shape shape, boolean staged) {
    this.bench = bench;
    this.shape = shape;
    this.staged = staged;
    boolean complete = false;
    try {
      int side = shape.stack().side();
      CudaFourierEngine engine = bench.engine();
      upstream = buffers.add(engine.newTokenSpectrum(shape.tokens(), side));
      List<TrainableSpectrum> spectra = new ArrayList<>();
      List<FourierAdapter> adapters =
          Bench.adapters(new Cases.Problem(side, side, shape.n()), shape.stack().modules());
      for (int i = 0; i < adapters.size(); i++) {
        spectra.add(buffers.add(TrainableSpectrum.of("module " + i, engine, adapters.get(i))));
        modules.add(module(spectra.getLast(), i));
      }
      trainer =
          buffers.add(
              Trainer.of(
                  engine,
                  List.of(new ParameterGroup("spectra", spectra, LEARNING_RATE, WEIGHT_DECAY)),
                  TrainerOptions.defaults()));
      complete = true;
    } finally {
      if (!complete) {
        buffers.close();
      }
    }
  }

  private Module module(TrainableSpectrum spectrum, int index) {
    CudaFourierEngine engine = bench.engine();
    int tokens = shape.tokens();
    int side = shape.stack().side();
    Module module =
        new Module(
            spectrum,
            AdapterRouting.all(spectrum.adapter()),
            buffers.add(bench.random(shape.type(), tokens, side, 100 + index)),
            buffers.add(engine.newTokenSpectrum(staged ? tokens : 1, side)),
            buffers.add(engine.newBuffer(shape.type(), tokens, side)),
            buffers.add(bench.random(shape.type(), tokens, side, 200 + index)),
            buffers.add(engine.newBuffer(shape.type(), tokens, side)));
    engine.zero(module.y());
    engine.zero(module.gx());
    return module;
  }

  Shape shape() {
    return shape;
  }

  /** A step, each kernel launched by itself. */
  void plain() {
    passes(bench.engine());
    trainer.batchDone();
  }

  /** What comes before each launch of a graph that holds {@link #passesAndUpdate}. */
  void prepare() {
    trainer.prepareStep();
  }

  /** A step that was prepared. */
  void passesAndUpdate(CudaFourierEngine on) {
    passes(on);
    trainer.applyStep(on);
  }

  private void passes(FourierEngine on) {
    for (Module each : modules) {
      if (staged) {
        on.transform(each.x(), each.kept());
        on.apply(each.routing(), each.kept(), each.y());
      } else {
        on.apply(each.routing(), each.x(), each.y());
      }
    }
    for (Module each : modules.reversed()) {
      List<? extends Matrix> gradients = List.of(each.spectrum().gradient());
      if (staged) {
        on.transform(each.g(), upstream);
        on.backward(each.routing(), each.kept(), upstream, each.gx(), gradients);
      } else {
        on.backward(each.routing(), each.x(), each.g(), each.gx(), gradients);
      }
    }
  }

  HostMatrix x(int module) {
    return downloaded(modules.get(module).x());
  }

  HostMatrix g(int module) {
    return downloaded(modules.get(module).g());
  }

  /** One row of a module's output. */
  HostMatrix y(int module, int token) {
    return bench.row(modules.get(module).y(), token);
  }

  /** One row of the gradient of a module's input. */
  HostMatrix gx(int module, int token) {
    return bench.row(modules.get(module).gx(), token);
  }

  HostMatrix values(int module) {
    return downloaded((CudaMatrix) modules.get(module).spectrum().values());
  }

  HostMatrix firstMoment(int module) {
    return downloaded((CudaMatrix) trainer.firstMoment(modules.get(module).spectrum()));
  }

  private HostMatrix downloaded(CudaMatrix matrix) {
    HostMatrix host = Bench.host(matrix.elementType(), matrix.rows(), matrix.cols());
    bench.engine().download(matrix, host);
    return host;
  }

  @Override
  public void close() {
    buffers.close();
  }
}
