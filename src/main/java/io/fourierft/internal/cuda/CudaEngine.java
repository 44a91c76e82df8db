package io.fourierft.internal.cuda;

import io.fourierft.AdapterRouting;
import io.fourierft.AdditionReport;
import io.fourierft.DensePath;
import io.fourierft.DenseProduct;
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
import io.fourierft.internal.checks.Direction;
import io.fourierft.internal.checks.KeptSpectrum;
import io.fourierft.internal.cpu.PlainProduct;
import io.fourierft.internal.host.RangeExecutor;
import io.fourierft.internal.host.Shelf;
import java.lang.ref.Reference;
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
    List<Matrix> targets = checks.deltas(adapters, out);
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
    return checks.weight(adapter, weight, transposed);
  }

  @Override
  public DenseProduct denseProduct(int threads) {
    requireOpen();
    return new PlainProduct(new RangeExecutor(threads), Shelf.ofArrays());
  }

  @Override
  public TokenSpectrum newTokenSpectrum(int capacity, int features) {
    requireOpen();
    return new CudaTokenSpectrum(core.context(), home.buffers(), capacity, features);
  }

  @Override
  public void transform(Matrix x, TokenSpectrum into) {
    requireOpen();
    CudaTokenSpectrum target = own(into, "the token spectrum");
    Matrix tokens = checks.activations(x, "x");
    target.requireRoomFor(tokens);
    submit(x, () -> home.transform(lane(), tokens, target));
    target.filled(tokens.rows());
  }

  @Override
  public void apply(AdapterRouting routing, Matrix x, Matrix y) {
    apply(routing, Direction.FORWARD, x, y);
  }

  @Override
  public void apply(AdapterRouting routing, TokenSpectrum x, Matrix y) {
    apply(routing, Direction.FORWARD, x, y);
  }

  @Override
  public void applyTransposed(AdapterRouting routing, Matrix g, Matrix gx) {
    apply(routing, Direction.TRANSPOSED, g, gx);
  }

  @Override
  public void applyTransposed(AdapterRouting routing, TokenSpectrum g, Matrix gx) {
    apply(routing, Direction.TRANSPOSED, g, gx);
  }

  private void apply(AdapterRouting routing, Direction direction, Matrix x, Matrix y) {
    requireOpen();
    Matrix input = checks.input(routing, direction, x);
    Matrix target = checks.output(routing, direction, y, input.rows());
    checks.requireApart(target, direction.output(), input, direction.input());
    submit(
        List.of(x, y),
        () -> home.operators().run(lane(), routing, direction.isTransposed(), input, target));
  }

  private void apply(AdapterRouting routing, Direction direction, TokenSpectrum x, Matrix y) {
    requireOpen();
    CudaTokenSpectrum input = own(x, direction.input());
    input.requireInput(routing, direction);
    Matrix target = checks.output(routing, direction, y, input.tokens());
    submit(
        List.of(x, y),
        () -> home.operators().run(lane(), routing, direction.isTransposed(), input, target));
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, Matrix x, Matrix g, List<? extends Matrix> gradients) {
    requireOpen();
    Matrix input = checks.input(routing, Direction.FORWARD, x);
    Matrix upstream = checks.upstream(routing, g, input.rows());
    List<Matrix> targets = checks.gradients(routing, gradients, input, upstream);
    submitGradient(
        List.of(x, g, gradients),
        routing,
        GradientCall.Input.of(input),
        GradientCall.Input.of(upstream),
        targets);
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, TokenSpectrum x, TokenSpectrum g, List<? extends Matrix> gradients) {
    requireOpen();
    CudaTokenSpectrum input = own(x, "x");
    CudaTokenSpectrum upstream = own(g, "g");
    input.requireGradient(routing, upstream);
    List<Matrix> targets = checks.gradients(routing, gradients);
    submitGradient(
        List.of(x, g, gradients),
        routing,
        GradientCall.Input.of(input),
        GradientCall.Input.of(upstream),
        targets);
  }

  private void submitGradient(
      Object keep,
      AdapterRouting routing,
      GradientCall.Input x,
      GradientCall.Input g,
      List<Matrix> gradients) {
    submit(keep, () -> home.gradients().run(lane(), routing, x, g, gradients));
  }

  @Override
  public void spectrumGradientFromDelta(
      FourierAdapter adapter, Matrix deltaGradient, Matrix gradient) {
    requireOpen();
    Matrix upstream = checks.shaped(deltaGradient, "deltaGradient", adapter.rows(), adapter.cols());
    Matrix target = checks.gradient(adapter, gradient);
    checks.requireApart(target, "gradient", upstream, "deltaGradient");
    submit(
        List.of(deltaGradient, gradient),
        () -> home.gradients().runDense(lane(), adapter, upstream, target));
  }

  private CudaTokenSpectrum own(TokenSpectrum spectrum, String name) {
    return KeptSpectrum.of(core.context(), CudaTokenSpectrum.class, spectrum, name);
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
    DeviceView target = MatrixCopies.alike(source, checks.reachable(to, "the target"));
    submit(to, () -> home.copies().upload(lane(), from, target));
  }

  @Override
  public void download(CudaMatrix from, HostMatrix to) {
    requireOpen();
    Matrix target = checks.output(to, "the target", from.rows(), from.cols());
    DeviceView source = MatrixCopies.alike(target, checks.reachable(from, "the source"));
    submit(from, () -> home.copies().download(lane(), source, to));
  }

  @Override
  public void zero(CudaMatrix matrix) {
    requireOpen();
    if (checks.reachable(matrix, "the matrix") instanceof DeviceView view) {
      submit(matrix, () -> home.copies().zero(lane(), view));
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
