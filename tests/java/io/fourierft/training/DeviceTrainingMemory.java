package io.fourierft.training;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Training in the memory of a device; closes the tensors that it made, and spectra no trainer took.
 */
final class DeviceTrainingMemory implements TrainingMemory, AutoCloseable {
  private final CudaFourierEngine engine;
  private final List<AutoCloseable> made = new ArrayList<>();

  DeviceTrainingMemory(CudaFourierEngine engine) {
    this.engine = engine;
  }

  @Override
  public FourierEngine engine() {
    return engine;
  }

  @Override
  public TrainableSpectrum spectrum(String name, float[] initial) {
    SpectralLocations places = SpectralLocations.of(64, 64, initial.length, 1);
    TrainableSpectrum spectrum =
        TrainableSpectrum.of(name, engine, FourierAdapter.of(places, initial, 40));
    made.add(spectrum);
    return spectrum;
  }

  @Override
  public TrainableTensor tensor(String name, float[] initial, int rows, int cols) {
    DeviceBuffer values = engine.newBuffer(ElementType.F32, rows, cols);
    made.add(values);
    write(initial, values);
    TrainableTensor tensor = TrainableTensor.of(name, engine, values);
    made.add(tensor);
    return tensor;
  }

  @Override
  public float[] read(Matrix matrix) {
    float[] values = new float[matrix.rows() * matrix.cols()];
    if (matrix instanceof CudaMatrix device) {
      engine.download(device, Matrix.of(values, matrix.rows(), matrix.cols()));
      return values;
    }
    HostMatrix host = (HostMatrix) matrix;
    for (int i = 0; i < values.length; i++) {
      values[i] = host.get(i / host.cols(), i % host.cols());
    }
    return values;
  }

  @Override
  public void write(float[] values, Matrix into) {
    engine.upload(Matrix.of(values, into.rows(), into.cols()), (CudaMatrix) into);
  }

  @Override
  public void close() {
    for (AutoCloseable each : made.reversed()) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }
}
