package io.fourierft.benchmarks;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The adapters' part of one step of training over several layers of one shape: forward and backward
 * of each, AdamW over all, and the new coefficients in the adapters.
 */
final class TrainingStep implements Contestant {
  private static final double LEARNING_RATE = 1e-3;
  private static final double WEIGHT_DECAY = 0.01;

  private final String name;
  private final FourierEngine engine;
  private final List<FourierAdapter> adapters = new ArrayList<>();
  private final List<TrainableSpectrum> spectra = new ArrayList<>();
  private final List<TokenSpectrum> inputs = new ArrayList<>();
  private final TokenSpectrum upstream;
  private final Trainer trainer;
  private final HostMatrix x;
  private final HostMatrix g;
  private final HostMatrix y;
  private final float[] inputGradient;
  private final HostMatrix gx;

  TrainingStep(EngineWork work, Workload workload, int layers) {
    name = work.name();
    engine = work.engine();
    int tokens = workload.tokens();
    x = Matrix.of(workload.activations(), tokens, workload.cols());
    g = Matrix.of(workload.upstream(), tokens, workload.rows());
    y = Matrix.of(new float[tokens * workload.rows()], tokens, workload.rows());
    inputGradient = new float[tokens * workload.cols()];
    gx = Matrix.of(inputGradient, tokens, workload.cols());
    upstream = engine.newTokenSpectrum(tokens, workload.rows());
    for (int i = 0; i < layers; i++) {
      adapters.add(workload.adapter());
      spectra.add(TrainableSpectrum.of("layer " + i, workload.spectrum()));
      // Every layer keeps its input from its forward pass to its backward pass.
      inputs.add(engine.newTokenSpectrum(tokens, workload.cols()));
    }
    trainer =
        Trainer.of(
            engine,
            List.of(new ParameterGroup("spectra", spectra, LEARNING_RATE, WEIGHT_DECAY)),
            TrainerOptions.defaults());
  }

  private void step() {
    for (int i = 0; i < adapters.size(); i++) {
      engine.transform(x, inputs.get(i));
      engine.apply(AdapterRouting.all(adapters.get(i)), inputs.get(i), y);
    }
    for (int i = adapters.size() - 1; i >= 0; i--) {
      AdapterRouting routing = AdapterRouting.all(adapters.get(i));
      engine.transform(g, upstream);
      engine.applyTransposed(routing, upstream, gx);
      engine.spectrumGradient(routing, inputs.get(i), upstream, List.of(spectra.get(i).gradient()));
    }
  }

  private void update() {
    trainer.batchDone();
    for (int i = 0; i < adapters.size(); i++) {
      adapters.set(i, adapters.get(i).withSpectrum(spectra.get(i).spectrum()));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Role role() {
    return Role.OURS;
  }

  @Override
  public double sampleNanos(int repetitions) {
    return Contestant.nanosOfOne(
        repetitions,
        () -> {
          step();
          update();
        });
  }

  /** The gradients of the first step, and the coefficients of the last layer after it. */
  @Override
  public List<float[]> output() {
    step();
    // The backward pass added the parts of all layers, which are equal.
    Arrays.fill(inputGradient, 0);
    engine.applyTransposed(AdapterRouting.all(adapters.getLast()), upstream, gx);
    float[] ofInput = SampledPlaces.of(gx);
    float[] ofSpectrum = SampledPlaces.of((HostMatrix) spectra.getLast().gradient());
    update();
    return List.of(ofInput, ofSpectrum, SampledPlaces.of((HostMatrix) spectra.getLast().values()));
  }

  @Override
  public void close() {
    inputs.forEach(TokenSpectrum::close);
    upstream.close();
    trainer.close();
  }
}
