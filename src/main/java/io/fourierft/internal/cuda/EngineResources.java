package io.fourierft.internal.cuda;

import io.fourierft.FourierException;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaStream;
import io.fourierft.internal.cpu.OwnProducts;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import io.fourierft.internal.cuda.kernels.KernelImage;
import io.fourierft.internal.cuda.kernels.KernelModule;
import io.fourierft.internal.cuda.memory.MemoryBudget;
import io.fourierft.internal.cuda.memory.OpenBuffers;
import io.fourierft.internal.cuda.ops.SharedResources;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.stream.DeviceCore;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.RecordedGraph;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Owns what one engine has of the device: context, kernels, adapters, buffers, streams, graphs. */
public final class EngineResources implements AutoCloseable {
  private final SharedResources shared;
  private final OpenBuffers buffers = new OpenBuffers();
  private final OwnProducts hostProducts;
  private final Set<WorkStream> streams = ConcurrentHashMap.newKeySet();
  private final Set<AutoCloseable> graphs = ConcurrentHashMap.newKeySet();

  private EngineResources(SharedResources shared) {
    this.shared = shared;
    this.hostProducts =
        new OwnProducts("the engine on " + shared.device().context().device().engineName());
  }

  /** Takes what an engine needs; whatever was taken is given back if that fails. */
  static EngineResources open(
      CudaDriver driver,
      Cufft cufft,
      CudaDevice device,
      KernelImage image,
      @Nullable CallbackImages callbacks) {
    CudaContext context = new CudaContext(driver, device);
    try (ResourceStack undo = new ResourceStack()) {
      undo.own(context);
      KernelModule kernels = undo.own(KernelModule.load(context, image));
      ResidentAdapters adapters = undo.own(new ResidentAdapters(device.totalBytes() / 8));
      DeviceCore core = new DeviceCore(context, cufft, callbacks, kernels);
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
  OpenBuffers buffers() {
    return buffers;
  }

  /** Products with matrices in host memory. */
  OwnProducts hostProducts() {
    return hostProducts;
  }

  EngineStream newStream() {
    return own(WorkStream.create(shared.device(), false));
  }

  private EngineStream own(WorkStream work) {
    streams.add(work);
    return new EngineStream(work, streams);
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
    return own(WorkStream.around(shared.device(), handle));
  }

  /** Runs the work once on a stream of its own, then records it there. */
  CudaGraph record(WorkStream target, Consumer<EngineStream> work) {
    WorkStream recorded = WorkStream.create(shared.device(), true);
    EngineStream seen = own(recorded);
    boolean complete = false;
    try {
      target.synchronize();
      work.accept(seen);
      long executable = recorded.record(() -> work.accept(seen));
      RecordedGraph graph = new RecordedGraph(recorded, target, executable, streams, graphs);
      graphs.add(graph);
      complete = true;
      return graph;
    } finally {
      if (!complete) {
        seen.close();
      }
    }
  }

  /** Closes everything, the context last; calls that still run are waited for. */
  @Override
  public void close() {
    try (ResourceStack all = new ResourceStack()) {
      all.own(shared.device().context());
      all.own(shared.device().kernels());
      all.own(shared.adapters());
      all.own(buffers);
      all.own(hostProducts);
      streams.forEach(all::own);
      graphs.forEach(all::own);
    }
    streams.clear();
    graphs.clear();
  }
}
