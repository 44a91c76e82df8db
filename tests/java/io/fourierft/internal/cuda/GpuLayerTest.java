package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import io.fourierft.layer.LinearTape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A layer on a real device, with NVIDIA's cuBLAS, beside the same layer on the CPU. */
@Tag("gpu")
class GpuLayerTest extends DeviceEngineTest {
  private static final int OUT = 192;
  private static final int IN = 160;
  private static final int TOKENS = 33;
  private static final int N = 100;

  private final List<DeviceBuffer> buffers = new ArrayList<>();

  @BeforeEach
  void open() {
    engine = RealCuda.open();
  }

  @AfterEach
  void close() {
    if (engine != null) {
      buffers.forEach(DeviceBuffer::close);
      engine.close();
    }
  }

  private DeviceBuffer upload(HostMatrix from) {
    DeviceBuffer buffer = engine.newBuffer(from.elementType(), from.rows(), from.cols());
    buffers.add(buffer);
    engine.upload(from, buffer);
    return buffer;
  }

  private float[] floats(Matrix from) {
    HostMatrix to = LayerSamples.zeros(from.elementType(), from.rows(), from.cols());
    engine.download((CudaMatrix) from, to);
    return LayerSamples.floats(to);
  }

  @ParameterizedTest
  @CsvSource({
    "F32, OUT_IN, F32",
    "F32, IN_OUT, F32",
    "F16, OUT_IN, F16",
    "F16, IN_OUT, F32",
    "BF16, OUT_IN, F32",
    "BF16, IN_OUT, BF16"
  })
  void passesMergesAndRecordingsAgreeWithTheCpu(
      ElementType type, WeightLayout layout, ElementType biasType) {
    FourierLinearOptions options =
        FourierLinearOptions.defaults().withLayout(layout).withKeepsOriginalWeight(true);
    boolean inOut = layout == WeightLayout.IN_OUT;
    HostMatrix weight = LayerSamples.gaussian(type, inOut ? IN : OUT, inOut ? OUT : IN, 1);
    HostMatrix bias = LayerSamples.gaussian(biasType, 1, OUT, 2);
    HostMatrix x = LayerSamples.gaussian(type, TOKENS, IN, 5);
    HostMatrix g = LayerSamples.gaussian(type, TOKENS, OUT, 6);
    HostMatrix y = LayerSamples.zeros(type, TOKENS, OUT);
    HostMatrix gx = LayerSamples.zeros(type, TOKENS, IN);
    HostMatrix gradient = LayerSamples.zeros(1, N);
    HostMatrix biasGradient = LayerSamples.zeros(1, OUT);
    double tolerance =
        switch (type) {
          case F16 -> 2e-3;
          case BF16 -> 1.6e-2;
          case F32, F64 -> 5e-6;
        };
    float[] merged;
    try (FourierEngine cpu = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));
        FourierLinear host = new FourierLinear(cpu, weight, bias, options);
        LinearTape tape = host.newTape(TOKENS)) {
      host.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
      host.forward(x, y, tape);
      host.backward(tape, g, gx, Map.of("a", gradient), biasGradient);
      host.merge(true);
      merged = LayerSamples.floats(host.weight());
    }
    DeviceBuffer deviceX = upload(x);
    DeviceBuffer deviceG = upload(g);
    DeviceBuffer deviceY = upload(LayerSamples.zeros(type, TOKENS, OUT));
    DeviceBuffer deviceGx = upload(LayerSamples.zeros(type, TOKENS, IN));
    DeviceBuffer deviceGradient = upload(LayerSamples.zeros(1, N));
    DeviceBuffer deviceBias = upload(LayerSamples.zeros(1, OUT));
    try (FourierLinear device = new FourierLinear(engine, upload(weight), upload(bias), options);
        LinearTape tape = device.newTape(TOKENS)) {
      device.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
      List<DeviceBuffer> outputs = List.of(deviceY, deviceGx, deviceGradient, deviceBias);
      try (CudaGraph graph =
          engine.record(
              on -> {
                FourierLinear there = device.on(on);
                there.forward(deviceX, deviceY, tape);
                there.backward(tape, deviceG, deviceGx, Map.of("a", deviceGradient), deviceBias);
              })) {
        List<float[]> once = new ArrayList<>();
        for (int pass = 0; pass < 2; pass++) {
          engine.zero(deviceGradient);
          engine.zero(deviceBias);
          graph.launch();
          for (int i = 0; i < outputs.size(); i++) {
            float[] found = floats(outputs.get(i));
            if (pass == 0) {
              once.add(found);
            } else {
              assertArrayEquals(once.get(i), found);
            }
          }
        }
      }
      List<HostMatrix> wanted = List.of(y, gx, gradient, biasGradient);
      for (int i = 0; i < wanted.size(); i++) {
        double error =
            LayerSamples.error(floats(outputs.get(i)), LayerSamples.floats(wanted.get(i)));
        // The gradients of 16-bit activations are summed in float32 too.
        assertTrue(error < (i < 2 ? tolerance : 2e-5), "output " + i + " is off by " + error);
      }
      device.merge(true);
      double error = LayerSamples.error(floats(device.weight()), merged);
      assertTrue(error < tolerance, "the merged weight is off by " + error);
      device.unmerge();
      assertArrayEquals(LayerSamples.floats(weight), floats(device.weight()));
    }
  }
}
