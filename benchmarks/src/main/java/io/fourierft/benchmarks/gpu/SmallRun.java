package io.fourierft.benchmarks.gpu;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.OperatorPath;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Launches every kernel on small matrices of all kinds of lengths, for compute-sanitizer to watch.
 * Prints how often each was launched, and ends with status 1 if one never was.
 */
final class SmallRun {
  private static final List<ElementType> ACTIVATIONS =
      List.of(ElementType.F32, ElementType.F16, ElementType.BF16);

  private static final int TOKENS = 9;

  /** Which adapter a token has; one has none, and none has the last. */
  private static final int[] CHOICE = {0, 1, 2, AdapterRouting.NONE, 0, 0, 2, 1, 1};

  /**
   * Lengths of every kind: powers of two, one radix and several; three times such, as 768 is; odd
   * ones, prime and not, whose tokens are not halved; half a prime; a prime that only cuFFT takes.
   */
  private static final List<Cases.Problem> SHAPES =
      List.of(
          new Cases.Problem(64, 48, 40),
          new Cases.Problem(37, 51, 5),
          new Cases.Problem(16, 768, 100),
          new Cases.Problem(768, 12, 100),
          new Cases.Problem(4, 4096, 300),
          new Cases.Problem(2, 2, 1),
          new Cases.Problem(45, 1, 7),
          new Cases.Problem(106, 61, 64),
          new Cases.Problem(3, 2062, 30));

  private final CudaFourierEngine engine;
  private final Map<Kernel, Long> recorded = new EnumMap<>(Kernel.class);

  private SmallRun(CudaFourierEngine engine) {
    this.engine = engine;
  }

  public static void main(String[] arguments) {
    List<String> missing;
    try (CudaFourierEngine engine =
        CudaFourierEngine.of(FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0")))) {
      SmallRun run = new SmallRun(engine);
      for (Cases.Problem problem : SHAPES) {
        List<FourierAdapter> adapters = Bench.adapters(problem, 3);
        run.dense(problem, adapters);
        for (ElementType type : ACTIVATIONS) {
          run.operator(problem, adapters, type);
        }
        run.train(problem, adapters);
      }
      engine.synchronize();
      missing = run.report();
    }
    if (!missing.isEmpty()) {
      System.out.println("small run: never launched: " + String.join(", ", missing));
      System.exit(1);
    }
    System.out.println("small run: done, every kernel launched");
  }

  /** Which of the dense paths, and of the operator's, take such lengths. */
  private static boolean isServed(Cases.Problem problem) {
    return LinePlan.isServed(problem.rows()) && LinePlan.isServed(problem.cols());
  }

  private void dense(Cases.Problem problem, List<FourierAdapter> adapters) {
    for (ElementType type : ElementType.values()) {
      try (Buffers buffers = new Buffers()) {
        List<DeviceBuffer> out = new ArrayList<>();
        for (FourierAdapter adapter : adapters) {
          DeviceBuffer buffer = buffers.add(engine.newBuffer(type, adapter.rows(), adapter.cols()));
          engine.zero(buffer);
          out.add(buffer);
        }
        for (DensePath path : DensePath.values()) {
          if (path != DensePath.FUSED || isServed(problem)) {
            engine.deltaWeights(adapters, out, path);
          }
        }
        DeviceBuffer transposed =
            buffers.add(engine.newBuffer(type, problem.cols(), problem.rows()));
        engine.zero(transposed);
        FourierAdapter first = adapters.getFirst();
        engine.addDelta(first, out.getFirst(), WeightLayout.OUT_IN, Addition.ADD);
        engine.addDelta(first, transposed, WeightLayout.IN_OUT, Addition.SUBTRACT);
        engine.addDeltaReporting(first, out.getFirst(), WeightLayout.OUT_IN, Addition.SUBTRACT);
        engine.addDeltaReporting(first, transposed, WeightLayout.IN_OUT, Addition.ADD);
      }
    }
  }

  private void operator(Cases.Problem problem, List<FourierAdapter> adapters, ElementType type) {
    try (Buffers buffers = new Buffers()) {
      DeviceBuffer x = zeros(buffers, type, problem.cols());
      DeviceBuffer y = zeros(buffers, type, problem.rows());
      DeviceBuffer gx = zeros(buffers, type, problem.cols());
      TokenSpectrum keptX = buffers.add(engine.newTokenSpectrum(TOKENS, problem.cols()));
      TokenSpectrum keptY = buffers.add(engine.newTokenSpectrum(TOKENS, problem.rows()));
      List<DeviceBuffer> gradients = new ArrayList<>();
      for (FourierAdapter adapter : adapters) {
        DeviceBuffer gradient =
            buffers.add(engine.newBuffer(ElementType.F32, 1, adapter.nFrequency()));
        engine.zero(gradient);
        gradients.add(gradient);
      }
      engine.transform(x, keptX);
      engine.transform(y, keptY);
      for (AdapterRouting routing :
          List.of(
              AdapterRouting.all(adapters.getFirst()),
              AdapterRouting.all(adapters),
              AdapterRouting.perToken(adapters, CHOICE))) {
        List<DeviceBuffer> ofRouting = gradients.subList(0, routing.adapters().size());
        for (OperatorPath path : OperatorPath.values()) {
          if (path == OperatorPath.FUSED && !isServed(problem)) {
            continue;
          }
          engine.apply(routing, x, y, path);
          engine.applyTransposed(routing, y, x, path);
          engine.backward(routing, x, y, gx, ofRouting, path);
        }
        engine.spectrumGradient(routing, x, y, ofRouting);
        engine.apply(routing, keptX, y);
        engine.backward(routing, keptX, keptY, gx, ofRouting);
      }
    }
  }

  private DeviceBuffer zeros(Buffers buffers, ElementType type, int features) {
    DeviceBuffer buffer = buffers.add(engine.newBuffer(type, TOKENS, features));
    engine.zero(buffer);
    return buffer;
  }

  /** Steps of a trainer: of gradients of ΔW, of a backward pass, and recorded. */
  private void train(Cases.Problem problem, List<FourierAdapter> adapters) {
    List<TrainableSpectrum> spectra = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i++) {
      spectra.add(TrainableSpectrum.of("spectrum " + i, engine, adapters.get(i)));
    }
    try (Trainer trainer =
            Trainer.of(
                engine,
                List.of(ParameterGroup.of("spectra", spectra, 0.1)),
                TrainerOptions.defaults().withMaxGradientNorm(1));
        Buffers buffers = new Buffers()) {
      DeviceBuffer upstream =
          buffers.add(engine.newBuffer(ElementType.F32, problem.rows(), problem.cols()));
      engine.zero(upstream);
      TrainableSpectrum spectrum = spectra.getFirst();
      engine.spectrumGradientFromDelta(spectrum.adapter(), upstream, spectrum.gradient());
      trainer.batchDone();
      AdapterRouting routing = AdapterRouting.all(spectrum.adapter());
      DeviceBuffer x = zeros(buffers, ElementType.F32, problem.cols());
      DeviceBuffer y = zeros(buffers, ElementType.F32, problem.rows());
      DeviceBuffer gx = zeros(buffers, ElementType.F32, problem.cols());
      List<WorkStream> streams = new ArrayList<>();
      trainer.prepareStep();
      try (CudaGraph graph =
          engine.record(
              on -> {
                on.apply(routing, x, y);
                on.backward(routing, x, y, gx, List.of(spectrum.gradient()));
                trainer.applyStep(on);
                streams.add(work(on));
              })) {
        count(streams.getLast());
        trainer.prepareStep();
        graph.launch();
      }
    }
  }

  private static WorkStream work(CudaFourierEngine on) {
    return ((EngineStream) on.stream()).work();
  }

  private void count(WorkStream stream) {
    for (Kernel kernel : Kernel.values()) {
      recorded.merge(kernel, stream.launches(kernel), Long::sum);
    }
  }

  /** Prints the kernels; returns those that were never launched. */
  private List<String> report() {
    count(work(engine));
    // The engine launched it when it opened, before it had a stream, and read what it wrote.
    recorded.remove(Kernel.ABI_VERSION);
    System.out.printf("%-36s when the engine opened%n", Kernel.ABI_VERSION.symbol());
    List<String> missing = new ArrayList<>();
    recorded.forEach(
        (kernel, launches) -> {
          System.out.printf("%-36s %6d launches%n", kernel.symbol(), launches);
          if (launches == 0) {
            missing.add(kernel.symbol());
          }
        });
    return missing;
  }
}
