package io.fourierft.internal.cpu;

import static io.fourierft.internal.cpu.HostChecks.activations;
import static io.fourierft.internal.cpu.HostChecks.host;
import static io.fourierft.internal.cpu.HostChecks.output;
import static io.fourierft.internal.cpu.HostChecks.requireApart;

import io.fourierft.AdapterRouting;
import io.fourierft.AdditionReport;
import io.fourierft.CostModel;
import io.fourierft.DensePath;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.EngineSelection;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.TokenSpectrum;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The engine on the CPU. Everything that a caller gives is checked here; the calls behind share one
 * pool of threads, and the arithmetic is a kernel set's.
 */
public final class CpuEngine implements FourierEngine {
  private final EngineSelection selection;
  private final EngineCore core;
  private final CallGate gate = new CallGate();
  private final IdleStack<DenseJob> denseJobs;
  private final IdleStack<DeltaBatch> deltaBatches;
  private final IdleStack<SpectralCall> spectralCalls;
  private final IdleStack<GradientCall> gradientCalls;
  private final IdleStack<DeltaGradientCall> deltaGradientCalls;
  private final IdleStack<ProductCall> productCalls;

  /** An engine with worker threads of its own, which {@link #close} ends. */
  public CpuEngine(CpuKernels kernels, int threads, EngineSelection selection) {
    this.selection = selection;
    core = new EngineCore(kernels, threads);
    denseJobs = new IdleStack<>(() -> new DenseJob(core));
    deltaBatches = new IdleStack<>(() -> new DeltaBatch(core, denseJobs));
    spectralCalls = new IdleStack<>(() -> new SpectralCall(core));
    gradientCalls = new IdleStack<>(() -> new GradientCall(core));
    deltaGradientCalls = new IdleStack<>(() -> new DeltaGradientCall(core));
    productCalls = new IdleStack<>(() -> new ProductCall(core));
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
      int size = adapters.size();
      if (out.size() != size) {
        throw new ShapeException(
            "%d adapters need as many matrices for their deltas, but there are %d"
                .formatted(size, out.size()));
      }
      DeltaBatch batch = deltaBatches.take();
      batch.begin(size, path);
      for (int i = 0; i < size; i++) {
        FourierAdapter adapter = adapters.get(i);
        HostMatrix target = output(out.get(i), "out", adapter.rows(), adapter.cols());
        batch.add(adapter, target);
      }
      batch.requireApart();
      batch.run();
      deltaBatches.give(batch);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void addDelta(
      FourierAdapter adapter, Matrix weight, boolean transposed, Addition addition) {
    add(adapter, weight, transposed, addition, null);
  }

  @Override
  public AdditionReport addDeltaReporting(
      FourierAdapter adapter, Matrix weight, boolean transposed, Addition addition) {
    AdditionMeter meter = new AdditionMeter(adapter.rows(), adapter.cols());
    add(adapter, weight, transposed, addition, meter);
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
      HostMatrix target =
          transposed
              ? output(weight, "weight", adapter.cols(), adapter.rows())
              : output(weight, "weight", adapter.rows(), adapter.cols());
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
      if (capacity < 0 || features < 1) {
        throw new ShapeException(
            "a token spectrum needs capacity >= 0 and features >= 1, but got %d and %d"
                .formatted(capacity, features));
      }
      return new CpuTokenSpectrum(
          this, capacity, features, core.blocks(capacity), core.kernels().spectrumFloats(features));
    } finally {
      gate.leave();
    }
  }

  @Override
  public void transform(Matrix x, TokenSpectrum into) {
    gate.enter();
    try {
      CpuTokenSpectrum target = own(into, "the token spectrum");
      HostMatrix tokens = activations(host(x, "x"), "x");
      if (tokens.cols() != target.features()) {
        throw new ShapeException(
            "x has %d features, but the token spectrum is for %d"
                .formatted(tokens.cols(), target.features()));
      }
      if (tokens.rows() > target.capacity()) {
        throw new ShapeException(
            "x has %d tokens, but the token spectrum holds at most %d"
                .formatted(tokens.rows(), target.capacity()));
      }
      SpectralCall call = spectralCalls.take();
      call.transform(tokens, target);
      spectralCalls.give(call);
      target.filled(tokens.rows());
    } finally {
      gate.leave();
    }
  }

  @Override
  public void apply(AdapterRouting routing, Matrix x, Matrix y) {
    apply(routing, false, x, "x", y, "y");
  }

  @Override
  public void apply(AdapterRouting routing, TokenSpectrum x, Matrix y) {
    apply(routing, false, x, "x", y, "y");
  }

  @Override
  public void applyTransposed(AdapterRouting routing, Matrix g, Matrix gx) {
    apply(routing, true, g, "g", gx, "gx");
  }

  @Override
  public void applyTransposed(AdapterRouting routing, TokenSpectrum g, Matrix gx) {
    apply(routing, true, g, "g", gx, "gx");
  }

  private void apply(
      AdapterRouting routing, boolean transposed, Matrix x, String xName, Matrix y, String yName) {
    gate.enter();
    try {
      int in = transposed ? routing.rows() : routing.cols();
      int out = transposed ? routing.cols() : routing.rows();
      HostMatrix input = activations(host(x, xName), xName);
      input = host(input, xName, input.rows(), in);
      HostMatrix target = activations(output(y, yName, input.rows(), out), yName);
      requireTokens(routing, input.rows(), xName);
      requireApart(target, yName, input, xName);
      SpectralCall call = spectralCalls.take();
      call.apply(routing, transposed, input, target);
      spectralCalls.give(call);
    } finally {
      gate.leave();
    }
  }

  private void apply(
      AdapterRouting routing,
      boolean transposed,
      TokenSpectrum x,
      String xName,
      Matrix y,
      String yName) {
    gate.enter();
    try {
      int in = transposed ? routing.rows() : routing.cols();
      int out = transposed ? routing.cols() : routing.rows();
      CpuTokenSpectrum input = own(x, xName);
      requireFeatures(input, xName, in);
      HostMatrix target = activations(output(y, yName, input.tokens(), out), yName);
      requireTokens(routing, input.tokens(), xName);
      SpectralCall call = spectralCalls.take();
      call.apply(routing, transposed, input, target);
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
      HostMatrix input = activations(host(x, "x"), "x");
      input = host(input, "x", input.rows(), routing.cols());
      HostMatrix upstream = activations(host(g, "g", input.rows(), routing.rows()), "g");
      requireTokens(routing, input.rows(), "x");
      List<HostMatrix> targets = gradientTargets(routing, gradients);
      for (HostMatrix target : targets) {
        requireApart(target, "a gradient", input, "x");
        requireApart(target, "a gradient", upstream, "g");
      }
      GradientCall call = gradientCalls.take();
      call.run(routing, input, upstream, targets);
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
      requireFeatures(input, "x", routing.cols());
      requireFeatures(upstream, "g", routing.rows());
      if (input.tokens() != upstream.tokens()) {
        throw new ShapeException(
            "x has %d tokens, but g has %d".formatted(input.tokens(), upstream.tokens()));
      }
      requireTokens(routing, input.tokens(), "x");
      List<HostMatrix> targets = gradientTargets(routing, gradients);
      GradientCall call = gradientCalls.take();
      call.run(routing, input, upstream, targets);
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
      HostMatrix upstream = host(deltaGradient, "deltaGradient", adapter.rows(), adapter.cols());
      HostMatrix target = gradientTarget(adapter, gradient);
      requireApart(target, "gradient", upstream, "deltaGradient");
      DeltaGradientCall call = deltaGradientCalls.take();
      call.run(adapter, upstream, target);
      core.giveBack(deltaGradientCalls, call);
    } finally {
      gate.leave();
    }
  }

  private static List<HostMatrix> gradientTargets(
      AdapterRouting routing, List<? extends Matrix> gradients) {
    int adapters = routing.adapters().size();
    if (gradients.size() != adapters) {
      throw new ShapeException(
          "%d adapters need as many gradients, but there are %d"
              .formatted(adapters, gradients.size()));
    }
    List<HostMatrix> targets = new ArrayList<>(adapters);
    for (int a = 0; a < adapters; a++) {
      HostMatrix target = gradientTarget(routing.adapters().get(a), gradients.get(a));
      for (int b = 0; b < a; b++) {
        requireApart(target, "gradient " + a, targets.get(b), "gradient " + b);
      }
      targets.add(target);
    }
    return targets;
  }

  private static HostMatrix gradientTarget(FourierAdapter adapter, Matrix gradient) {
    HostMatrix target = output(gradient, "gradient", 1, adapter.nFrequency());
    if (target.elementType() != ElementType.F32) {
      throw new ShapeException("gradient is " + target.elementType() + ", but must be F32");
    }
    return target;
  }

  private CpuTokenSpectrum own(TokenSpectrum spectrum, String name) {
    if (!(spectrum instanceof CpuTokenSpectrum mine) || mine.owner() != this) {
      throw new ShapeException(
          name + " belongs to another engine; make it with newTokenSpectrum of this one");
    }
    mine.requireOpen();
    return mine;
  }

  private static void requireFeatures(CpuTokenSpectrum spectrum, String name, int features) {
    if (spectrum.features() != features) {
      throw new ShapeException(
          "%s has %d features, but the adapters take %d"
              .formatted(name, spectrum.features(), features));
    }
  }

  private static void requireTokens(AdapterRouting routing, int tokens, String name) {
    if (routing.tokens() >= 0 && routing.tokens() != tokens) {
      throw new ShapeException(
          "%s has %d tokens, but the routing speaks of %d"
              .formatted(name, tokens, routing.tokens()));
    }
  }

  @Override
  public DenseProduct denseProduct(int threads) {
    gate.enter();
    try {
      if (core.kernels().newProduct() == null) {
        return FourierEngine.super.denseProduct(threads);
      }
      return new CpuDenseProduct(gate, productCalls, threads == 0 ? threads() : threads);
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
      productCalls.clear();
      gate.cleanedUp();
    }
  }
}
