package io.fourierft.internal.cuda;

import io.fourierft.ElementType;
import io.fourierft.EngineSelection;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cpu.OwnProducts;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.Cufft;
import java.lang.ref.Cleaner;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Owns everything of one engine: context, kernels, lanes, buffers, graphs and the operations. */
final class EngineHome implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final EngineCore core;
  private final EngineSelection selection;
  private final OpenBuffers buffers = new OpenBuffers();
  private final Set<Lane> lanes = ConcurrentHashMap.newKeySet();
  private final Set<AutoCloseable> graphs = ConcurrentHashMap.newKeySet();
  private final DeltaCall deltas;
  private final AdditionCall additions;
  private final OperatorCall operators;
  private final GradientCall gradients;
  private final MatrixCopies copies;
  private final OwnProducts products;

  private EngineHome(EngineCore core, EngineSelection selection) {
    this.core = core;
    this.selection = selection;
    DenseTransforms transforms = new DenseTransforms(core);
    this.deltas = new DeltaCall(core, transforms, new FusedTransforms(core));
    this.additions = new AdditionCall(core, transforms);
    this.operators = new OperatorCall(core);
    this.gradients = new GradientCall(core);
    this.copies = new MatrixCopies(core.context().driver());
    this.products = new OwnProducts("the engine on " + core.context().device().engineName());
  }

  /** Opens an engine on {@code device}; whatever was taken is given back if that fails. */
  static CudaEngine open(
      CudaDriver driver,
      Cufft cufft,
      CudaDevice device,
      KernelImage image,
      @Nullable CallbackImages callbacks,
      EngineSelection selection) {
    CudaContext context = new CudaContext(driver, device);
    boolean complete = false;
    try (ResourceStack undo = new ResourceStack()) {
      undo.own(context);
      KernelModule kernels = undo.own(KernelModule.load(context, image));
      ResidentAdapters adapters = undo.own(new ResidentAdapters(context, device.totalBytes() / 8));
      EngineCore core =
          new EngineCore(context, cufft, callbacks, kernels, adapters, MemoryBudget.fromProperty());
      EngineHome home = new EngineHome(core, selection);
      Lane lane = home.newLane(false);
      complete = true;
      undo.disown();
      return new CudaEngine(home, new LaneStream(lane, home.lanes), false);
    } catch (CudaException e) {
      if (complete) {
        throw e;
      }
      throw new FourierException(
          "the engine on %s could not be opened: %s".formatted(device.engineName(), e.getMessage()),
          e);
    }
  }

  EngineCore core() {
    return core;
  }

  EngineSelection selection() {
    return selection;
  }

  OpenBuffers buffers() {
    return buffers;
  }

  DeltaCall deltas() {
    return deltas;
  }

  AdditionCall additions() {
    return additions;
  }

  OperatorCall operators() {
    return operators;
  }

  GradientCall gradients() {
    return gradients;
  }

  MatrixCopies copies() {
    return copies;
  }

  /** Products with matrices in host memory. */
  OwnProducts products() {
    return products;
  }

  /** Enqueues the transforms of all rows of {@code x}. */
  void transform(Lane lane, Matrix x, CudaTokenSpectrum into) {
    new ChunkedCall(
            core,
            lane,
            TokenTransforms.copyBytes(x, 1),
            () -> "transforming tokens of %d features".formatted(x.cols()))
        .run(
            x.rows(),
            (first, count) -> {
              long copy = lane.scratch(TokenTransforms.copyBytes(x, count));
              TokenTransforms.enqueue(lane, x, first, count, copy, into.pointer(first));
            });
  }

  DeviceBuffer newBuffer(ElementType elementType, int rows, int cols) {
    return new OwnedBuffer(core.context(), buffers, CLEANER, elementType, rows, cols);
  }

  CudaMatrix matrixAt(long pointer, ElementType elementType, int rows, int cols, long stride) {
    CudaContext context = core.context();
    DeviceView view = new DeviceView(context, null, pointer, elementType, rows, cols, stride);
    long owner = context.call(() -> context.driver().pointerGetContext(pointer));
    if (owner != context.handle()) {
      throw new FourierException(
          "device pointer 0x%x belongs to another context than the primary one of %s"
              .formatted(pointer, context.device().engineName()));
    }
    return view;
  }

  private Lane newLane(boolean recordable) {
    Lane lane = Lane.create(core, recordable);
    lanes.add(lane);
    return lane;
  }

  CudaStream newStream() {
    return new LaneStream(newLane(false), lanes);
  }

  CudaStream streamAt(long handle) {
    CudaContext context = core.context();
    if (handle != 0) {
      long owner = context.call(() -> context.driver().streamGetCtx(handle));
      if (owner != context.handle()) {
        throw new FourierException(
            "stream 0x%x belongs to another context than the primary one of %s"
                .formatted(handle, context.device().engineName()));
      }
    }
    Lane lane = Lane.around(core, handle);
    lanes.add(lane);
    return new LaneStream(lane, lanes);
  }

  /** Runs the work once on a lane of its own, then records it there. */
  CudaGraph record(Lane target, Consumer<CudaFourierEngine> work) {
    Lane recorded = newLane(true);
    boolean complete = false;
    try {
      LaneStream stream = new LaneStream(recorded, lanes);
      CudaEngine view = new CudaEngine(this, stream, true);
      target.synchronize();
      work.accept(view);
      long executable = recorded.record(() -> work.accept(view));
      RecordedGraph graph = new RecordedGraph(recorded, target, executable, lanes, graphs);
      graphs.add(graph);
      complete = true;
      return graph;
    } finally {
      if (!complete) {
        lanes.remove(recorded);
        recorded.close();
      }
    }
  }

  /** Closes everything, the context last; calls that still run are waited for. */
  @Override
  public void close() {
    try (ResourceStack all = new ResourceStack()) {
      all.own(core.context());
      all.own(core.kernels());
      all.own(core.adapters());
      all.own(buffers);
      all.own(products);
      lanes.forEach(all::own);
      graphs.forEach(all::own);
    }
    lanes.clear();
    graphs.clear();
  }
}
