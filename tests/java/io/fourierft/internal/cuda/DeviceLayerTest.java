package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.DeviceMatrix;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.PlanRounding;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import io.fourierft.layer.LinearTape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A layer whose weight and activations lie on the device, beside the same layer on the host. */
class DeviceLayerTest extends EmulatedLayerTest {
  /** Two layers with the same numbers, on the host and on the device. */
  private record Pair(FourierLinear host, FourierLinear device) {
    void each(Consumer<FourierLinear> change) {
      change.accept(host);
      change.accept(device);
    }
  }

  private Pair pair(
      FourierEngine cpu, ElementType type, ElementType biasType, FourierLinearOptions options) {
    boolean inOut = options.layout() == WeightLayout.IN_OUT;
    HostMatrix weight =
        inOut ? LayerSamples.gaussian(type, IN, OUT, 1) : LayerSamples.gaussian(type, OUT, IN, 1);
    HostMatrix bias = biasType == null ? null : LayerSamples.gaussian(biasType, 1, OUT, 2);
    Pair pair =
        new Pair(
            new FourierLinear(cpu, weight, bias, options),
            new FourierLinear(engine, upload(weight), bias == null ? null : upload(bias), options));
    pair.each(layer -> layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3)));
    pair.each(layer -> layer.addAdapter("b", LayerSamples.adapter(OUT, IN, N, 4)));
    return pair;
  }

  @ParameterizedTest
  @CsvSource({
    "F32, OUT_IN, F32, false",
    "F32, IN_OUT, F32, true",
    "F32, OUT_IN, , false",
    "F16, OUT_IN, F16, false",
    "F16, IN_OUT, F32, true",
    "BF16, IN_OUT, BF16, false",
    "BF16, OUT_IN, F32, true",
    "BF16, OUT_IN, , false"
  })
  void forwardAndBackwardAgreeWithTheHost(
      ElementType type, WeightLayout layout, ElementType biasType, boolean both) {
    try (FourierEngine cpu = cpu()) {
      Pair pair = pair(cpu, type, biasType, FourierLinearOptions.defaults().withLayout(layout));
      if (both) {
        pair.each(layer -> layer.setActiveAdapters(List.of("a", "b")));
      }
      HostMatrix x = LayerSamples.gaussian(type, TOKENS, IN, 5);
      HostMatrix g = LayerSamples.gaussian(type, TOKENS, OUT, 6);
      HostMatrix y = LayerSamples.zeros(type, TOKENS, OUT);
      HostMatrix gx = LayerSamples.zeros(type, TOKENS, IN);
      Map<String, HostMatrix> gradients =
          Map.of("a", LayerSamples.gaussian(1, N, 7), "b", LayerSamples.gaussian(1, N, 8));
      HostMatrix biasGradient = LayerSamples.gaussian(1, OUT, 9);
      DeviceBuffer deviceY = filled(type, TOKENS, OUT, Float.NaN);
      DeviceBuffer deviceGx = filled(type, TOKENS, IN, Float.NaN);
      Map<String, DeviceBuffer> deviceGradients =
          Map.of("a", upload(gradients.get("a")), "b", upload(gradients.get("b")));
      DeviceBuffer deviceBias = upload(biasGradient);
      try (LinearTape tape = pair.host().newTape(TOKENS);
          LinearTape deviceTape = pair.device().newTape(TOKENS)) {
        pair.host().forward(x, y, tape);
        pair.host().backward(tape, g, gx, gradients, biasType == null ? null : biasGradient);
        pair.device().forward(upload(x), deviceY, deviceTape);
        pair.device()
            .backward(
                deviceTape,
                upload(g),
                deviceGx,
                deviceGradients,
                biasType == null ? null : deviceBias);
      }
      assertClose(LayerSamples.floats(y), floats(deviceY), type);
      assertClose(LayerSamples.floats(gx), floats(deviceGx), type);
      assertClose(LayerSamples.floats(biasGradient), floats(deviceBias), ElementType.F32);
      for (String name : gradients.keySet()) {
        assertClose(
            LayerSamples.floats(gradients.get(name)),
            floats(deviceGradients.get(name)),
            ElementType.F32);
      }
    }
  }

  /** Small whole numbers have sums without rounding, so every rounding of 16 bits shows. */
  @ParameterizedTest
  @CsvSource({"F16, F16", "F16, F32", "BF16, BF16", "BF16, F32"})
  void roundingsComeInTheOrderOfTheHost(ElementType type, ElementType biasType) {
    assumeTrue(PlanRounding.slack(1) == 0, "a sum that is perturbed is not exact");
    try (FourierEngine cpu = cpu()) {
      HostMatrix weight = whole(LayerSamples.gaussian(type, OUT, IN, 1), 40);
      HostMatrix bias = LayerSamples.gaussian(biasType, 1, OUT, 2);
      HostMatrix x = whole(LayerSamples.gaussian(type, TOKENS, IN, 5), 40);
      HostMatrix y = LayerSamples.zeros(type, TOKENS, OUT);
      DeviceBuffer deviceY = filled(type, TOKENS, OUT, Float.NaN);
      FourierLinearOptions options = FourierLinearOptions.defaults();
      new FourierLinear(cpu, weight, whole(bias, 16), options).forward(x, y);
      FourierLinear device = new FourierLinear(engine, upload(weight), upload(bias), options);
      device.forward(upload(x), deviceY);
      assertArrayEquals(LayerSamples.floats(y), floats(deviceY));

      // And of base and adapters, where the adapter's part is far from where roundings change.
      HostMatrix g = whole(LayerSamples.gaussian(type, TOKENS, OUT, 6), 40);
      HostMatrix gx = LayerSamples.zeros(type, TOKENS, IN);
      DeviceBuffer deviceGx = filled(type, TOKENS, IN, Float.NaN);
      FourierLinear host = new FourierLinear(cpu, weight, bias, options);
      for (FourierLinear layer : List.of(host, device)) {
        layer.addAdapter(
            "mean",
            FourierAdapter.of(
                SpectralLocations.of(OUT, IN, new int[] {0}, new int[] {0}),
                new float[] {3.14159f},
                OUT * IN));
      }
      try (LinearTape tape = host.newTape(TOKENS);
          LinearTape deviceTape = device.newTape(TOKENS)) {
        host.forward(x, y, tape);
        host.backward(tape, g, gx, Map.of());
        device.forward(upload(x), deviceY, deviceTape);
        device.backward(deviceTape, upload(g), deviceGx, Map.of());
      }
      assertArrayEquals(LayerSamples.floats(y), floats(deviceY));
      assertArrayEquals(LayerSamples.floats(gx), floats(deviceGx));
    }
  }

  private static HostMatrix whole(HostMatrix matrix, float factor) {
    for (int r = 0; r < matrix.rows(); r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        matrix.set(r, c, Math.round(factor * matrix.get(r, c)));
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @CsvSource({"F32", "F16", "BF16"})
  void mixedBatchesAndEmptyOnesAgreeWithTheHost(ElementType type) {
    try (FourierEngine cpu = cpu()) {
      Pair pair = pair(cpu, type, type, FourierLinearOptions.defaults());
      List<String> names = Arrays.asList("b", null, "a", FourierLinear.BASE, "a", "b", "b");
      HostMatrix x = LayerSamples.gaussian(type, TOKENS, IN, 5);
      HostMatrix y = LayerSamples.zeros(type, TOKENS, OUT);
      DeviceBuffer deviceY = filled(type, TOKENS, OUT, Float.NaN);
      pair.host().forward(x, y, names);
      pair.device().forward(upload(x), deviceY, names);
      assertClose(LayerSamples.floats(y), floats(deviceY), type);

      DeviceBuffer none = engine.newBuffer(type, 0, IN);
      DeviceBuffer noOutput = engine.newBuffer(type, 0, OUT);
      DeviceBuffer sum = upload(LayerSamples.gaussian(1, OUT, 9));
      buffers.addAll(List.of(none, noOutput));
      try (LinearTape tape = pair.device().newTape(0)) {
        pair.device().forward(none, noOutput, tape);
        pair.device().backward(tape, noOutput, none, Map.of(), sum);
      }
      assertArrayEquals(LayerSamples.floats(LayerSamples.gaussian(1, OUT, 9)), floats(sum));
    }
  }

  /** Rows at a distance, as heads of one buffer have them; what stands between stays. */
  @ParameterizedTest
  @CsvSource({"F32", "BF16"})
  void stridedMatricesKeepWhatStandsBetweenTheirRows(ElementType type) {
    try (FourierEngine cpu = cpu()) {
      Pair pair = pair(cpu, type, ElementType.F32, FourierLinearOptions.defaults());
      HostMatrix memory = LayerSamples.gaussian(type, TOKENS, IN + OUT + 1, 5);
      DeviceBuffer device = upload(memory);
      final float[] before = floats(device);
      HostMatrix x = new HostMatrix(memory.data(), type, TOKENS, IN, memory.stride());
      HostMatrix y = LayerSamples.zeros(type, TOKENS, OUT);
      pair.host().forward(x, y);
      int size = type.sizeInBytes();
      CudaMatrix deviceX = engine.matrixAt(device.pointer(), type, TOKENS, IN, memory.stride());
      CudaMatrix deviceY =
          engine.matrixAt(device.pointer() + (long) IN * size, type, TOKENS, OUT, memory.stride());
      pair.device().forward(deviceX, deviceY);
      float[] after = floats(device);
      float[] found = new float[TOKENS * OUT];
      for (int t = 0; t < TOKENS; t++) {
        for (int c = 0; c < memory.cols(); c++) {
          int at = t * memory.cols() + c;
          if (c >= IN && c < IN + OUT) {
            found[t * OUT + c - IN] = after[at];
          } else {
            assertEquals(before[at], after[at]);
          }
        }
      }
      assertClose(LayerSamples.floats(y), found, type);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, OUT_IN, true", "BF16, IN_OUT, false", "F16, OUT_IN, true"})
  void mergesAgreeWithTheHostAndAreTakenOffAgain(
      ElementType type, WeightLayout layout, boolean keeps) {
    try (FourierEngine cpu = cpu()) {
      Pair pair =
          pair(
              cpu,
              type,
              null,
              FourierLinearOptions.defaults().withLayout(layout).withKeepsOriginalWeight(keeps));
      float[] given = floats(pair.device().weight());
      pair.each(layer -> layer.merge(true, List.of("a")));
      pair.each(layer -> layer.merge(false, List.of("b")));
      assertClose(LayerSamples.floats(pair.host().weight()), floats(pair.device().weight()), type);
      HostMatrix x = LayerSamples.gaussian(type, TOKENS, IN, 5);
      HostMatrix y = LayerSamples.zeros(type, TOKENS, OUT);
      DeviceBuffer deviceY = filled(type, TOKENS, OUT, Float.NaN);
      pair.host().forward(x, y);
      pair.device().forward(upload(x), deviceY);
      assertClose(LayerSamples.floats(y), floats(deviceY), type);
      pair.each(FourierLinear::unmerge);
      if (keeps) {
        assertArrayEquals(given, floats(pair.device().weight()));
      } else {
        assertClose(given, floats(pair.device().weight()), type);
      }
      try (DeviceMatrix.Owned merged =
          (DeviceMatrix.Owned) pair.device().mergedWeight(true, List.of("b"))) {
        assertClose(
            LayerSamples.floats(pair.host().mergedWeight(true, List.of("b"))),
            floats(merged),
            type);
      }
      pair.device().close();
      assertThrows(EngineClosedException.class, () -> pair.device().forward(upload(x), deviceY));
      assertThrows(EngineClosedException.class, () -> pair.device().merge(true));
    }
  }
}
