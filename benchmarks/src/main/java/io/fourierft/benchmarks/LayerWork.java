package io.fourierft.benchmarks;

import io.fourierft.AdapterPath;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.benchmarks.Contestant.Role;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import java.util.List;

/** A whole {@link FourierLinear} as a contestant, on memory of its own but a shared weight. */
final class LayerWork {
  private final EngineWork engine;
  private final Workload workload;
  private final HostMatrix weight;
  private final int threads;
  private final HostMatrix x;
  private final HostMatrix y;

  LayerWork(EngineWork engine, Workload workload, float[] weight, int threads) {
    this.engine = engine;
    this.workload = workload;
    this.weight = Matrix.of(weight, workload.rows(), workload.cols());
    this.threads = threads;
    this.x = Matrix.of(workload.activations(), workload.tokens(), workload.cols());
    this.y =
        Matrix.of(
            new float[workload.tokens() * workload.rows()], workload.tokens(), workload.rows());
  }

  /** The base weight alone. */
  Contestant base() {
    return contestant(engine.name(), layer(AdapterPath.AUTO, 0));
  }

  /** With the adapter, on the spectral path. */
  Contestant forward() {
    return forward(engine.name(), AdapterPath.SPECTRAL, 0);
  }

  /** With the adapter, on a path of the caller's choice. */
  Contestant forward(String column, AdapterPath path, long cacheBytes) {
    FourierLinear layer = layer(path, cacheBytes);
    layer.addAdapter("default", workload.adapter());
    return contestant(column, layer);
  }

  private FourierLinear layer(AdapterPath path, long cacheBytes) {
    FourierLinearOptions options =
        FourierLinearOptions.defaults()
            .withThreads(threads)
            .withPath(path)
            .withDeltaCacheBytes(cacheBytes);
    return new FourierLinear(engine.engine(), weight, null, options);
  }

  private Contestant contestant(String column, FourierLinear layer) {
    return new Contestant.Local(
        column,
        Role.OURS,
        () -> layer.forward(x, y),
        () -> {
          layer.forward(x, y);
          return List.of(SampledPlaces.of(y));
        });
  }
}
