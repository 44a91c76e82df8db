package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.fourierft.AdapterPath;
import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LinearTape;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * That a call allocates not one byte once its memory is there, by the allocation counter of the
 * calling thread. The plain kernels do not even before they are compiled; in the SIMD kernels every
 * vector is an object until then, so that calls are repeated until none is.
 *
 * <p>What is made by contract is not in here: results that are new objects (a report, a tape, a
 * ΔW), the routing of a layer's pass that names an adapter for each sample, and that of a backward
 * pass that trains only some of its adapters.
 */
@Tag("own-process")
final class SteadyStateAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int TOKENS = 16;
  private static final int N = 60;
  private static final int CALLS = 20;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final SequencedMap<String, Runnable> calls = new LinkedHashMap<>();

  /** Keeps an array from being left out. */
  private float[] made = {};

  /** Lengths that JTransforms transforms in place. */
  @ParameterizedTest
  @CsvSource({"jtransforms, 1", "jtransforms, 2", "simd, 1", "simd, 2"})
  void aCallAllocatesNothing(String kernels, int threads) {
    try (FourierEngine engine = open(kernels, threads);
        TokenSpectrum keptX = engine.newTokenSpectrum(TOKENS, 64);
        TokenSpectrum keptG = engine.newTokenSpectrum(TOKENS, 128)) {
      addDense(engine, 128, 64);
      addDense(engine, 512, 256);
      addOperator(engine, 128, 64, keptX, keptG);
      addProducts(engine, 128, 64, threads);
      try (Layers layers = new Layers(engine, 128, 64, threads)) {
        layers.add();
        requireNothing();
      }
    }
  }

  /** Lengths with odd factors, and primes, which the SIMD kernels transform in place as well. */
  @ParameterizedTest
  @CsvSource({"96, 80", "257, 63"})
  void oddLengthsAllocateNothingWithVectors(int rows, int cols) {
    try (FourierEngine engine = open("simd", 1);
        TokenSpectrum keptX = engine.newTokenSpectrum(TOKENS, cols);
        TokenSpectrum keptG = engine.newTokenSpectrum(TOKENS, rows)) {
      addDense(engine, rows, cols);
      addOperator(engine, rows, cols, keptX, keptG);
      addProducts(engine, rows, cols, 1);
      requireNothing();
    }
  }

  /** Rows and blocks of tokens are transformed by own code, few tokens by JTransforms. */
  @Test
  void oddLengthsAllocateWhatJTransformsDoes() {
    int rows = 96;
    int cols = 80;
    AdapterRouting routing = AdapterRouting.all(adapter(rows, cols, 1));
    HostMatrix x = matrix(1, cols);
    HostMatrix y = matrix(1, rows);
    try (FourierEngine engine = open("jtransforms", 1)) {
      List<FourierAdapter> adapters = List.of(adapter(rows, cols, 1));
      List<HostMatrix> outs = List.of(matrix(rows, cols));
      calls.put("ΔW", () -> engine.deltaWeights(adapters, outs));
      HostMatrix tokens = matrix(TOKENS, cols);
      HostMatrix results = matrix(TOKENS, rows);
      calls.put("tokens", () -> engine.apply(routing, tokens, results));
      requireNothing();
      // One scratch array of the length for a transform of a length that is no power of two.
      long arrays = bytes(() -> made = new float[cols]) + bytes(() -> made = new float[rows]);
      assertEquals(arrays, bytes(() -> engine.apply(routing, x, y)));
    }
  }

  private void addDense(FourierEngine engine, int rows, int cols) {
    FourierAdapter adapter = adapter(rows, cols, 1);
    List<FourierAdapter> adapters = List.of(adapter);
    List<HostMatrix> outs = List.of(matrix(rows, cols));
    HostMatrix weight = matrix(rows, cols);
    HostMatrix transposed = matrix(cols, rows);
    String shape = " " + rows + " x " + cols;
    for (DensePath path : DensePath.values()) {
      calls.put("ΔW " + path + shape, () -> engine.deltaWeights(adapters, outs, path));
    }
    calls.put(
        "merge" + shape, () -> engine.addDelta(adapter, weight, WeightLayout.OUT_IN, Addition.ADD));
    calls.put(
        "merge transposed" + shape,
        () -> engine.addDelta(adapter, transposed, WeightLayout.IN_OUT, Addition.SUBTRACT));
    HostMatrix gradient = matrix(1, N);
    calls.put(
        "gradient of ΔW" + shape,
        () -> engine.spectrumGradientFromDelta(adapter, weight, gradient));
  }

  private void addOperator(
      FourierEngine engine, int rows, int cols, TokenSpectrum keptX, TokenSpectrum keptG) {
    AdapterRouting one = AdapterRouting.all(adapter(rows, cols, 1));
    AdapterRouting sum = AdapterRouting.all(adapter(rows, cols, 1), adapter(rows, cols, 2));
    List<HostMatrix> gradient = List.of(matrix(1, N));
    List<HostMatrix> gradients = List.of(matrix(1, N), matrix(1, N));
    HostMatrix x = matrix(TOKENS, cols);
    HostMatrix y = matrix(TOKENS, rows);
    HostMatrix g = matrix(TOKENS, rows);
    HostMatrix gx = matrix(TOKENS, cols);
    HostMatrix single = matrix(1, cols);
    HostMatrix result = matrix(1, rows);
    calls.put("operator", () -> engine.apply(one, x, y));
    calls.put("operator, one token", () -> engine.apply(one, single, result));
    calls.put("operator, two adapters", () -> engine.apply(sum, x, y));
    calls.put("transposed", () -> engine.applyTransposed(one, g, gx));
    for (int places : new int[] {1, 2}) {
      int[] choice = new int[TOKENS];
      for (int t = 0; t < TOKENS; t++) {
        choice[t] = t % 3 - 1;
      }
      AdapterRouting mixed =
          AdapterRouting.perToken(
              List.of(adapter(rows, cols, 1), adapter(rows, cols, places)), choice);
      calls.put("mixed, places " + places, () -> engine.apply(mixed, x, y));
      calls.put(
          "gradients of a mixed batch, places " + places,
          () -> engine.spectrumGradient(mixed, x, g, gradients));
    }
    calls.put("gradient", () -> engine.spectrumGradient(one, x, g, gradient));
    calls.put("backward", () -> engine.backward(one, x, g, gx, gradient));
    calls.put("backward, two adapters", () -> engine.backward(sum, x, g, gx, gradients));
    calls.put("transform", () -> engine.transform(x, keptX));
    engine.transform(g, keptG);
    engine.transform(x, keptX);
    calls.put("operator on what is kept", () -> engine.apply(one, keptX, y));
    calls.put("transposed on what is kept", () -> engine.applyTransposed(one, keptG, gx));
    calls.put(
        "gradient of what is kept", () -> engine.spectrumGradient(one, keptX, keptG, gradient));
    calls.put("backward on what is kept", () -> engine.backward(one, keptX, keptG, gx, gradient));
  }

  private void addProducts(FourierEngine engine, int rows, int cols, int threads) {
    DenseProduct product = engine.denseProduct(threads);
    HostMatrix w = matrix(rows, cols);
    for (int tokens : new int[] {1, 2, TOKENS, 40}) {
      HostMatrix x = matrix(tokens, cols);
      HostMatrix y = matrix(tokens, rows);
      calls.put("product of " + tokens, () -> product.addTimesTransposed(x, w, y));
      calls.put("product back of " + tokens, () -> product.addTimes(y, w, x));
    }
  }

  /** Passes of layers of all element types, by both paths. */
  private final class Layers implements AutoCloseable {
    private final FourierEngine engine;
    private final int rows;
    private final int cols;
    private final int threads;
    private final List<LinearTape> tapes = new ArrayList<>();

    Layers(FourierEngine engine, int rows, int cols, int threads) {
      this.engine = engine;
      this.rows = rows;
      this.cols = cols;
      this.threads = threads;
    }

    void add() {
      for (ElementType type : ElementType.values()) {
        for (AdapterPath path : AdapterPath.values()) {
          FourierLinearOptions options =
              FourierLinearOptions.defaults().withThreads(threads).withPath(path);
          add(path.toString(), type, options);
        }
      }
      add(
          "cached",
          ElementType.F32,
          FourierLinearOptions.defaults()
              .withThreads(threads)
              .withPath(AdapterPath.DENSE)
              .withDeltaCacheBytes(1 << 20));
    }

    private void add(String name, ElementType type, FourierLinearOptions options) {
      FourierLinear layer =
          new FourierLinear(engine, matrix(type, rows, cols), matrix(type, 1, rows), options);
      layer.addAdapter("a", adapter(rows, cols, 1));
      layer.addAdapter("b", adapter(rows, cols, 2));
      HostMatrix x = matrix(type, TOKENS, cols);
      HostMatrix y = matrix(type, TOKENS, rows);
      HostMatrix single = matrix(type, 1, cols);
      HostMatrix result = matrix(type, 1, rows);
      HostMatrix g = matrix(type, TOKENS, rows);
      HostMatrix gx = matrix(type, TOKENS, cols);
      HostMatrix ofBias = matrix(1, rows);
      Map<String, HostMatrix> gradients = Map.of("a", matrix(1, N));
      LinearTape tape = layer.newTape(TOKENS);
      tapes.add(tape);
      layer.forward(x, y, tape);
      String what = " of a layer, " + type + ", " + name;
      calls.put("forward" + what, () -> layer.forward(x, y));
      calls.put("forward of one token" + what, () -> layer.forward(single, result));
      calls.put("forward with a tape" + what, () -> layer.forward(x, y, tape));
      calls.put("backward" + what, () -> layer.backward(tape, g, gx, gradients, ofBias));
      calls.put("backward, frozen" + what, () -> layer.backward(tape, g, gx, Map.of()));
      calls.put("gradients alone" + what, () -> layer.backward(tape, g, null, gradients));
    }

    @Override
    public void close() {
      tapes.forEach(LinearTape::close);
    }
  }

  /** Makes all calls until each has allocated nothing for a while. */
  private void requireNothing() {
    long end = System.nanoTime() + PATIENCE.toNanos();
    Map<String, Long> bytes = new LinkedHashMap<>();
    do {
      bytes.clear();
      for (String name : List.copyOf(calls.keySet())) {
        long allocated = bytes(calls.get(name));
        if (allocated == 0) {
          calls.remove(name);
        } else {
          bytes.put(name, allocated);
        }
      }
    } while (!bytes.isEmpty() && System.nanoTime() < end);
    assertEquals(Map.of(), bytes, "bytes of " + CALLS + " calls");
  }

  /** Bytes that this thread allocates in some calls, a first one apart. */
  private static long bytes(Runnable call) {
    call.run();
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  private static FourierEngine open(String kernels, int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels(kernels));
  }

  private static FourierAdapter adapter(int rows, int cols, int seed) {
    return FourierAdapter.of(SpectralLocations.of(rows, cols, N, seed), new float[N], 1);
  }

  private static HostMatrix matrix(int rows, int cols) {
    return Matrix.of(new float[rows * cols], rows, cols);
  }

  private static HostMatrix matrix(ElementType type, int rows, int cols) {
    byte[] memory = new byte[rows * cols * type.sizeInBytes()];
    return Matrix.of(MemorySegment.ofArray(memory), type, rows, cols);
  }
}
