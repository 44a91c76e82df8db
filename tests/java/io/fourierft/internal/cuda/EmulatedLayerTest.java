package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.function.Executable;

/** A test of layers whose weight and activations lie on the emulated device. */
abstract class EmulatedLayerTest extends EmulatedEngineTest {
  static final int OUT = 20;

  static final int IN = 12;

  static final int TOKENS = 7;

  static final int N = 20;

  static final int WEIGHT_BYTES = OUT * IN * Float.BYTES;

  final List<DeviceBuffer> buffers = new ArrayList<>();

  @AfterEach
  void giveBack() {
    buffers.forEach(DeviceBuffer::close);
  }

  DeviceBuffer upload(HostMatrix from) {
    DeviceBuffer buffer = engine.newBuffer(from.elementType(), from.rows(), from.cols());
    buffers.add(buffer);
    engine.upload(from, buffer);
    return buffer;
  }

  DeviceBuffer filled(ElementType type, int rows, int cols, float value) {
    HostMatrix values = LayerSamples.zeros(type, rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        values.set(r, c, value);
      }
    }
    return upload(values);
  }

  HostMatrix download(Matrix from) {
    HostMatrix to = LayerSamples.zeros(from.elementType(), from.rows(), from.cols());
    engine.download((CudaMatrix) from, to);
    return to;
  }

  float[] floats(Matrix from) {
    return LayerSamples.floats(download(from));
  }

  static void assertClose(float[] expected, float[] actual, ElementType type) {
    double tolerance =
        switch (type) {
          case F16 -> 1e-3;
          case BF16 -> 8e-3;
          case F32, F64 -> 2e-6;
        };
    double error = LayerSamples.error(actual, expected);
    assertTrue(error < tolerance, type + " is off by " + error);
  }

  static FourierEngine cpu() {
    return FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
  }

  void refuses(Class<? extends FourierException> type, String words, Executable call) {
    String message = String.valueOf(assertThrows(type, call).getMessage());
    assertTrue(message.contains(words), message);
  }

  /** A float32 layer without a bias. */
  FourierLinear plainLayer(FourierLinearOptions options) {
    return new FourierLinear(engine, upload(LayerSamples.gaussian(OUT, IN, 1)), null, options);
  }
}
