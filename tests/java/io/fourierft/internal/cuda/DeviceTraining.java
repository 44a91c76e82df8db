package io.fourierft.internal.cuda;

import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.ArrayList;
import java.util.List;

/** Spectra in device memory with a trainer, for tests of the engine. */
final class DeviceTraining implements AutoCloseable {
  /** Clips at a norm of 1. */
  static final TrainerOptions CLIPPED = TrainerOptions.defaults().withMaxGradientNorm(1);

  private final List<TrainableSpectrum> spectra = new ArrayList<>();
  private final CudaFourierEngine engine;
  private final Trainer trainer;

  private DeviceTraining(
      CudaFourierEngine engine, List<FourierAdapter> adapters, TrainerOptions options) {
    this.engine = engine;
    for (int i = 0; i < adapters.size(); i++) {
      spectra.add(TrainableSpectrum.of("spectrum " + i, engine, adapters.get(i)));
    }
    this.trainer =
        Trainer.of(engine, List.of(ParameterGroup.of("spectra", spectra, 0.01)), options);
  }

  static DeviceTraining of(
      CudaFourierEngine engine, List<FourierAdapter> adapters, TrainerOptions options) {
    return new DeviceTraining(engine, adapters, options);
  }

  static DeviceTraining of(CudaFourierEngine engine, List<FourierAdapter> adapters) {
    return new DeviceTraining(engine, adapters, CLIPPED);
  }

  Trainer trainer() {
    return trainer;
  }

  /** What stands for the coefficients on the device. */
  List<FourierAdapter> adapters() {
    return spectra.stream().map(TrainableSpectrum::adapter).toList();
  }

  CudaMatrix coefficients(int index) {
    return (CudaMatrix) spectra.get(index).values();
  }

  CudaMatrix gradient(int index) {
    return (CudaMatrix) spectra.get(index).gradient();
  }

  List<Matrix> gradients() {
    return spectra.stream().map(TrainableSpectrum::gradient).toList();
  }

  /** The coefficients of now; waits for them. */
  float[] spectrum(int index) {
    return spectra.get(index).spectrum();
  }

  /** Sets a gradient. */
  void gradient(int index, float[] values) {
    engine.upload(Matrix.of(values, 1, values.length), gradient(index));
  }

  @Override
  public void close() {
    trainer.close();
  }
}
