package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.cuda.AdamWStep;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.TrainableSpectra;
import io.fourierft.internal.cuda.device.OpenResources;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.ParameterStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Coefficients under training, with their work on one stream. */
public final class DeviceSpectra implements TrainableSpectra {
  private final SharedResources shared;
  private final WorkStream stream;
  private final OpenResources registry;
  private final SpectraStorage storage;

  private DeviceSpectra(
      SharedResources shared, WorkStream stream, OpenResources registry, SpectraStorage storage) {
    this.shared = shared;
    this.stream = stream;
    this.registry = registry;
    this.storage = storage;
  }

  /** Puts the coefficients on the device. */
  public static DeviceSpectra create(
      SharedResources shared,
      WorkStream stream,
      OpenResources registry,
      List<FourierAdapter> initial) {
    SpectraStorage storage = new SpectraStorage(stream, registry, initial);
    DeviceSpectra spectra = new DeviceSpectra(shared, stream, registry, storage);
    boolean made = false;
    try {
      stream.submit(spectra::fill);
      made = true;
    } finally {
      if (!made) {
        registry.giveBack(storage.block());
      }
    }
    for (int i = 0; i < initial.size(); i++) {
      shared.adapters().bind(storage.adapters().get(i), storage.block(), storage.pointer(0, i));
    }
    return spectra;
  }

  private void fill() {
    shared
        .device()
        .context()
        .driver()
        .memsetD8Async(
            storage.block().pointer(), (byte) 0, storage.block().bytes(), stream.handle());
    for (int i = 0; i < storage.adapters().size(); i++) {
      stream.upload(HostBytes.of(storage.adapters().get(i).spectrum()), storage.pointer(0, i));
    }
  }

  private CudaMatrix part(int part, int index) {
    storage.requireOpen();
    int n = storage.adapters().get(index).nFrequency();
    return new DeviceView(
        shared.device().context(), storage, storage.pointer(part, index), ElementType.F32, 1, n, n);
  }

  @Override
  public List<FourierAdapter> adapters() {
    return storage.adapters();
  }

  @Override
  public CudaMatrix coefficients(int index) {
    return part(0, index);
  }

  @Override
  public CudaMatrix gradient(int index) {
    return part(1, index);
  }

  @Override
  public List<CudaMatrix> gradients() {
    List<CudaMatrix> all = new ArrayList<>();
    for (int i = 0; i < storage.adapters().size(); i++) {
      all.add(gradient(i));
    }
    return all;
  }

  @Override
  public void zeroGradients() {
    storage.requireOpen();
    submit(
        () ->
            shared
                .device()
                .context()
                .driver()
                .memsetD8Async(
                    storage.pointer(1, 0), (byte) 0, storage.partBytes(), stream.handle()));
  }

  @Override
  public void prepareStep(AdamWStep parameters) {
    storage.requireOpen();
    submit(
        () -> {
          byte[] settings = StructTable.of(storage.nextStep(parameters));
          stream.upload(HostBytes.whole(MemorySegment.ofArray(settings)), storage.settings());
          storage.prepared(parameters);
        });
  }

  @Override
  public void applyStep() {
    storage.requireOpen();
    submit(this::enqueueStep);
  }

  private void submit(Runnable work) {
    stream.submit(
        () -> {
          stream.retain(storage.block());
          work.run();
        });
  }

  private void enqueueStep() {
    int count = storage.adapters().size();
    StructTable table = new StructTable(ParameterStruct.LAYOUT, count);
    long most = 0;
    for (int i = 0; i < count; i++) {
      long n = storage.adapters().get(i).nFrequency();
      most = Math.max(most, n);
      table.add(
          new ParameterStruct(
              storage.pointer(0, i),
              storage.pointer(1, i),
              storage.pointer(2, i),
              storage.pointer(3, i),
              n));
    }
    long parameters = stream.table(table.finish());
    long norm = 0;
    if (storage.isClipping()) {
      norm = storage.norm();
      stream.launchGrid(
          Kernel.GRADIENT_SQUARES,
          storage.normBlocks(),
          stream
              .arguments()
              .add(parameters)
              .add((long) count)
              .add(most)
              .add(storage.normPartials()));
      stream.launch(
          Kernel.REDUCE_NORM,
          1,
          stream
              .arguments()
              .add(storage.normPartials())
              .add((long) storage.normBlocks())
              .add(norm));
    }
    stream.launch(
        Kernel.ADAMW_STEP,
        count * Kernel.groups(most, Kernel.BLOCK),
        stream
            .arguments()
            .add(parameters)
            .add((long) count)
            .add(most)
            .add(storage.settings())
            .add(norm));
  }

  @Override
  public long steps() {
    return storage.steps();
  }

  @Override
  public TrainableSpectra on(CudaFourierEngine engine) {
    return new DeviceSpectra(
        shared,
        EngineStream.of(engine.stream(), shared.device().context()).work(),
        registry,
        storage);
  }

  @Override
  public FourierAdapter snapshot(int index) {
    storage.requireOpen();
    FourierAdapter adapter = storage.adapters().get(index);
    float[] current = new float[adapter.nFrequency()];
    stream.submit(
        () -> {
          stream.download(storage.pointer(0, index), HostBytes.of(current));
          stream.finishDownloads();
        });
    return adapter.withSpectrum(current);
  }

  @Override
  public void close() {
    storage.adapters().forEach(shared.adapters()::unbind);
    registry.giveBack(storage.block());
  }
}
