package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.fourierft.AdapterPath;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.ShapeException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import io.fourierft.layer.LinearTape;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a layer on the device refuses, and what it then leaves as it was. */
class DeviceLayerBadInputTest extends EmulatedLayerTest {
  @Test
  void badInputIsRefusedBeforeAnythingIsWritten() {
    FourierLinearOptions options = FourierLinearOptions.defaults();
    DeviceBuffer weight = upload(LayerSamples.gaussian(ElementType.BF16, OUT, IN, 1));
    refuses(
        ShapeException.class,
        "the base weight is F64; a layer over device memory multiplies F32, F16 or BF16",
        () ->
            new FourierLinear(
                engine, upload(LayerSamples.gaussian(ElementType.F64, OUT, IN, 1)), null, options));
    refuses(
        FourierException.class,
        "path DENSE and deltaCacheBytes do not go with it",
        () -> new FourierLinear(engine, weight, null, options.withPath(AdapterPath.DENSE)));
    refuses(
        FourierException.class,
        "path DENSE and deltaCacheBytes do not go with it",
        () -> new FourierLinear(engine, weight, null, options.withDeltaCacheBytes(1)));
    refuses(
        ShapeException.class,
        "the bias lies in host memory, but the base weight of this layer lies on a device",
        () -> new FourierLinear(engine, weight, LayerSamples.zeros(1, OUT), options));
    refuses(
        ShapeException.class,
        "the bias is F16 and the weight is BF16; use that type, or F32",
        () ->
            new FourierLinear(engine, weight, filled(ElementType.F16, 1, OUT, 0), options)
                .forward(filled(ElementType.BF16, 1, IN, 0), filled(ElementType.BF16, 1, OUT, 0)));
    FourierLinear layer = new FourierLinear(engine, weight, null, options);
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
    DeviceBuffer x = upload(LayerSamples.gaussian(ElementType.BF16, 2, IN, 5));
    DeviceBuffer y = filled(ElementType.BF16, 2, OUT, 3);
    refuses(
        ShapeException.class,
        "x is F32 but the base weight is BF16; cuBLAS multiplies F32 by F32, F16 by F16 and BF16"
            + " by BF16",
        () -> layer.forward(filled(ElementType.F32, 2, IN, 0), filled(ElementType.F32, 2, OUT, 0)));
    refuses(
        ShapeException.class,
        "x lies in host memory, but the base weight of this layer lies on a device",
        () -> layer.forward(LayerSamples.zeros(ElementType.BF16, 2, IN), y));
    refuses(
        ShapeException.class,
        "y overlaps x",
        () -> layer.forward(x, engine.matrixAt(x.pointer(), ElementType.BF16, 2, OUT, OUT)));
    refuses(
        ShapeException.class,
        "x has 20 columns, but this layer needs 12",
        () -> layer.forward(y, y));
    DeviceBuffer closed = engine.newBuffer(ElementType.BF16, 2, IN);
    closed.close();
    refuses(EngineClosedException.class, "was closed", () -> layer.forward(closed, y));
    DeviceBuffer gx = filled(ElementType.BF16, 2, IN, 3);
    try (CudaFourierEngine other = EmulatedCuda.open(1);
        DeviceBuffer foreign = other.newBuffer(ElementType.F32, 1, N);
        DeviceBuffer foreignX = other.newBuffer(ElementType.BF16, 2, IN);
        LinearTape tape = layer.newTape(2)) {
      refuses(
          ShapeException.class,
          "x is in memory of another engine, on cuda:1",
          () -> layer.forward(foreignX, y));
      refuses(
          ShapeException.class,
          "the base weight is in memory of another engine",
          () -> layer.on(other));
      refuses(
          ShapeException.class,
          "the base weight is in memory of another engine",
          () -> new FourierLinear(other, weight, null, options));
      layer.forward(x, y, tape);
      DeviceBuffer g = upload(LayerSamples.gaussian(ElementType.BF16, 2, OUT, 6));
      refuses(
          ShapeException.class,
          "the gradient of adapter 'a' is in memory of another engine",
          () -> layer.backward(tape, g, gx, Map.of("a", foreign)));
      refuses(
          ShapeException.class,
          "gx lies in host memory",
          () -> layer.backward(tape, g, LayerSamples.zeros(ElementType.BF16, 2, IN), Map.of()));
      refuses(
          ShapeException.class,
          "this layer has no bias",
          () -> layer.backward(tape, g, gx, Map.of(), filled(ElementType.F32, 1, OUT, 0)));
    }
    float[] three = new float[2 * IN];
    Arrays.fill(three, 3);
    assertArrayEquals(three, floats(gx));
    try (FourierEngine cpu = cpu()) {
      refuses(
          FourierException.class,
          "engine cpu has no device memory",
          () -> new FourierLinear(cpu, weight, null, options));
    }
  }

  @Test
  void withoutCublasTheAdaptersPartStillWorksAndTheErrorSaysWhatToInstall() {
    String before = System.getProperty("fourierft.cublas");
    System.setProperty("fourierft.cublas", "/nowhere/libcublas.so.13");
    try {
      DeviceBuffer weight = upload(LayerSamples.zeros(OUT, IN));
      FourierLinear layer =
          new FourierLinear(engine, weight, null, FourierLinearOptions.defaults());
      layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
      DeviceBuffer x = upload(LayerSamples.gaussian(TOKENS, IN, 5));
      DeviceBuffer y = filled(ElementType.F32, TOKENS, OUT, 3);
      refuses(
          FourierException.class,
          "need cuBLAS, which was not found; install the CUDA toolkit or the Python wheel"
              + " nvidia-cublas, or give -Dfourierft.cublas=PATH; looked in\n"
              + "    /nowhere/libcublas.so.13",
          () -> layer.forward(x, y));
      float[] three = new float[TOKENS * OUT];
      Arrays.fill(three, 3);
      assertArrayEquals(three, floats(y));
      engine.zero(y);
      layer.addAdapterOutput(x, y);
      float[] part = floats(y);
      System.setProperty("fourierft.cublas", before);
      layer.forward(x, y);
      assertClose(part, floats(y), ElementType.F32);
    } finally {
      System.setProperty("fourierft.cublas", before);
    }
  }
}
