package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceSpectrum;
import io.fourierft.internal.cuda.device.OpenResources;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.MemoryOwner;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;

/** Coefficients in device memory, to which the adapter that stands for them is bound. */
public final class BoundSpectrum implements DeviceSpectrum, MemoryOwner {
  private final SharedResources shared;
  private final WorkStream stream;
  private final OpenResources registry;
  private final DeviceBlock block;
  private final DeviceView view;

  /** All that stand for the memory, as far as anybody has them. */
  private final List<WeakReference<FourierAdapter>> bound = new ArrayList<>();

  private FourierAdapter adapter;

  private BoundSpectrum(
      SharedResources shared,
      WorkStream stream,
      OpenResources registry,
      DeviceBlock block,
      FourierAdapter adapter) {
    int n = adapter.nFrequency();
    this.shared = shared;
    this.stream = stream;
    this.registry = registry;
    this.block = block;
    this.adapter = adapter;
    this.view = new DeviceView(stream.context(), this, block.pointer(), ElementType.F32, 1, n, n);
  }

  /** Puts the coefficients on the device. */
  public static BoundSpectrum create(
      SharedResources shared, WorkStream stream, OpenResources registry, FourierAdapter initial) {
    long bytes = (long) Float.BYTES * initial.nFrequency();
    DeviceBlock block = registry.make(() -> DeviceBlock.allocate(stream.context(), bytes));
    boolean made = false;
    try {
      // Another object, which stands for the coefficients on the device from now on.
      FourierAdapter standIn = initial.withSpectrum(initial.spectrum());
      BoundSpectrum spectrum = new BoundSpectrum(shared, stream, registry, block, standIn);
      stream.submit(() -> stream.upload(HostBytes.of(initial.spectrum()), block.pointer()));
      spectrum.bind(standIn);
      made = true;
      return spectrum;
    } finally {
      if (!made) {
        registry.giveBack(block);
      }
    }
  }

  @Override
  public DeviceBlock block() {
    return block;
  }

  @Override
  public void requireOpen() {
    if (block.isClosed()) {
      throw new EngineClosedException(
          "this spectrum was closed, by itself, its trainer or its engine");
    }
  }

  @Override
  public synchronized FourierAdapter adapter() {
    return adapter;
  }

  @Override
  public CudaMatrix coefficients() {
    requireOpen();
    return view;
  }

  @Override
  public synchronized FourierAdapter renewAdapter() {
    requireOpen();
    float[] current = new float[adapter.nFrequency()];
    stream.submit(
        () -> {
          stream.download(block.pointer(), HostBytes.of(current));
          stream.finishDownloads();
        });
    FourierAdapter next = adapter.withSpectrum(current);
    bind(next);
    adapter = next;
    return next;
  }

  private void bind(FourierAdapter standIn) {
    bound.removeIf(each -> each.get() == null);
    bound.add(new WeakReference<>(standIn));
    shared.adapters().bind(standIn, block, block.pointer());
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // An adapter is bound by its identity.
  public synchronized boolean isRepresentedBy(FourierAdapter other) {
    return bound.stream().anyMatch(each -> each.get() == other);
  }

  @Override
  public synchronized void close() {
    for (WeakReference<FourierAdapter> each : bound) {
      FourierAdapter standIn = each.get();
      if (standIn != null) {
        shared.adapters().unbind(standIn);
      }
    }
    bound.clear();
    registry.giveBack(block);
  }
}
