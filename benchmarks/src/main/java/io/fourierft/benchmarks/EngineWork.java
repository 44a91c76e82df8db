package io.fourierft.benchmarks;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.benchmarks.Contestant.Role;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * An engine of this project as a contestant.
 *
 * @param name its column: the kernels
 */
record EngineWork(String name, FourierEngine engine) {
  private static final Supplier<List<float[]>> NO_OUTPUT = List::of;

  /** ΔW into {@code out}, whose memory contestants may share. */
  Contestant delta(Workload workload, HostMatrix out) {
    List<FourierAdapter> adapters = List.of(workload.adapter());
    List<HostMatrix> outputs = List.of(out);
    return local(
        () -> engine.deltaWeights(adapters, outputs),
        () -> {
          engine.deltaWeights(adapters, outputs);
          return List.of(SampledPlaces.of(out));
        });
  }

  /** {@code y += ΔW x}; its output is what a call adds to zeros. */
  Contestant apply(Workload workload) {
    return apply(workload, AdapterRouting.all(workload.adapter()), name);
  }

  /** The same with any routing. */
  Contestant apply(Workload workload, AdapterRouting routing, String column) {
    HostMatrix x = Matrix.of(workload.activations(), workload.tokens(), workload.cols());
    float[] sums = new float[workload.tokens() * workload.rows()];
    HostMatrix y = Matrix.of(sums, workload.tokens(), workload.rows());
    return new Contestant.Local(
        column,
        Role.OURS,
        () -> engine.apply(routing, x, y),
        () -> {
          Arrays.fill(sums, 0);
          engine.apply(routing, x, y);
          return List.of(SampledPlaces.of(y));
        });
  }

  /** The adapter's part of a training step: y, then the gradients of x and of the spectrum. */
  Contestant forwardBackward(Workload workload) {
    Training training = new Training(engine, workload);
    return new Contestant() {
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
        return local(training, NO_OUTPUT).sampleNanos(repetitions);
      }

      @Override
      public List<float[]> output() {
        return training.gradients();
      }

      @Override
      public void close() {
        training.close();
      }
    };
  }

  /** Places and adapter of a new layer. */
  Contestant newAdapter(Workload workload) {
    float[] spectrum = workload.spectrum();
    return local(
        () ->
            FourierAdapter.of(
                SpectralLocations.of(workload.rows(), workload.cols(), workload.n(), Workload.SEED),
                spectrum,
                Workload.SCALING),
        () -> List.of(flatLocations(workload)));
  }

  /** {@code u·cols + v}, exact in a float below 2^24. */
  static float[] flatLocations(Workload workload) {
    SpectralLocations locations = workload.adapter().locations();
    float[] flat = new float[workload.n()];
    for (int k = 0; k < flat.length; k++) {
      flat[k] = (float) ((long) locations.row(k) * workload.cols() + locations.col(k));
    }
    return flat;
  }

  private Contestant.Local local(Runnable work, Supplier<List<float[]>> output) {
    return new Contestant.Local(name, Role.OURS, work, output);
  }

  /** One training step of the adapter alone, with memory of its own. */
  private static final class Training implements Runnable, AutoCloseable {
    private final FourierEngine engine;
    private final AdapterRouting routing;
    private final HostMatrix x;
    private final HostMatrix g;
    private final HostMatrix y;
    private final float[] inputGradient;
    private final HostMatrix gx;
    private final float[] spectrumGradient;
    private final List<HostMatrix> gradients;
    private final TokenSpectrum inputs;
    private final TokenSpectrum upstream;

    Training(FourierEngine engine, Workload workload) {
      int tokens = workload.tokens();
      this.engine = engine;
      this.routing = AdapterRouting.all(workload.adapter());
      this.x = Matrix.of(workload.activations(), tokens, workload.cols());
      this.g = Matrix.of(workload.upstream(), tokens, workload.rows());
      this.y = Matrix.of(new float[tokens * workload.rows()], tokens, workload.rows());
      this.inputGradient = new float[tokens * workload.cols()];
      this.gx = Matrix.of(inputGradient, tokens, workload.cols());
      this.spectrumGradient = new float[workload.n()];
      this.gradients = List.of(Matrix.of(spectrumGradient, 1, workload.n()));
      this.inputs = engine.newTokenSpectrum(tokens, workload.cols());
      this.upstream = engine.newTokenSpectrum(tokens, workload.rows());
    }

    @Override
    public void run() {
      engine.transform(x, inputs);
      engine.apply(routing, inputs, y);
      engine.transform(g, upstream);
      engine.applyTransposed(routing, upstream, gx);
      engine.spectrumGradient(routing, inputs, upstream, gradients);
    }

    /** Both gradients of one step. */
    List<float[]> gradients() {
      Arrays.fill(inputGradient, 0);
      Arrays.fill(spectrumGradient, 0);
      run();
      return List.of(SampledPlaces.of(gx), spectrumGradient.clone());
    }

    @Override
    public void close() {
      inputs.close();
      upstream.close();
    }
  }
}
