package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.AdditionReport;
import io.fourierft.CostModel;
import io.fourierft.DensePath;
import io.fourierft.DenseProduct;
import io.fourierft.EngineSelection;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.internal.checks.Direction;
import io.fourierft.internal.checks.KeptSpectrum;
import io.fourierft.internal.host.IdleStack;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The engine on the CPU. Everything that a caller gives is checked here; the calls behind share one
 * pool of threads, and the arithmetic is a kernel set's.
 */
public final class CpuEngine implements FourierEngine {
  private final EngineSelection selection;
  private final EngineCore core;
  private final HostChecks checks = new HostChecks();
  private final CallGate gate = new CallGate("the CPU engine");
  private final IdleStack<DenseJob> denseJobs;
  private final IdleStack<DeltaBatch> deltaBatches;
  private final IdleStack<SpectralCall> spectralCalls;
  private final IdleStack<GradientCall> gradientCalls;
  private final IdleStack<DeltaGradientCall> deltaGradientCalls;
  private final HostProducts products;

  /** An engine with worker threads of its own, which {@link #close} ends. */
  public CpuEngine(CpuKernels kernels, int threads, EngineSelection selection) {
    this.selection = selection;
    core = new EngineCore(kernels, threads);
    denseJobs = new IdleStack<>(() -> new DenseJob(core));
    deltaBatches = new IdleStack<>(() -> new DeltaBatch(core, denseJobs));
    spectralCalls = new IdleStack<>(() -> new SpectralCall(core));
    gradientCalls = new IdleStack<>(() -> new GradientCall(core));
    deltaGradientCalls = new IdleStack<>(() -> new DeltaGradientCall(core));
    products = new HostProducts(core, gate);
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public EngineSelection selection() {
    return selection;
  }

  /** Threads that compute, the caller's included. */
  int threads() {
    return core.pool().threads();
  }

  @Override
  public void deltaWeights(
      List<FourierAdapter> adapters, List<? extends Matrix> out, DensePath path) {
    gate.enter();
    try {
      DeltaBatch batch = deltaBatches.take();
      checks.deltas(adapters, out, batch.outs());
      batch.run(adapters, path);
      deltaBatches.give(batch);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void addDelta(
      FourierAdapter adapter, Matrix weight, WeightLayout layout, Addition addition) {
    add(adapter, weight, layout == WeightLayout.IN_OUT, addition, null);
  }

  @Override
  public AdditionReport addDeltaReporting(
      FourierAdapter adapter, Matrix weight, WeightLayout layout, Addition addition) {
    AdditionMeter meter = new AdditionMeter(adapter.rows(), adapter.cols());
    add(adapter, weight, layout == WeightLayout.IN_OUT, addition, meter);
    return meter.report();
  }

  private void add(
      FourierAdapter adapter,
      Matrix weight,
      boolean transposed,
      Addition addition,
      @Nullable AdditionMeter meter) {
    gate.enter();
    try {
      HostMatrix target = checks.weight(adapter, weight, transposed);
      DenseJob job = denseJobs.take();
      job.add(adapter, DensePath.AUTO, target, transposed, addition, meter);
      job.run(core.shareable(target));
      core.giveBack(denseJobs, job);
    } finally {
      gate.leave();
    }
  }

  @Override
  public TokenSpectrum newTokenSpectrum(int capacity, int features) {
    gate.enter();
    try {
      return new CpuTokenSpectrum(core, capacity, features);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void transform(Matrix x, TokenSpectrum into) {
    gate.enter();
    try {
      CpuTokenSpectrum target = own(into, "the token spectrum");
      HostMatrix tokens = checks.activations(x, "x");
      target.requireRoomFor(tokens);
      SpectralCall call = spectralCalls.take();
      call.transform(tokens, target);
      spectralCalls.give(call);
      target.filled(tokens.rows());
    } finally {
      gate.leave();
    }
  }

  @Override
  public void apply(AdapterRouting routing, Matrix x, Matrix y, OperatorPath path) {
    apply(routing, Direction.FORWARD, x, y);
  }

  @Override
  public void apply(AdapterRouting routing, TokenSpectrum x, Matrix y) {
    apply(routing, Direction.FORWARD, x, y);
  }

  @Override
  public void applyTransposed(AdapterRouting routing, Matrix g, Matrix gx, OperatorPath path) {
    apply(routing, Direction.TRANSPOSED, g, gx);
  }

  @Override
  public void applyTransposed(AdapterRouting routing, TokenSpectrum g, Matrix gx) {
    apply(routing, Direction.TRANSPOSED, g, gx);
  }

  private void apply(AdapterRouting routing, Direction direction, Matrix x, Matrix y) {
    gate.enter();
    try {
      HostMatrix input = checks.input(routing, direction, x);
      HostMatrix target = checks.output(routing, direction, y, input.rows());
      checks.requireApart(target, direction.output(), input, direction.input());
      SpectralCall call = spectralCalls.take();
      call.apply(routing, direction.isTransposed(), input, target);
      spectralCalls.give(call);
    } finally {
      gate.leave();
    }
  }

  private void apply(AdapterRouting routing, Direction direction, TokenSpectrum x, Matrix y) {
    gate.enter();
    try {
      CpuTokenSpectrum input = own(x, direction.input());
      input.requireInput(routing, direction);
      HostMatrix target = checks.output(routing, direction, y, input.tokens());
      SpectralCall call = spectralCalls.take();
      call.apply(routing, direction.isTransposed(), input, target);
      spectralCalls.give(call);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, Matrix x, Matrix g, List<? extends Matrix> gradients) {
    gate.enter();
    try {
      HostMatrix input = checks.input(routing, Direction.FORWARD, x);
      HostMatrix upstream = checks.upstream(routing, g, input.rows());
      GradientCall call = gradientCalls.take();
      checks.gradients(routing, gradients, input, upstream, call.gradients());
      call.run(routing, input, upstream);
      gradientCalls.give(call);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, TokenSpectrum x, TokenSpectrum g, List<? extends Matrix> gradients) {
    gate.enter();
    try {
      CpuTokenSpectrum input = own(x, "x");
      CpuTokenSpectrum upstream = own(g, "g");
      input.requireGradient(routing, upstream);
      GradientCall call = gradientCalls.take();
      checks.gradients(routing, gradients, call.gradients());
      call.run(routing, input, upstream);
      gradientCalls.give(call);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void backward(
      AdapterRouting routing,
      Matrix x,
      Matrix g,
      Matrix gx,
      List<? extends Matrix> gradients,
      OperatorPath path) {
    gate.enter();
    try {
      HostMatrix input = checks.input(routing, Direction.FORWARD, x);
      HostMatrix upstream = checks.upstream(routing, g, input.rows());
      HostMatrix target = checks.inputGradient(routing, gx, input, upstream);
      GradientCall call = gradientCalls.take();
      checks.gradients(routing, gradients, input, upstream, call.gradients());
      checks.requireApart(call.gradients(), target, "gx");
      SpectralCall transposed = spectralCalls.take();
      transposed.apply(routing, true, upstream, target);
      spectralCalls.give(transposed);
      call.run(routing, input, upstream);
      gradientCalls.give(call);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void backward(
      AdapterRouting routing,
      TokenSpectrum x,
      TokenSpectrum g,
      Matrix gx,
      List<? extends Matrix> gradients) {
    gate.enter();
    try {
      CpuTokenSpectrum input = own(x, "x");
      CpuTokenSpectrum upstream = own(g, "g");
      input.requireGradient(routing, upstream);
      HostMatrix target = checks.output(routing, Direction.TRANSPOSED, gx, input.tokens());
      GradientCall call = gradientCalls.take();
      checks.gradients(routing, gradients, call.gradients());
      checks.requireApart(call.gradients(), target, "gx");
      SpectralCall transposed = spectralCalls.take();
      transposed.apply(routing, true, upstream, target);
      spectralCalls.give(transposed);
      call.run(routing, input, upstream);
      gradientCalls.give(call);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void spectrumGradientFromDelta(
      FourierAdapter adapter, Matrix deltaGradient, Matrix gradient) {
    gate.enter();
    try {
      HostMatrix upstream =
          checks.shaped(deltaGradient, "deltaGradient", adapter.rows(), adapter.cols());
      HostMatrix target = checks.gradient(adapter, gradient);
      checks.requireApart(target, "gradient", upstream, "deltaGradient");
      DeltaGradientCall call = deltaGradientCalls.take();
      call.run(adapter, upstream, target);
      core.giveBack(deltaGradientCalls, call);
    } finally {
      gate.leave();
    }
  }

  private CpuTokenSpectrum own(TokenSpectrum spectrum, String name) {
    return KeptSpectrum.of(core, CpuTokenSpectrum.class, spectrum, name);
  }

  @Override
  public DenseProduct denseProduct(int threads) {
    gate.enter();
    try {
      return products.product(threads);
    } finally {
      gate.leave();
    }
  }

  @Override
  public CostModel costModel() {
    return core.kernels().costModel();
  }

  @Override
  public void close() {
    if (gate.close()) {
      core.pool().close();
      core.cache().clear();
      denseJobs.clear();
      deltaBatches.clear();
      spectralCalls.clear();
      gradientCalls.clear();
      deltaGradientCalls.clear();
      products.clear();
      gate.cleanedUp();
    }
  }
}
