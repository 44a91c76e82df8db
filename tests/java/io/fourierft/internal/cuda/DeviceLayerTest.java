package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.AdapterPath;
import io.fourierft.DeviceMatrix;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.ShapeException;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import io.fourierft.layer.LinearTape;
import io.fourierft.layer.MergeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A layer whose weight and activations lie on the device, beside the same layer on the host. */
class DeviceLayerTest extends EmulatedEngineTest {
  private static final int OUT = 20;
  private static final int IN = 12;
  private static final int TOKENS = 7;
  private static final int N = 20;
  private static final int WEIGHT_BYTES = OUT * IN * Float.BYTES;

  private final List<DeviceBuffer> buffers = new ArrayList<>();

  @AfterEach
  void giveBack() {
    buffers.forEach(DeviceBuffer::close);
  }

  private DeviceBuffer upload(HostMatrix from) {
    DeviceBuffer buffer = engine.newBuffer(from.elementType(), from.rows(), from.cols());
    buffers.add(buffer);
    engine.upload(from, buffer);
    return buffer;
  }

  private DeviceBuffer filled(ElementType type, int rows, int cols, float value) {
    HostMatrix values = LayerSamples.zeros(type, rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        values.set(r, c, value);
      }
    }
    return upload(values);
  }

  private HostMatrix download(Matrix from) {
    HostMatrix to = LayerSamples.zeros(from.elementType(), from.rows(), from.cols());
    engine.download((CudaMatrix) from, to);
    return to;
  }

  private float[] floats(Matrix from) {
    return LayerSamples.floats(download(from));
  }

  private static void assertClose(float[] expected, float[] actual, ElementType type) {
    double tolerance =
        switch (type) {
          case F16 -> 1e-3;
          case BF16 -> 8e-3;
          case F32, F64 -> 2e-6;
        };
    double error = LayerSamples.error(actual, expected);
    assertTrue(error < tolerance, type + " is off by " + error);
  }

  /** Two layers with the same numbers, on the host and on the device. */
  private record Pair(FourierLinear host, FourierLinear device) {
    void each(java.util.function.Consumer<FourierLinear> change) {
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

  private static FourierEngine cpu() {
    return FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
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
            io.fourierft.FourierAdapter.of(
                io.fourierft.SpectralLocations.of(OUT, IN, new int[] {0}, new int[] {0}),
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

  @Test
  void aMergeThatIsRefusedLeavesNothingBehind() {
    HostMatrix weight = LayerSamples.gaussian(OUT, IN, 1);
    FourierLinear layer =
        new FourierLinear(engine, upload(weight), null, FourierLinearOptions.defaults());
    layer.addAdapter("good", LayerSamples.adapter(OUT, IN, N, 3));
    float[] broken = new float[N];
    broken[3] = Float.NaN;
    layer.addAdapter("broken", LayerSamples.adapter(OUT, IN, N, 4).withSpectrum(broken));
    layer.merge(true, List.of("good"));
    float[] before = floats(layer.weight());
    MergeException refusal =
        assertThrows(MergeException.class, () -> layer.merge(true, List.of("broken")));
    final long memory = emulator.live("memory_bytes");
    assertThrows(MergeException.class, () -> layer.merge(true, List.of("broken")));
    assertTrue(String.valueOf(refusal.getMessage()).contains("The adapter broken seems"));
    // Small tables of launches may be new, but no weight is.
    assertTrue(emulator.live("memory_bytes") < memory + WEIGHT_BYTES);
    assertArrayEquals(before, floats(layer.weight()));
    assertEquals(List.of("good"), layer.mergedAdapters());
    final long held = emulator.live("memory_bytes");
    layer.close();
    assertEquals(held - WEIGHT_BYTES, emulator.live("memory_bytes"));
    layer.close();
  }

  /** A tape keeps the weight that its forward pass used, whatever has become of the layer. */
  @Test
  void aBackwardPassFitsItsForwardPassAfterTheMergedWeightIsReplaced() {
    FourierLinear layer =
        new FourierLinear(
            engine,
            upload(LayerSamples.gaussian(OUT, IN, 1)),
            null,
            FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
    layer.merge(false);
    DeviceBuffer g = upload(LayerSamples.gaussian(TOKENS, OUT, 6));
    DeviceBuffer before = filled(ElementType.F32, TOKENS, IN, 0);
    DeviceBuffer after = filled(ElementType.F32, TOKENS, IN, 0);
    try (LinearTape tape = layer.newTape(TOKENS)) {
      layer.forward(
          upload(LayerSamples.gaussian(TOKENS, IN, 5)),
          filled(ElementType.F32, TOKENS, OUT, 0),
          tape);
      layer.backward(tape, g, before, Map.of());
      layer.unmerge();
      System.gc();
      layer.backward(tape, g, after, Map.of());
    }
    assertArrayEquals(floats(before), floats(after));
    layer.close();
  }

  /** Repeated merges give back the weights that they replace. */
  @Test
  void mergedWeightsThatNothingUsesAreGivenBack() throws InterruptedException {
    FourierLinear layer =
        new FourierLinear(
            engine,
            upload(LayerSamples.gaussian(OUT, IN, 1)),
            null,
            FourierLinearOptions.defaults().withKeepsOriginalWeight(true));
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
    layer.merge(false);
    layer.unmerge();
    long most = emulator.live("memory_bytes") + 5 * WEIGHT_BYTES;
    for (int i = 0; i < 20; i++) {
      layer.merge(false);
      layer.unmerge();
    }
    for (int i = 0; i < 100 && emulator.live("memory_bytes") >= most; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertTrue(emulator.live("memory_bytes") < most, "merged weights are kept");
    layer.close();
  }

  /** Replaced weights do not count where the device is nearly full. */
  @Test
  void mergesGoOnWhereOnlyReplacedWeightsFillTheDevice() {
    int side = 512;
    FourierLinear layer =
        new FourierLinear(
            engine,
            upload(LayerSamples.gaussian(side, side, 1)),
            null,
            FourierLinearOptions.defaults().withKeepsOriginalWeight(true));
    layer.addAdapter("a", LayerSamples.adapter(side, side, N, 3));
    layer.merge(false);
    layer.unmerge();
    emulator.setMemory(0, emulator.live("memory_bytes") + 3L * side * side * Float.BYTES);
    try {
      for (int i = 0; i < 12; i++) {
        layer.merge(false);
        layer.unmerge();
      }
      // What is used still counts, and what is refused changes nothing.
      layer.merge(false);
      emulator.setMemory(0, emulator.live("memory_bytes"));
      assertThrows(
          io.fourierft.cuda.CudaOutOfMemoryException.class,
          () -> layer.mergedWeight(false, List.of()));
      assertEquals(List.of("a"), layer.mergedAdapters());
    } finally {
      emulator.setMemory(0, 0);
      layer.close();
    }
  }

  @Test
  void aLayerOfAClosedEngineComputesNoMore() {
    FourierLinear layer =
        new FourierLinear(
            engine,
            upload(LayerSamples.gaussian(OUT, IN, 1)),
            null,
            FourierLinearOptions.defaults());
    DeviceBuffer x = upload(LayerSamples.gaussian(1, IN, 5));
    DeviceBuffer y = filled(ElementType.F32, 1, OUT, 0);
    layer.forward(x, y);
    engine.close();
    assertThrows(EngineClosedException.class, () -> layer.forward(x, y));
    assertThrows(EngineClosedException.class, () -> layer.newTape(1));
    assertThrows(EngineClosedException.class, () -> layer.on(engine));
  }

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
      java.util.function.Consumer<FourierLinear> pass =
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

  private void refuses(
      Class<? extends FourierException> type,
      String words,
      org.junit.jupiter.api.function.Executable call) {
    String message = String.valueOf(assertThrows(type, call).getMessage());
    assertTrue(message.contains(words), message);
  }

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
