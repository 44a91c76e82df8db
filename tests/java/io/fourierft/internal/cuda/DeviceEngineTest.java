package io.fourierft.internal.cuda;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import java.util.Random;

/** What tests of an engine on a device share: its engine, and data for it on either side. */
abstract class DeviceEngineTest {
  /** The engine under test, which the tests of one kind of device open and close. */
  CudaFourierEngine engine;

  static float[] floats(int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  DeviceBuffer onDevice(float[] values, int rows, int cols) {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, rows, cols);
    engine.upload(Matrix.of(values, rows, cols), buffer);
    return buffer;
  }

  float[] toHost(CudaMatrix matrix) {
    float[] values = new float[matrix.rows() * matrix.cols()];
    engine.download(matrix, Matrix.of(values, matrix.rows(), matrix.cols()));
    return values;
  }

  static float[] floatsOf(HostMatrix matrix) {
    float[] values = new float[matrix.rows() * matrix.cols()];
    for (int i = 0; i < values.length; i++) {
      values[i] = matrix.get(i / matrix.cols(), i % matrix.cols());
    }
    return values;
  }
}
