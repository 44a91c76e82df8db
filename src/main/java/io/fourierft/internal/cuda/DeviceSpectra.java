package io.fourierft.internal.cuda;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.cuda.AdamW;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.TrainableSpectra;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Coefficients under training, with their work on one lane. */
final class DeviceSpectra implements TrainableSpectra {
  private static final int PARAMETER_BYTES = 40;

  private final EngineCore core;
  private final Lane lane;
  private final OpenBuffers registry;
  private final SpectraStorage storage;

  private DeviceSpectra(EngineCore core, Lane lane, OpenBuffers registry, SpectraStorage storage) {
    this.core = core;
    this.lane = lane;
    this.registry = registry;
    this.storage = storage;
  }

  /** Puts the coefficients on the device. */
  static DeviceSpectra create(
      EngineCore core, Lane lane, OpenBuffers registry, List<FourierAdapter> initial) {
    SpectraStorage storage = new SpectraStorage(lane, initial);
    DeviceSpectra spectra = new DeviceSpectra(core, lane, registry, storage);
    boolean made = false;
    try {
      lane.submit(spectra::fill);
      made = true;
    } finally {
      if (!made) {
        storage.block().close();
      }
    }
    registry.add(storage.block());
    for (int i = 0; i < initial.size(); i++) {
      core.adapters().bind(storage.adapters().get(i), storage.pointer(0, i));
    }
    return spectra;
  }

  private void fill() {
    core.context()
        .driver()
        .memsetD8Async(storage.block().pointer(), (byte) 0, storage.block().bytes(), lane.stream());
    for (int i = 0; i < storage.adapters().size(); i++) {
      lane.upload(HostRows.of(storage.adapters().get(i).spectrum()), storage.pointer(0, i));
    }
  }

  private CudaMatrix part(int part, int index) {
    storage.requireOpen();
    int n = storage.adapters().get(index).nFrequency();
    return new DeviceView(
        core.context(), null, storage.pointer(part, index), ElementType.F32, 1, n, n);
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
    lane.submit(
        () ->
            core.context()
                .driver()
                .memsetD8Async(
                    storage.pointer(1, 0), (byte) 0, storage.partBytes(), lane.stream()));
  }

  @Override
  public void prepareStep(AdamW parameters) {
    storage.requireOpen();
    lane.submit(
        () ->
            lane.upload(
                HostRows.whole(MemorySegment.ofArray(storage.nextStep(parameters))),
                storage.settings()));
  }

  @Override
  public void applyStep() {
    storage.requireOpen();
    lane.submit(this::enqueueStep);
  }

  private void enqueueStep() {
    int count = storage.adapters().size();
    TableWriter table = new TableWriter(count, PARAMETER_BYTES);
    long most = 0;
    for (int i = 0; i < count; i++) {
      long n = storage.adapters().get(i).nFrequency();
      most = Math.max(most, n);
      for (int part = 0; part < 4; part++) {
        table.put(storage.pointer(part, i));
      }
      table.put(n);
    }
    long parameters = lane.table(table.finish());
    long norm = 0;
    if (storage.isClipping()) {
      norm = storage.norm();
      lane.launchGrid(
          Kernel.GRADIENT_SQUARES,
          storage.normBlocks(),
          lane.arguments().add(parameters).add((long) count).add(most).add(storage.normPartials()));
      lane.launch(
          Kernel.REDUCE_NORM,
          1,
          lane.arguments().add(storage.normPartials()).add((long) storage.normBlocks()).add(norm));
    }
    lane.launch(
        Kernel.ADAMW_STEP,
        count * Kernel.groups(most, Kernel.BLOCK),
        lane.arguments()
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
    return new DeviceSpectra(core, CudaEngine.laneOf(engine, core.context()), registry, storage);
  }

  @Override
  public FourierAdapter snapshot(int index) {
    storage.requireOpen();
    FourierAdapter adapter = storage.adapters().get(index);
    float[] current = new float[adapter.nFrequency()];
    lane.submit(
        () -> {
          lane.download(storage.pointer(0, index), HostRows.of(current));
          lane.finishDownloads();
        });
    return adapter.withSpectrum(current);
  }

  @Override
  public void close() {
    storage.adapters().forEach(core.adapters()::unbind);
    registry.remove(storage.block());
    storage.block().close();
  }
}
