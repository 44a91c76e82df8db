package io.fourierft.internal.cuda;

import io.fourierft.AdapterRouting;
import io.fourierft.AdditionReport;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.EngineSelection;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.TokenSpectrum;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.TrainableSpectra;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The engine as seen on one lane: checks what it is given, and enqueues. The engine itself and its
 * views on other streams differ in the lane alone.
 */
final class CudaEngine implements CudaFourierEngine {
  private final EngineHome home;
  private final LaneStream stream;
  private final EngineCore core;
  private final DeviceChecks checks;
  private final boolean isView;

  CudaEngine(EngineHome home, LaneStream stream, boolean isView) {
    this.home = home;
    this.stream = stream;
    this.core = home.core();
    this.checks = new DeviceChecks(core.context());
    this.isView = isView;
  }

  /** The lane that an engine of {@code context} enqueues on. */
  static Lane laneOf(CudaFourierEngine engine, CudaContext context) {
    if (engine instanceof CudaEngine mine && mine.core.context() == context) {
      return mine.lane();
    }
    throw new FourierException("engine " + engine.name() + " is another one; use that of the data");
  }

  /** What all views of the engine share. */
  EngineCore core() {
    return core;
  }

  private Lane lane() {
    return stream.lane();
  }

  /** Enqueues {@code work}; what {@code keep} refers to stays reachable until that is done. */
  private void submit(Object keep, Runnable work) {
    try {
      lane()
          .submit(
              () -> {
                if (!lane().isRecording()) {
                  core.adapters().shrink();
                }
                work.run();
                lane().finishDownloads();
              });
    } finally {
      Reference.reachabilityFence(keep);
    }
  }

  @Override
  public String name() {
    return core.context().device().engineName();
  }

  @Override
  public EngineSelection selection() {
    return home.selection();
  }

  @Override
  public void deltaWeights(
      List<FourierAdapter> adapters, List<? extends Matrix> out, DensePath path) {
    requireOpen();
    if (adapters.size() != out.size()) {
      throw new ShapeException(
          "%d adapters need as many matrices for their deltas, but there are %d"
              .formatted(adapters.size(), out.size()));
    }
    List<Matrix> targets = new ArrayList<>(out.size());
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      targets.add(checks.output(out.get(i), "out", adapter.rows(), adapter.cols()));
    }
    for (int i = 0; i < targets.size(); i++) {
      for (int j = 0; j < i; j++) {
        DeviceChecks.requireApart(
            targets.get(i), "an out matrix", targets.get(j), "another out matrix");
      }
    }
    submit(out, () -> home.deltas().run(lane(), adapters, targets, path));
  }

  @Override
  public void addDelta(
      FourierAdapter adapter, Matrix weight, boolean transposed, Addition addition) {
    Matrix target = weight(adapter, weight, transposed);
    submit(
        weight, () -> home.additions().run(lane(), adapter, target, transposed, addition, false));
  }

  @Override
  public AdditionReport addDeltaReporting(
      FourierAdapter adapter, Matrix weight, boolean transposed, Addition addition) {
    Matrix target = weight(adapter, weight, transposed);
    AdditionReport[] report = new AdditionReport[1];
    submit(
        weight,
        () ->
            report[0] =
                Objects.requireNonNull(
                    home.additions().run(lane(), adapter, target, transposed, addition, true)));
    return report[0];
  }

  private Matrix weight(FourierAdapter adapter, Matrix weight, boolean transposed) {
    requireOpen();
    return transposed
        ? checks.output(weight, "weight", adapter.cols(), adapter.rows())
        : checks.output(weight, "weight", adapter.rows(), adapter.cols());
  }

  @Override
  public TokenSpectrum newTokenSpectrum(int capacity, int features) {
    requireOpen();
    if (capacity < 0 || features < 1) {
      throw new ShapeException(
          "a token spectrum needs capacity >= 0 and features >= 1, but got %d and %d"
              .formatted(capacity, features));
    }
    return new CudaTokenSpectrum(core.context(), home.buffers(), capacity, features);
  }

  @Override
  public void transform(Matrix x, TokenSpectrum into) {
    requireOpen();
    CudaTokenSpectrum target = kept(into, "the token spectrum");
    Matrix tokens = DeviceChecks.activations(checks.reachable(x, "x"), "x");
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
    submit(x, () -> home.transform(lane(), tokens, target));
    target.filled(tokens.rows());
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
    requireOpen();
    int in = transposed ? routing.rows() : routing.cols();
    int out = transposed ? routing.cols() : routing.rows();
    Matrix input = DeviceChecks.activations(checks.shaped(x, xName, x.rows(), in), xName);
    Matrix target = DeviceChecks.activations(checks.output(y, yName, x.rows(), out), yName);
    requireTokens(routing, input.rows(), xName);
    DeviceChecks.requireApart(target, yName, input, xName);
    submit(List.of(x, y), () -> home.operators().run(lane(), routing, transposed, input, target));
  }

  private void apply(
      AdapterRouting routing,
      boolean transposed,
      TokenSpectrum x,
      String xName,
      Matrix y,
      String yName) {
    requireOpen();
    int in = transposed ? routing.rows() : routing.cols();
    int out = transposed ? routing.cols() : routing.rows();
    CudaTokenSpectrum input = kept(x, xName, in);
    Matrix target = DeviceChecks.activations(checks.output(y, yName, input.tokens(), out), yName);
    requireTokens(routing, input.tokens(), xName);
    submit(List.of(x, y), () -> home.operators().run(lane(), routing, transposed, input, target));
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, Matrix x, Matrix g, List<? extends Matrix> gradients) {
    requireOpen();
    Matrix input = DeviceChecks.activations(checks.shaped(x, "x", x.rows(), routing.cols()), "x");
    Matrix upstream =
        DeviceChecks.activations(checks.shaped(g, "g", x.rows(), routing.rows()), "g");
    requireTokens(routing, input.rows(), "x");
    List<Matrix> targets = gradientTargets(routing, gradients);
    for (Matrix target : targets) {
      DeviceChecks.requireApart(target, "a gradient", input, "x");
      DeviceChecks.requireApart(target, "a gradient", upstream, "g");
    }
    submit(
        List.of(x, g, gradients),
        () ->
            home.gradients()
                .run(
                    lane(),
                    routing,
                    GradientCall.Input.of(input),
                    GradientCall.Input.of(upstream),
                    targets));
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, TokenSpectrum x, TokenSpectrum g, List<? extends Matrix> gradients) {
    requireOpen();
    CudaTokenSpectrum input = kept(x, "x", routing.cols());
    CudaTokenSpectrum upstream = kept(g, "g", routing.rows());
    if (input.tokens() != upstream.tokens()) {
      throw new ShapeException(
          "x has %d tokens, but g has %d".formatted(input.tokens(), upstream.tokens()));
    }
    requireTokens(routing, input.tokens(), "x");
    List<Matrix> targets = gradientTargets(routing, gradients);
    submit(
        List.of(x, g, gradients),
        () ->
            home.gradients()
                .run(
                    lane(),
                    routing,
                    GradientCall.Input.of(input),
                    GradientCall.Input.of(upstream),
                    targets));
  }

  @Override
  public void spectrumGradientFromDelta(
      FourierAdapter adapter, Matrix deltaGradient, Matrix gradient) {
    requireOpen();
    Matrix upstream = checks.shaped(deltaGradient, "deltaGradient", adapter.rows(), adapter.cols());
    Matrix target = gradientTarget(adapter, gradient);
    DeviceChecks.requireApart(target, "gradient", upstream, "deltaGradient");
    submit(
        List.of(deltaGradient, gradient),
        () -> home.gradients().runDense(lane(), adapter, upstream, target));
  }

  private List<Matrix> gradientTargets(AdapterRouting routing, List<? extends Matrix> gradients) {
    int adapters = routing.adapters().size();
    if (gradients.size() != adapters) {
      throw new ShapeException(
          "%d adapters need as many gradients, but there are %d"
              .formatted(adapters, gradients.size()));
    }
    List<Matrix> targets = new ArrayList<>(adapters);
    for (int a = 0; a < adapters; a++) {
      Matrix target = gradientTarget(routing.adapters().get(a), gradients.get(a));
      for (int b = 0; b < a; b++) {
        DeviceChecks.requireApart(target, "gradient " + a, targets.get(b), "gradient " + b);
      }
      targets.add(target);
    }
    return targets;
  }

  private Matrix gradientTarget(FourierAdapter adapter, Matrix gradient) {
    Matrix target = checks.output(gradient, "gradient", 1, adapter.nFrequency());
    if (target.elementType() != ElementType.F32) {
      throw new ShapeException("gradient is " + target.elementType() + ", but must be F32");
    }
    return target;
  }

  private CudaTokenSpectrum kept(TokenSpectrum spectrum, String name, int features) {
    CudaTokenSpectrum mine = kept(spectrum, name);
    if (mine.features() != features) {
      throw new ShapeException(
          "%s has %d features, but the adapters take %d"
              .formatted(name, mine.features(), features));
    }
    return mine;
  }

  private CudaTokenSpectrum kept(TokenSpectrum spectrum, String name) {
    if (!(spectrum instanceof CudaTokenSpectrum mine) || mine.context() != core.context()) {
      throw new ShapeException(
          name + " belongs to another engine; make it with newTokenSpectrum of this one");
    }
    mine.requireOpen(name);
    return mine;
  }

  private static void requireTokens(AdapterRouting routing, int tokens, String name) {
    if (routing.tokens() >= 0 && routing.tokens() != tokens) {
      throw new ShapeException(
          "%s has %d tokens, but the routing speaks of %d"
              .formatted(name, tokens, routing.tokens()));
    }
  }

  private void requireOpen() {
    core.context().requireUsable();
  }

  @Override
  public DeviceBuffer newBuffer(ElementType elementType, int rows, int cols) {
    requireOpen();
    return home.newBuffer(elementType, rows, cols);
  }

  @Override
  public CudaMatrix matrixAt(
      long pointer, ElementType elementType, int rows, int cols, long stride) {
    requireOpen();
    return home.matrixAt(pointer, elementType, rows, cols, stride);
  }

  @Override
  public void upload(HostMatrix from, CudaMatrix to) {
    requireOpen();
    Matrix source = checks.reachable(from, "the source");
    DeviceView target = same(source, checks.reachable(to, "the target"));
    submit(to, () -> home.upload(lane(), from, target));
  }

  @Override
  public void download(CudaMatrix from, HostMatrix to) {
    requireOpen();
    Matrix target = checks.output(to, "the target", from.rows(), from.cols());
    DeviceView source = same(target, checks.reachable(from, "the source"));
    submit(from, () -> home.download(lane(), source, to));
  }

  private static DeviceView same(Matrix host, Matrix device) {
    if (host.rows() != device.rows()
        || host.cols() != device.cols()
        || host.elementType() != device.elementType()
        || !(device instanceof DeviceView view)) {
      throw new ShapeException(
          "a copy needs two matrices of one shape and type, but the host's is %s %d x %d, the device's %s %d x %d"
              .formatted(
                  host.elementType(),
                  host.rows(),
                  host.cols(),
                  device.elementType(),
                  device.rows(),
                  device.cols()));
    }
    return view;
  }

  @Override
  public void zero(CudaMatrix matrix) {
    requireOpen();
    if (checks.reachable(matrix, "the matrix") instanceof DeviceView view) {
      submit(matrix, () -> home.zero(lane(), view));
    }
  }

  @Override
  public CudaStream stream() {
    return stream;
  }

  @Override
  public CudaStream newStream() {
    requireOpen();
    return home.newStream();
  }

  @Override
  public CudaStream streamAt(long handle) {
    requireOpen();
    return home.streamAt(handle);
  }

  @Override
  public CudaFourierEngine on(CudaStream other) {
    requireOpen();
    if (other instanceof LaneStream mine && mine.lane().context() == core.context()) {
      return new CudaEngine(home, mine, true);
    }
    throw new FourierException("the stream belongs to another engine; make it with streamAt");
  }

  @Override
  public CudaGraph record(Consumer<CudaFourierEngine> work) {
    requireOpen();
    return home.record(lane(), work);
  }

  @Override
  public TrainableSpectra newTrainableSpectra(List<FourierAdapter> adapters) {
    requireOpen();
    if (adapters.isEmpty()) {
      throw new ShapeException("there is nothing to train; give at least one adapter");
    }
    return DeviceSpectra.create(core, lane(), home.buffers(), adapters);
  }

  @Override
  public long context() {
    return core.context().handle();
  }

  @Override
  public DeviceMemory memory() {
    var free = core.context().call(() -> core.context().driver().memGetInfo());
    return new DeviceMemory(free.freeBytes(), free.totalBytes(), core.context().allocatedBytes());
  }

  @Override
  public void synchronize() {
    lane().synchronize();
  }

  @Override
  public void close() {
    if (!isView) {
      home.close();
    }
  }
}
