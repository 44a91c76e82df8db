package io.fourierft.benchmarks.gpu;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.OperatorPath;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.List;

/** Launches every kernel a few times on small matrices, for compute-sanitizer to watch. */
final class SmallRun {
  private static final List<ElementType> ACTIVATIONS =
      List.of(ElementType.F32, ElementType.F16, ElementType.BF16);

  private SmallRun() {}

  public static void main(String[] arguments) {
    try (CudaFourierEngine engine =
        CudaFourierEngine.of(FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0")))) {
      for (Cases.Problem problem :
          List.of(new Cases.Problem(64, 48, 40), new Cases.Problem(37, 51, 5))) {
        List<FourierAdapter> adapters = Bench.adapters(problem, 3);
        dense(engine, problem, adapters);
        for (ElementType type : ACTIVATIONS) {
          operator(engine, problem, adapters, type);
        }
        train(engine, problem, adapters);
      }
      engine.synchronize();
    }
    System.out.println("small run: done");
  }

  private static void dense(
      CudaFourierEngine engine, Cases.Problem problem, List<FourierAdapter> adapters) {
    for (ElementType type : ElementType.values()) {
      try (Buffers buffers = new Buffers()) {
        List<DeviceBuffer> out = new ArrayList<>();
        for (FourierAdapter adapter : adapters) {
          DeviceBuffer buffer = buffers.add(engine.newBuffer(type, adapter.rows(), adapter.cols()));
          engine.zero(buffer);
          out.add(buffer);
        }
        for (DensePath path : DensePath.values()) {
          engine.deltaWeights(adapters, out, path);
        }
        DeviceBuffer transposed =
            buffers.add(engine.newBuffer(type, problem.cols(), problem.rows()));
        engine.zero(transposed);
        engine.addDelta(adapters.getFirst(), out.getFirst(), WeightLayout.OUT_IN, Addition.ADD);
        engine.addDeltaReporting(
            adapters.getFirst(), transposed, WeightLayout.IN_OUT, Addition.SUBTRACT);
      }
    }
  }

  private static void operator(
      CudaFourierEngine engine,
      Cases.Problem problem,
      List<FourierAdapter> adapters,
      ElementType type) {
    int tokens = 9;
    try (DeviceBuffer x = engine.newBuffer(type, tokens, problem.cols());
        DeviceBuffer y = engine.newBuffer(type, tokens, problem.rows());
        DeviceBuffer gx = engine.newBuffer(type, tokens, problem.cols());
        Buffers buffers = new Buffers()) {
      engine.zero(x);
      engine.zero(y);
      engine.zero(gx);
      List<DeviceBuffer> gradients = new ArrayList<>();
      for (FourierAdapter adapter : adapters) {
        DeviceBuffer gradient =
            buffers.add(engine.newBuffer(ElementType.F32, 1, adapter.nFrequency()));
        engine.zero(gradient);
        gradients.add(gradient);
      }
      int[] choice = {0, 1, 2, AdapterRouting.NONE, 0, 0, 2, 1, 1};
      for (AdapterRouting routing :
          List.of(AdapterRouting.all(adapters), AdapterRouting.perToken(adapters, choice))) {
        for (OperatorPath path : OperatorPath.values()) {
          engine.apply(routing, x, y, path);
          engine.applyTransposed(routing, y, x, path);
          engine.backward(routing, x, y, gx, gradients, path);
        }
        engine.spectrumGradient(routing, x, y, gradients);
      }
    }
  }

  private static void train(
      CudaFourierEngine engine, Cases.Problem problem, List<FourierAdapter> adapters) {
    List<TrainableSpectrum> spectra = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i++) {
      spectra.add(TrainableSpectrum.of("spectrum " + i, engine, adapters.get(i)));
    }
    try (Trainer trainer =
            Trainer.of(
                engine,
                List.of(ParameterGroup.of("spectra", spectra, 0.1)),
                TrainerOptions.defaults().withMaxGradientNorm(1));
        DeviceBuffer upstream = engine.newBuffer(ElementType.F32, problem.rows(), problem.cols())) {
      engine.zero(upstream);
      engine.spectrumGradientFromDelta(
          spectra.getFirst().adapter(), upstream, spectra.getFirst().gradient());
      trainer.batchDone();
    }
  }
}
