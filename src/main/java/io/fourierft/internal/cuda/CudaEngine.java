package io.fourierft.internal.cuda;

import io.fourierft.AdapterRouting;
import io.fourierft.AdditionReport;
import io.fourierft.DensePath;
import io.fourierft.DenseProduct;
import io.fourierft.DeviceOperations;
import io.fourierft.ElementType;
import io.fourierft.EngineSelection;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceAdamW;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.DeviceSpectrum;
import io.fourierft.internal.checks.Direction;
import io.fourierft.internal.cuda.blas.CublasSupply;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import io.fourierft.internal.cuda.kernels.KernelImage;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.OwnedBuffer;
import io.fourierft.internal.cuda.ops.AdamWSteps;
import io.fourierft.internal.cuda.ops.BoundSpectrum;
import io.fourierft.internal.cuda.ops.CudaTokenSpectrum;
import io.fourierft.internal.cuda.ops.MatrixCopies;
import io.fourierft.internal.cuda.ops.Operations;
import io.fourierft.internal.cuda.ops.SharedResources;
import io.fourierft.internal.cuda.stream.EngineStream;
import java.lang.ref.Cleaner;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The engine as seen on one stream: checks what it is given, and enqueues. The engine itself and
 * its views differ in the stream alone.
 */
public final class CudaEngine implements CudaFourierEngine {
  private static final Cleaner CLEANER = Cleaner.create();

  private final EngineResources resources;
  private final Operations operations;
  private final EngineSelection selection;
  private final EngineStream stream;
  private final boolean isView;
  private final CudaContext context;
  private final DeviceChecks checks;
  private final MatrixCopies copies;
  private final Submission submission;
  private final TokenCalls tokens;

  private CudaEngine(
      EngineResources resources,
      Operations operations,
      EngineSelection selection,
      EngineStream stream,
      boolean isView) {
    this.resources = resources;
    this.operations = operations;
    this.selection = selection;
    this.stream = stream;
    this.isView = isView;
    this.context = resources.shared().device().context();
    this.checks = new DeviceChecks(context);
    this.copies = new MatrixCopies(context.driver());
    this.submission = new Submission(stream, resources.shared().adapters());
    this.tokens = new TokenCalls(context, checks, operations, submission);
  }

  /** Opens an engine on {@code device}; whatever was taken is given back if that fails. */
  static CudaEngine open(
      CudaDriver driver,
      Cufft cufft,
      CublasSupply cublas,
      CudaDevice device,
      KernelImage image,
      @Nullable CallbackImages callbacks,
      EngineSelection selection) {
    try (ResourceStack undo = new ResourceStack()) {
      EngineResources resources =
          undo.own(EngineResources.open(driver, cufft, cublas, device, image, callbacks));
      Operations operations = Operations.of(resources.shared());
      EngineStream stream = resources.newStream();
      undo.disown();
      return new CudaEngine(resources, operations, selection, stream, false);
    } catch (CudaException e) {
      throw new FourierException(
          "the engine on %s could not be opened: %s".formatted(device.engineName(), e.getMessage()),
          e);
    }
  }

  private CudaEngine view(EngineStream other) {
    return new CudaEngine(resources, operations, selection, other, true);
  }

  /** What all views of the engine share. */
  SharedResources shared() {
    return resources.shared();
  }

  @Override
  public String name() {
    return context.device().engineName();
  }

  @Override
  public EngineSelection selection() {
    return selection;
  }

  @Override
  public void deltaWeights(
      List<FourierAdapter> adapters, List<? extends Matrix> out, DensePath path) {
    requireOpen();
    List<Matrix> targets = checks.deltas(adapters, out);
    submission.submit(out, work -> operations.deltas().run(work, adapters, targets, path));
  }

  @Override
  public void addDelta(
      FourierAdapter adapter, Matrix weight, WeightLayout layout, Addition addition) {
    boolean transposed = layout == WeightLayout.IN_OUT;
    Matrix target = weight(adapter, weight, transposed);
    submission.submit(
        weight,
        work -> operations.additions().run(work, adapter, target, transposed, addition, false));
  }

  @Override
  public AdditionReport addDeltaReporting(
      FourierAdapter adapter, Matrix weight, WeightLayout layout, Addition addition) {
    boolean transposed = layout == WeightLayout.IN_OUT;
    Matrix target = weight(adapter, weight, transposed);
    AdditionReport[] report = new AdditionReport[1];
    submission.submit(
        weight,
        work ->
            report[0] =
                Objects.requireNonNull(
                    operations.additions().run(work, adapter, target, transposed, addition, true)));
    return report[0];
  }

  private Matrix weight(FourierAdapter adapter, Matrix weight, boolean transposed) {
    requireOpen();
    return checks.weight(adapter, weight, transposed);
  }

  @Override
  public DenseProduct denseProduct(int threads) {
    requireOpen();
    return resources.hostProducts().product(threads);
  }

  @Override
  public DeviceOperations deviceOperations() {
    requireOpen();
    return new DeviceProducts(this, checks, operations, copies, submission);
  }

  @Override
  public TokenSpectrum newTokenSpectrum(int capacity, int features) {
    requireOpen();
    return new CudaTokenSpectrum(
        context, resources.buffers(), capacity, features, operations.lines().keepsTokens(features));
  }

  @Override
  public void transform(Matrix x, TokenSpectrum into) {
    requireOpen();
    tokens.transform(x, into);
  }

  @Override
  public void apply(AdapterRouting routing, Matrix x, Matrix y, OperatorPath path) {
    requireOpen();
    tokens.apply(routing, Direction.FORWARD, x, y, path);
  }

  @Override
  public void apply(AdapterRouting routing, TokenSpectrum x, Matrix y) {
    requireOpen();
    tokens.apply(routing, Direction.FORWARD, x, y);
  }

  @Override
  public void applyTransposed(AdapterRouting routing, Matrix g, Matrix gx, OperatorPath path) {
    requireOpen();
    tokens.apply(routing, Direction.TRANSPOSED, g, gx, path);
  }

  @Override
  public void applyTransposed(AdapterRouting routing, TokenSpectrum g, Matrix gx) {
    requireOpen();
    tokens.apply(routing, Direction.TRANSPOSED, g, gx);
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, Matrix x, Matrix g, List<? extends Matrix> gradients) {
    requireOpen();
    tokens.gradient(routing, x, g, gradients);
  }

  @Override
  public void spectrumGradient(
      AdapterRouting routing, TokenSpectrum x, TokenSpectrum g, List<? extends Matrix> gradients) {
    requireOpen();
    tokens.gradient(routing, x, g, gradients);
  }

  @Override
  public void backward(
      AdapterRouting routing,
      Matrix x,
      Matrix g,
      Matrix gx,
      List<? extends Matrix> gradients,
      OperatorPath path) {
    requireOpen();
    tokens.backward(routing, x, g, gx, gradients, path);
  }

  @Override
  public void backward(
      AdapterRouting routing,
      TokenSpectrum x,
      TokenSpectrum g,
      Matrix gx,
      List<? extends Matrix> gradients) {
    requireOpen();
    tokens.backward(routing, x, g, gx, gradients);
  }

  @Override
  public void spectrumGradientFromDelta(
      FourierAdapter adapter, Matrix deltaGradient, Matrix gradient) {
    requireOpen();
    Matrix upstream = checks.shaped(deltaGradient, "deltaGradient", adapter.rows(), adapter.cols());
    Matrix target = checks.gradient(adapter, gradient);
    checks.requireApart(target, "gradient", upstream, "deltaGradient");
    submission.submit(
        List.of(deltaGradient, gradient),
        work -> operations.denseGradients().run(work, adapter, upstream, target));
  }

  private void requireOpen() {
    context.requireUsable();
  }

  @Override
  public DeviceBuffer newBuffer(ElementType elementType, int rows, int cols) {
    requireOpen();
    return new OwnedBuffer(context, resources.buffers(), CLEANER, elementType, rows, cols);
  }

  @Override
  public CudaMatrix matrixAt(
      long pointer, ElementType elementType, int rows, int cols, long stride) {
    requireOpen();
    DeviceView view = new DeviceView(context, null, pointer, elementType, rows, cols, stride);
    checks.requireSameContext(pointer);
    return view;
  }

  @Override
  public void upload(HostMatrix from, CudaMatrix to) {
    requireOpen();
    Matrix source = checks.reachable(from, "the source");
    DeviceView target = MatrixCopies.alike(source, checks.reachable(to, "the target"));
    submission.submit(to, work -> copies.upload(work, from, target));
  }

  @Override
  public void download(CudaMatrix from, HostMatrix to) {
    requireOpen();
    Matrix target = checks.output(to, "the target", from.rows(), from.cols());
    DeviceView source = MatrixCopies.alike(target, checks.reachable(from, "the source"));
    submission.submit(from, work -> copies.download(work, source, to));
  }

  @Override
  public void zero(CudaMatrix matrix) {
    requireOpen();
    if (checks.reachable(matrix, "the matrix") instanceof DeviceView view) {
      submission.submit(matrix, work -> copies.zero(work, view));
    }
  }

  @Override
  public CudaStream stream() {
    return stream;
  }

  @Override
  public CudaStream newStream() {
    requireOpen();
    return resources.newStream();
  }

  @Override
  public CudaStream streamAt(long handle) {
    requireOpen();
    return resources.streamAt(handle);
  }

  @Override
  public CudaFourierEngine on(CudaStream other) {
    requireOpen();
    return view(EngineStream.of(other, context));
  }

  @Override
  public CudaGraph record(Consumer<CudaFourierEngine> work) {
    requireOpen();
    return resources.record(stream.work(), recorded -> work.accept(view(recorded)));
  }

  @Override
  public DeviceSpectrum newDeviceSpectrum(FourierAdapter adapter) {
    requireOpen();
    return BoundSpectrum.create(shared(), stream.work(), resources.buffers(), adapter);
  }

  @Override
  public DeviceAdamW newAdamW(List<DeviceAdamW.Parameter> parameters, int groups) {
    requireOpen();
    return AdamWSteps.create(
        stream.work(),
        resources.buffers(),
        new TrainedTensors(checks).of(parameters, groups),
        groups);
  }

  @Override
  public long context() {
    return context.handle();
  }

  @Override
  public DeviceMemory memory() {
    var free = context.call(() -> context.driver().memGetInfo());
    return new DeviceMemory(free.freeBytes(), free.totalBytes(), context.allocatedBytes());
  }

  @Override
  public void synchronize() {
    stream.work().synchronize();
  }

  @Override
  public void close() {
    if (!isView) {
      resources.close();
    }
  }
}
