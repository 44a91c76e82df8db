package io.fourierft.internal.cuda;

import io.fourierft.FourierException;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaStream;
import io.fourierft.internal.cpu.OwnProducts;
import io.fourierft.internal.cuda.blas.CublasSupply;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.device.OpenResources;
import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import io.fourierft.internal.cuda.kernels.KernelImage;
import io.fourierft.internal.cuda.kernels.KernelModule;
import io.fourierft.internal.cuda.memory.MemoryBudget;
import io.fourierft.internal.cuda.ops.SharedResources;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.stream.DeviceCore;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.RecordedGraph;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Owns what one engine has of the device: context, kernels, adapters, buffers, streams, graphs. */
public final class EngineResources implements AutoCloseable {
  private final SharedResources shared;
  private final OpenResources buffers;
  private final OwnProducts hostProducts;
  private final OpenResources streams;
  private final OpenResources graphs;
  private boolean closed;

  private EngineResources(SharedResources shared) {
    this.shared = shared;
    CudaContext context = shared.device().context();
    this.buffers = new OpenResources(context);
    this.streams = new OpenResources(context);
    this.graphs = new OpenResources(context);
    this.hostProducts = new OwnProducts("the engine on " + context.device().engineName());
  }

  /** Takes what an engine needs; whatever was taken is given back if that fails. */
  static EngineResources open(
      CudaDriver driver,
      Cufft cufft,
      CublasSupply cublas,
      CudaDevice device,
      KernelImage image,
      @Nullable CallbackImages callbacks) {
    CudaContext context = new CudaContext(driver, device);
    try (ResourceStack undo = new ResourceStack()) {
      undo.own(context);
      KernelModule kernels = undo.own(KernelModule.load(context, image));
      ResidentAdapters adapters = undo.own(new ResidentAdapters(device.totalBytes() / 8));
      DeviceCore core = new DeviceCore(context, cufft, callbacks, cublas, kernels);
      MemoryBudget budget = MemoryBudget.fromProperty();
      EngineResources resources = new EngineResources(new SharedResources(core, adapters, budget));
      undo.disown();
      return resources;
    }
  }

  SharedResources shared() {
    return shared;
  }

  /** The memory that goes with the engine. */
  OpenResources buffers() {
    return buffers;
  }

  /** Products with matrices in host memory. */
  OwnProducts hostProducts() {
    return hostProducts;
  }

  EngineStream newStream() {
    return own(() -> WorkStream.create(shared.device(), false));
  }

  private EngineStream own(Supplier<WorkStream> work) {
    return new EngineStream(streams.make(work), streams);
  }

  /** A stream that somebody else made in this context; 0 is the legacy default stream. */
  CudaStream streamAt(long handle) {
    CudaContext context = shared.device().context();
    if (handle != 0) {
      long owner = context.call(() -> context.driver().streamGetCtx(handle));
      if (owner != context.handle()) {
        throw new FourierException(
            "stream 0x%x belongs to another context than the primary one of %s"
                .formatted(handle, context.device().engineName()));
      }
    }
    return own(() -> WorkStream.around(shared.device(), handle));
  }

  /** Runs the work once on a stream of its own, then records it there. */
  CudaGraph record(WorkStream target, Consumer<EngineStream> work) {
    EngineStream seen = own(() -> WorkStream.create(shared.device(), true));
    WorkStream recorded = seen.work();
    boolean complete = false;
    try {
      target.synchronize();
      work.accept(seen);
      CudaGraph graph =
          recorded.record(
              () -> work.accept(seen),
              executable ->
                  graphs.make(
                      () -> new RecordedGraph(recorded, target, executable, streams, graphs)));
      complete = true;
      return graph;
    } finally {
      if (!complete) {
        seen.close();
      }
    }
  }

  /**
   * Closes everything, the context last; calls that still run are waited for, and so is another
   * thread that closes.
   *
   * @throws FourierException if this thread is in such a call, and would wait for itself
   */
  @Override
  public synchronized void close() {
    if (shared.device().context().isInside()) {
      throw new FourierException(
          "work that is being recorded cannot close its own engine; close it afterwards");
    }
    if (closed) {
      return;
    }
    closed = true;
    try (ResourceStack all = new ResourceStack()) {
      all.own(shared.device().context());
      all.own(shared.device().kernels());
      all.own(shared.adapters());
      all.own(buffers);
      all.own(hostProducts);
      all.own(streams);
      all.own(graphs);
    }
  }
}
