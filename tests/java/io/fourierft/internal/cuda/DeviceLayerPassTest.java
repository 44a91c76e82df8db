package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.HostMatrix;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import io.fourierft.layer.LinearTape;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What one pass of a layer on the device does to streams and graphs, and what it reads in place.
 */
class DeviceLayerPassTest extends EmulatedLayerTest {
  @ParameterizedTest
  @CsvSource({"F32", "BF16"})
  void aRecordedPassDoesTheSameToTheBit(ElementType type) {
    FourierLinear layer =
        new FourierLinear(
            engine,
            upload(LayerSamples.gaussian(type, OUT, IN, 1)),
            upload(LayerSamples.gaussian(1, OUT, 2)),
            FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
    DeviceBuffer x = upload(LayerSamples.gaussian(type, TOKENS, IN, 5));
    DeviceBuffer g = upload(LayerSamples.gaussian(type, TOKENS, OUT, 6));
    DeviceBuffer y = filled(type, TOKENS, OUT, Float.NaN);
    DeviceBuffer gx = filled(type, TOKENS, IN, Float.NaN);
    DeviceBuffer gradient = filled(ElementType.F32, 1, N, 0);
    DeviceBuffer biasGradient = filled(ElementType.F32, 1, OUT, 0);
    try (LinearTape tape = layer.newTape(TOKENS)) {
      Consumer<FourierLinear> pass =
          on -> {
            on.forward(x, y, tape);
            on.backward(tape, g, gx, Map.of("a", gradient), biasGradient);
          };
      pass.accept(layer);
      List<DeviceBuffer> outputs = List.of(y, gx, gradient, biasGradient);
      List<float[]> plain = outputs.stream().map(this::floats).toList();
      try (CudaGraph graph = engine.record(on -> pass.accept(layer.on(on)))) {
        for (int again = 0; again < 2; again++) {
          engine.upload(LayerSamples.zeros(1, N), gradient);
          engine.upload(LayerSamples.zeros(1, OUT), biasGradient);
          engine.zero(y);
          engine.zero(gx);
          emulator.resetCalls();
          graph.launch();
          assertEquals(0, emulator.calls("sync"));
          for (int i = 0; i < outputs.size(); i++) {
            assertArrayEquals(plain.get(i), floats(outputs.get(i)));
          }
        }
      }
    }
  }

  @Test
  void aPassWaitsForNothingAndMakesFewLaunchesOnTheCallersStream() {
    FourierLinear layer =
        new FourierLinear(
            engine,
            upload(LayerSamples.gaussian(OUT, IN, 1)),
            upload(LayerSamples.gaussian(1, OUT, 2)),
            FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
    DeviceBuffer x = upload(LayerSamples.gaussian(TOKENS, IN, 5));
    DeviceBuffer y = filled(ElementType.F32, TOKENS, OUT, Float.NaN);
    engine.synchronize();
    try (CudaStream stream = engine.newStream()) {
      FourierLinear there = layer.on(engine.on(stream));
      there.forward(x, y);
      stream.synchronize();
      emulator.resetCalls();
      there.forward(x, y);
      assertEquals(0, emulator.calls("sync"));
      assertEquals(0, emulator.calls("alloc"));
      assertEquals(2, emulator.calls("cublasGemmEx"));
      assertEquals(1, emulator.calls("launch"));
      stream.synchronize();
      assertEquals(List.of("a"), there.activeAdapters());
      there.disableAdapters();
      assertEquals(false, layer.adaptersEnabled());
      there.close();
      layer.at(layer.group().moment()).close();
      layer.forward(x, y);
      stream.synchronize();
    }
  }

  /** A bias on the device is read where it is. */
  @Test
  void aBiasThatIsChangedInPlaceTakesPart() {
    DeviceBuffer bias = upload(LayerSamples.zeros(1, OUT));
    FourierLinear layer =
        new FourierLinear(
            engine, upload(LayerSamples.zeros(OUT, IN)), bias, FourierLinearOptions.defaults());
    DeviceBuffer x = upload(LayerSamples.gaussian(1, IN, 5));
    DeviceBuffer y = filled(ElementType.F32, 1, OUT, Float.NaN);
    HostMatrix other = LayerSamples.gaussian(1, OUT, 2);
    engine.upload(other, bias);
    layer.forward(x, y);
    assertArrayEquals(LayerSamples.floats(other), floats(y));
    layer.updateBias(upload(LayerSamples.zeros(1, OUT)));
    layer.forward(x, y);
    assertArrayEquals(new float[OUT], floats(y));
  }

  @Test
  void aLayerOfAClosedEngineComputesNoMore() {
    FourierLinear layer = plainLayer(FourierLinearOptions.defaults());
    DeviceBuffer x = upload(LayerSamples.gaussian(1, IN, 5));
    DeviceBuffer y = filled(ElementType.F32, 1, OUT, 0);
    layer.forward(x, y);
    engine.close();
    assertThrows(EngineClosedException.class, () -> layer.forward(x, y));
    assertThrows(EngineClosedException.class, () -> layer.newTape(1));
    assertThrows(EngineClosedException.class, () -> layer.on(engine));
  }
}
