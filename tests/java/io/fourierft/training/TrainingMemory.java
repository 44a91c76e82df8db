package io.fourierft.training;

import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;

/** Where a test trains: how it makes parameters there, and reads and writes their numbers. */
public interface TrainingMemory {
  /** The engine of that memory. */
  FourierEngine engine();

  /** A spectrum that no layer has. */
  TrainableSpectrum spectrum(String name, float[] initial);

  /** A tensor. */
  TrainableTensor tensor(String name, float[] initial, int rows, int cols);

  /** All numbers of a matrix. */
  float[] read(Matrix matrix);

  /** Replaces all numbers of a matrix. */
  void write(float[] values, Matrix into);

  /** That of the host. */
  static TrainingMemory host(FourierEngine engine) {
    return new TrainingMemory() {
      @Override
      public FourierEngine engine() {
        return engine;
      }

      @Override
      public TrainableSpectrum spectrum(String name, float[] initial) {
        return TrainableSpectrum.of(name, initial);
      }

      @Override
      public TrainableTensor tensor(String name, float[] initial, int rows, int cols) {
        return TrainableTensor.of(name, Matrix.of(initial.clone(), rows, cols));
      }

      @Override
      public float[] read(Matrix matrix) {
        float[] values = new float[matrix.rows() * matrix.cols()];
        for (int i = 0; i < values.length; i++) {
          values[i] = ((HostMatrix) matrix).get(i / matrix.cols(), i % matrix.cols());
        }
        return values;
      }

      @Override
      public void write(float[] values, Matrix into) {
        for (int i = 0; i < values.length; i++) {
          ((HostMatrix) into).set(i / into.cols(), i % into.cols(), values[i]);
        }
      }
    };
  }
}
