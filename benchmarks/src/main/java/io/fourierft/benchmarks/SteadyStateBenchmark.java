package io.fourierft.benchmarks;

import io.fourierft.AdapterRouting;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The engine's operations in steady state, for profilers: {@code benchmarks/run.sh jmh -prof gc}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@NullUnmarked // JMH fills the fields in before it calls a method.
public class SteadyStateBenchmark {
  /** CPU kernels. */
  @Param({"jtransforms", "simd"})
  public String kernels;

  /** rows = cols. */
  @Param({"1024", "4096"})
  public int side;

  /** Tokens of a batch. */
  @Param("64")
  public int tokens;

  /** Threads of the engine. */
  @Param("2")
  public int threads;

  private FourierEngine engine;
  private AdapterRouting routing;
  private FourierAdapter adapter;
  private List<FourierAdapter> adapters;
  private List<HostMatrix> deltas;
  private HostMatrix x;
  private HostMatrix g;
  private HostMatrix y;
  private List<HostMatrix> gradients;

  /** Opens the engine. */
  @Setup
  public void open() {
    Workload workload = new Workload(side, side, DeltaSection.N_FREQUENCY, tokens);
    engine = FourierEngine.create(new EngineOptions("cpu", threads, kernels));
    adapter = workload.adapter();
    adapters = List.of(adapter);
    routing = AdapterRouting.all(adapter);
    deltas = List.of(DeltaSection.newDelta(workload));
    x = Matrix.of(workload.activations(), tokens, side);
    g = Matrix.of(workload.upstream(), tokens, side);
    y = Matrix.of(new float[tokens * side], tokens, side);
    gradients = List.of(Matrix.of(new float[workload.n()], 1, workload.n()));
  }

  /** Closes the engine. */
  @TearDown
  public void close() {
    engine.close();
  }

  /** ΔW. */
  @Benchmark
  public void deltaWeights() {
    engine.deltaWeights(adapters, deltas);
  }

  /** A merge. */
  @Benchmark
  public void addDelta() {
    engine.addDelta(adapter, deltas.getFirst(), WeightLayout.OUT_IN, Addition.ADD);
  }

  /** y += ΔW x. */
  @Benchmark
  public void apply() {
    engine.apply(routing, x, y);
  }

  /** gx += ΔWᵀ g. */
  @Benchmark
  public void applyTransposed() {
    engine.applyTransposed(routing, g, y);
  }

  /** The gradient of the coefficients. */
  @Benchmark
  public void spectrumGradient() {
    engine.spectrumGradient(routing, x, g, gradients);
  }
}
