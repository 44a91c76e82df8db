package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.EngineOptions;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.cuda.AdamW;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.TrainableSpectra;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the CUDA engine has beyond every engine, on the emulated driver. */
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
class CudaEngineTest {
  private static final int ROWS = 22;
  private static final int COLS = 18;

  private EmulatedCuda emulator;
  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    engine.close();
    engine.close();
    emulator.assertNothingLeft();
  }

  private static FourierAdapter adapter(int rows, int cols, int n, int seed) {
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, seed), floats(n, seed), 40);
  }

  private static float[] floats(int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private DeviceBuffer onDevice(float[] values, int rows, int cols) {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, rows, cols);
    engine.upload(Matrix.of(values, rows, cols), buffer);
    return buffer;
  }

  private float[] toHost(CudaMatrix matrix) {
    float[] values = new float[matrix.rows() * matrix.cols()];
    engine.download(matrix, Matrix.of(values, matrix.rows(), matrix.cols()));
    return values;
  }

  @ParameterizedTest
  @EnumSource(DensePath.class)
  void deviceMemoryGetsWhatHostMemoryGets(DensePath path) {
    List<FourierAdapter> adapters =
        List.of(adapter(ROWS, COLS, 30, 1), adapter(COLS, ROWS, 9, 2), adapter(ROWS, COLS, 7, 3));
    List<HostMatrix> host = new ArrayList<>();
    for (FourierAdapter adapter : adapters) {
      host.add(Matrix.of(new float[ROWS * COLS], adapter.rows(), adapter.cols()));
    }
    engine.deltaWeights(adapters, host, path);
    try (DeviceBuffer first = engine.newBuffer(ElementType.F32, ROWS, COLS);
        DeviceBuffer second = engine.newBuffer(ElementType.F32, COLS, ROWS)) {
      float[] third = new float[ROWS * COLS];
      engine.deltaWeights(adapters, List.of(first, second, Matrix.of(third, ROWS, COLS)), path);
      assertArrayEquals(floatsOf(host.get(0)), toHost(first));
      assertArrayEquals(floatsOf(host.get(1)), toHost(second));
      assertArrayEquals(floatsOf(host.get(2)), third);
    }
  }

  private static float[] floatsOf(HostMatrix matrix) {
    float[] values = new float[matrix.rows() * matrix.cols()];
    for (int i = 0; i < values.length; i++) {
      values[i] = matrix.get(i / matrix.cols(), i % matrix.cols());
    }
    return values;
  }

  @Test
  void manySmallChunksGiveWhatOneGives() {
    List<FourierAdapter> adapters = new ArrayList<>();
    List<HostMatrix> whole = new ArrayList<>();
    List<HostMatrix> cut = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      adapters.add(adapter(ROWS, COLS, 30, i));
      whole.add(Matrix.of(new float[ROWS * COLS], ROWS, COLS));
      cut.add(Matrix.of(new float[ROWS * COLS], ROWS, COLS));
    }
    int tokens = 40;
    AdapterRouting routing =
        AdapterRouting.perToken(
            adapters, new Random(3).ints(tokens, -1, adapters.size()).toArray());
    float[] x = floats(tokens * COLS, 4);
    float[] g = floats(tokens * ROWS, 5);
    float[] y = new float[tokens * ROWS];
    engine.deltaWeights(adapters, whole, DensePath.FOLDED);
    engine.apply(routing, Matrix.of(x, tokens, COLS), Matrix.of(y, tokens, ROWS));
    float[] gradient = gradient(engine, routing, x, g, tokens);
    System.setProperty(MemoryBudget.PROPERTY, "12K");
    try (CudaFourierEngine small = EmulatedCuda.open(0)) {
      emulator.resetCalls();
      small.deltaWeights(adapters, cut, DensePath.FOLDED);
      assertTrue(emulator.calls("exec") > 2, "the batch was not cut");
      for (int i = 0; i < adapters.size(); i++) {
        assertArrayEquals(floatsOf(whole.get(i)), floatsOf(cut.get(i)));
      }
      float[] pieces = new float[tokens * ROWS];
      small.apply(routing, Matrix.of(x, tokens, COLS), Matrix.of(pieces, tokens, ROWS));
      assertArrayEquals(y, pieces);
      assertArrayEquals(gradient, gradient(small, routing, x, g, tokens), 1e-4f);
      try (TokenSpectrum kept = small.newTokenSpectrum(tokens, COLS)) {
        float[] again = new float[tokens * ROWS];
        small.transform(Matrix.of(x, tokens, COLS), kept);
        small.apply(routing, kept, Matrix.of(again, tokens, ROWS));
        assertArrayEquals(y, again);
      }
    } finally {
      System.clearProperty(MemoryBudget.PROPERTY);
    }
  }

  private static float[] gradient(
      FourierEngine engine, AdapterRouting routing, float[] x, float[] g, int tokens) {
    int n = 30;
    float[] all = new float[routing.adapters().size() * n];
    List<Matrix> each = new ArrayList<>();
    for (int i = 0; i < routing.adapters().size(); i++) {
      each.add(Matrix.of(all, i * n, 1, n, n));
    }
    engine.spectrumGradient(routing, Matrix.of(x, tokens, COLS), Matrix.of(g, tokens, ROWS), each);
    return all;
  }

  @Test
  void aBatchThatDoesNotFitIsHalvedUntilItDoes() {
    List<FourierAdapter> adapters = new ArrayList<>();
    List<HostMatrix> out = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      adapters.add(adapter(64, 64, 50, i));
      out.add(Matrix.of(new float[64 * 64], 64, 64));
    }
    emulator.setMemory(0, 400_000);
    try {
      engine.deltaWeights(adapters, out, DensePath.REFERENCE);
    } finally {
      emulator.setMemory(0, 0);
    }
    for (int i = 0; i < 32; i++) {
      assertArrayEquals(floatsOf(engine.deltaWeight(adapters.get(i))), floatsOf(out.get(i)), 1e-5f);
    }
  }

  @Test
  void anEmptyBatchAndNoTokensDoNothing() {
    engine.deltaWeights(List.of(), List.of());
    AdapterRouting routing = AdapterRouting.all(adapter(ROWS, COLS, 5, 1));
    engine.apply(routing, Matrix.of(new float[0], 0, COLS), Matrix.of(new float[0], 0, ROWS));
    try (DeviceBuffer none = engine.newBuffer(ElementType.F32, 0, COLS);
        TokenSpectrum kept = engine.newTokenSpectrum(0, COLS)) {
      engine.transform(none, kept);
      assertEquals(0, kept.tokens());
      engine.zero(none);
    }
  }

  @Test
  void aClosedBufferIsRefusedAndSoIsOneOfAnotherEngine() {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, ROWS, COLS);
    CudaMatrix part = buffer.slice(1, 2);
    assertEquals(buffer.pointer() + 4L * COLS, part.pointer());
    buffer.close();
    buffer.close();
    assertThrows(EngineClosedException.class, buffer::pointer);
    assertThrows(EngineClosedException.class, part::pointer);
    FourierAdapter adapter = adapter(ROWS, COLS, 5, 1);
    assertThrows(
        EngineClosedException.class, () -> engine.deltaWeights(List.of(adapter), List.of(buffer)));
    try (CudaFourierEngine other = EmulatedCuda.open(1);
        DeviceBuffer elsewhere = other.newBuffer(ElementType.F32, ROWS, COLS)) {
      ShapeException refusal =
          assertThrows(
              ShapeException.class,
              () -> engine.deltaWeights(List.of(adapter), List.of(elsewhere)));
      assertTrue(
          String.valueOf(refusal.getMessage()).contains("another engine, on cuda:1"),
          refusal.getMessage());
      FourierException pointer =
          assertThrows(
              FourierException.class,
              () -> engine.matrixAt(elsewhere.pointer(), ElementType.F32, 1, 1, 1));
      assertTrue(String.valueOf(pointer.getMessage()).contains("another context"));
      CudaStream stream = other.newStream();
      assertThrows(FourierException.class, () -> engine.on(stream));
      assertThrows(FourierException.class, () -> engine.streamAt(stream.handle()));
      stream.close();
    }
  }

  @Test
  void whatAClosedEngineOwnedIsRefused() {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, ROWS, COLS);
    TokenSpectrum kept = engine.newTokenSpectrum(3, COLS);
    TrainableSpectra spectra = engine.newTrainableSpectra(List.of(adapter(ROWS, COLS, 5, 1)));
    engine.close();
    assertThrows(EngineClosedException.class, buffer::pointer);
    assertThrows(EngineClosedException.class, () -> engine.newBuffer(ElementType.F32, 1, 1));
    assertThrows(EngineClosedException.class, () -> spectra.gradient(0));
    assertThrows(
        EngineClosedException.class, () -> engine.transform(Matrix.of(new float[9], 1, 9), kept));
    buffer.close();
    kept.close();
    spectra.close();
  }

  @Test
  void memoryOfAnotherUserIsComputedOnInPlaceAndStridesAreKept() {
    try (DeviceBuffer memory = onDevice(new float[ROWS * (COLS + 6)], ROWS, COLS + 6)) {
      CudaMatrix inner =
          engine.matrixAt(memory.pointer() + 8, ElementType.F32, ROWS, COLS, COLS + 6);
      FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
      engine.deltaWeights(List.of(adapter), List.of(inner));
      float[] expected = floatsOf(engine.deltaWeight(adapter));
      assertArrayEquals(expected, toHost(inner));
      float[] all = toHost(memory);
      for (int row = 0; row < ROWS; row++) {
        for (int col : new int[] {0, 1, COLS + 2, COLS + 5}) {
          assertEquals(0f, all[row * (COLS + 6) + col]);
        }
      }
      engine.zero(inner);
      engine.upload(Matrix.of(expected, ROWS, COLS), inner);
      assertArrayEquals(expected, toHost(inner));
      assertThrows(
          ShapeException.class,
          () -> engine.matrixAt(memory.pointer() + 2, ElementType.F32, 1, 1, 1));
      assertThrows(
          ShapeException.class,
          () ->
              engine.apply(
                  AdapterRouting.all(adapter),
                  memory.slice(0, 1).cols() == COLS ? memory : inner,
                  engine.matrixAt(memory.pointer(), ElementType.F32, ROWS, ROWS, ROWS)));
    }
  }

  @Test
  @SuppressWarnings("try") // Closing early, or again, is what is tested.
  void everyStreamGetsTheSameAnswer() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    float[] expected = floatsOf(engine.deltaWeight(adapter));
    try (CudaStream own = engine.newStream();
        CudaStream borrowed = engine.streamAt(own.handle());
        CudaStream nullStream = engine.streamAt(0)) {
      for (CudaStream stream : List.of(own, borrowed, nullStream)) {
        assertArrayEquals(expected, floatsOf(engine.on(stream).deltaWeight(adapter)));
        stream.synchronize();
      }
      CudaFourierEngine view = engine.on(own);
      view.close();
      assertArrayEquals(expected, floatsOf(view.deltaWeight(adapter)));
      borrowed.close();
      assertThrows(EngineClosedException.class, () -> engine.on(borrowed).deltaWeight(adapter));
    }
  }

  @Test
  void slowStreamsWaitForTheTablesOfOneAnotherAndPinnedMemoryIsNotReusedTooSoon() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    float[] expected = floatsOf(engine.deltaWeight(adapter));
    emulator.setDelay(300);
    try (CudaStream one = engine.newStream();
        CudaStream two = engine.newStream();
        DeviceBuffer first = engine.newBuffer(ElementType.F32, ROWS, COLS);
        DeviceBuffer second = engine.newBuffer(ElementType.F32, ROWS, COLS)) {
      FourierAdapter fresh = adapter.withSpectrum(adapter.spectrum());
      engine.on(one).deltaWeights(List.of(fresh), List.of(first));
      engine.on(two).deltaWeights(List.of(fresh), List.of(second));
      for (int i = 0; i < 9; i++) {
        float[] other = new float[ROWS * COLS];
        Arrays.fill(other, i);
        engine.on(one).upload(Matrix.of(other, ROWS, COLS), first);
        Arrays.fill(other, -1);
      }
      float[] last = new float[ROWS * COLS];
      engine.on(one).download(first, Matrix.of(last, ROWS, COLS));
      float[] eights = new float[ROWS * COLS];
      Arrays.fill(eights, 8);
      assertArrayEquals(eights, last);
      engine.on(two).download(second, Matrix.of(last, ROWS, COLS));
      assertArrayEquals(expected, last);
    } finally {
      emulator.setDelay(0);
    }
  }

  @Test
  void enginesOnTwoDevicesWorkAtOnce() throws InterruptedException {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    float[] expected = floatsOf(engine.deltaWeight(adapter));
    try (CudaFourierEngine other = EmulatedCuda.open(1)) {
      assertEquals("cuda:1", other.name());
      List<Throwable> failures = new CopyOnWriteArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        CudaFourierEngine mine = i % 2 == 0 ? engine : other;
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        for (int j = 0; j < 20; j++) {
                          assertArrayEquals(expected, floatsOf(mine.deltaWeight(adapter)));
                        }
                      } catch (Throwable e) {
                        failures.add(e);
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), failures);
    }
  }

  @Test
  void aStepOnTheDeviceDoesNotWaitForTheDevice() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    AdapterRouting routing = AdapterRouting.all(adapter);
    try (DeviceBuffer x = onDevice(floats(4 * COLS, 1), 4, COLS);
        DeviceBuffer y = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient = onDevice(new float[25], 1, 25)) {
      step(engine, routing, x, y, gradient);
      engine.synchronize();
      emulator.resetCalls();
      step(engine, routing, x, y, gradient);
      assertEquals(0, emulator.calls("sync"));
      assertEquals(0, emulator.calls("alloc"));
      assertEquals(0, emulator.calls("copy"));
    }
  }

  private static void step(
      CudaFourierEngine on,
      AdapterRouting routing,
      CudaMatrix x,
      CudaMatrix y,
      CudaMatrix gradient) {
    on.apply(routing, x, y);
    on.spectrumGradient(routing, x, y, List.of(gradient));
    on.applyTransposed(routing, y, x);
  }

  @Test
  void aRecordedStepDoesWhatTheStepDoes() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    AdapterRouting routing = AdapterRouting.all(adapter);
    float[] start = floats(4 * COLS, 1);
    try (DeviceBuffer x = onDevice(start, 4, COLS);
        DeviceBuffer y = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient = onDevice(new float[25], 1, 25);
        DeviceBuffer x2 = onDevice(start, 4, COLS);
        DeviceBuffer y2 = onDevice(new float[4 * ROWS], 4, ROWS);
        DeviceBuffer gradient2 = onDevice(new float[25], 1, 25)) {
      for (int i = 0; i < 4; i++) {
        step(engine, routing, x, y, gradient);
      }
      try (CudaGraph graph = engine.record(on -> step(on, routing, x2, y2, gradient2))) {
        emulator.resetCalls();
        for (int i = 0; i < 3; i++) {
          graph.launch();
        }
        assertEquals(0, emulator.calls("launch"));
        assertEquals(0, emulator.calls("sync"));
      }
      assertArrayEquals(toHost(x), toHost(x2));
      assertArrayEquals(toHost(y), toHost(y2));
      assertArrayEquals(toHost(gradient), toHost(gradient2));
    }
  }

  @Test
  void hostMemoryInARecordingIsRefusedAndTheEngineGoesOn() {
    FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
    FourierException refusal =
        assertThrows(FourierException.class, () -> engine.record(on -> on.deltaWeight(adapter)));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("host memory cannot take part"),
        refusal.getMessage());
    engine.deltaWeight(adapter);
  }

  @Test
  void spectraAreTrainedOnTheDeviceAsAdamWSays() {
    List<FourierAdapter> initial = List.of(adapter(ROWS, COLS, 25, 8), adapter(ROWS, COLS, 300, 9));
    AdamW parameters = new AdamW(0.05f, 0.9f, 0.99f, 1e-6f, 0.1f, 2f);
    try (TrainableSpectra spectra = engine.newTrainableSpectra(initial)) {
      double[][] value = new double[2][];
      double[][] first = new double[2][];
      double[][] second = new double[2][];
      for (int a = 0; a < 2; a++) {
        int n = initial.get(a).nFrequency();
        value[a] = new double[n];
        first[a] = new double[n];
        second[a] = new double[n];
        for (int k = 0; k < n; k++) {
          value[a][k] = initial.get(a).coefficient(k);
        }
      }
      for (int t = 1; t <= 4; t++) {
        float[][] gradient = {floats(25, 10 * t), floats(300, 10 * t + 1)};
        for (int a = 0; a < 2; a++) {
          engine.upload(Matrix.of(gradient[a], 1, gradient[a].length), spectra.gradient(a));
        }
        spectra.step(parameters);
        reference(parameters, t, gradient, value, first, second);
      }
      assertEquals(4, spectra.steps());
      for (int a = 0; a < 2; a++) {
        FourierAdapter trained = spectra.snapshot(a);
        for (int k = 0; k < value[a].length; k++) {
          assertEquals(value[a][k], trained.coefficient(k), 2e-5, "adapter " + a + ", " + k);
        }
        // The engine computes with the trained coefficients where the stand-in occurs.
        assertArrayEquals(
            floatsOf(engine.deltaWeight(trained)),
            floatsOf(engine.deltaWeight(spectra.adapters().get(a))),
            1e-5f);
      }
      spectra.zeroGradients();
      assertArrayEquals(new float[25], toHost(spectra.gradient(0)));
    }
  }

  /** torch.optim.AdamW after torch.nn.utils.clip_grad_norm_, in double. */
  private static void reference(
      AdamW with,
      int t,
      float[][] gradient,
      double[][] value,
      double[][] first,
      double[][] second) {
    double squares = 0;
    for (float[] each : gradient) {
      for (float g : each) {
        squares += (double) g * g;
      }
    }
    double clip = Math.min(1, with.maxNorm() / (Math.sqrt(squares) + 1e-6));
    for (int a = 0; a < value.length; a++) {
      for (int k = 0; k < value[a].length; k++) {
        double g = gradient[a][k] * clip;
        value[a][k] *= 1 - with.learningRate() * with.weightDecay();
        first[a][k] = with.beta1() * first[a][k] + (1 - with.beta1()) * g;
        second[a][k] = with.beta2() * second[a][k] + (1 - with.beta2()) * g * g;
        double firstHat = first[a][k] / (1 - Math.pow(with.beta1(), t));
        double secondHat = second[a][k] / (1 - Math.pow(with.beta2(), t));
        value[a][k] -= with.learningRate() * firstHat / (Math.sqrt(secondHat) + with.epsilon());
      }
    }
  }

  @Test
  void aRecordedTrainingStepCanBeLaunchedWithNewParameters() {
    FourierAdapter initial = adapter(ROWS, COLS, 25, 8);
    try (TrainableSpectra recorded = engine.newTrainableSpectra(List.of(initial));
        TrainableSpectra plain = engine.newTrainableSpectra(List.of(initial))) {
      float[] gradient = floats(25, 3);
      engine.upload(Matrix.of(gradient, 1, 25), recorded.gradient(0));
      engine.upload(Matrix.of(gradient, 1, 25), plain.gradient(0));
      recorded.prepareStep(AdamW.of(0.1f));
      try (CudaGraph graph = engine.record(on -> recorded.on(on).applyStep())) {
        for (int t = 2; t <= 3; t++) {
          recorded.prepareStep(AdamW.of(0.1f / t));
          graph.launch();
        }
      }
      for (int t = 1; t <= 3; t++) {
        plain.step(AdamW.of(0.1f / t));
      }
      assertArrayEquals(plain.snapshot(0).spectrum(), recorded.snapshot(0).spectrum());
    }
  }

  @Test
  void aLeakedBufferIsReclaimed() throws InterruptedException {
    engine.synchronize();
    long before = emulator.live("memory");
    leak();
    for (int i = 0; i < 200 && emulator.live("memory") > before; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(before, emulator.live("memory"));
  }

  private void leak() {
    assertTrue(engine.newBuffer(ElementType.F32, 3, 3).pointer() != 0);
  }

  @Test
  void manyAdaptersAreKeptWithinTheBudgetAndStillRight() {
    try (EvictingHome home = new EvictingHome(engine)) {
      FourierAdapter adapter = adapter(ROWS, COLS, 25, 8);
      float[] expected = floatsOf(engine.deltaWeight(adapter));
      for (int i = 0; i < 5; i++) {
        engine.deltaWeight(adapter(ROWS, COLS, 25, 20 + i));
        home.trim();
        assertArrayEquals(expected, floatsOf(engine.deltaWeight(adapter)));
      }
      home.trim();
      assertEquals(0, home.bytes());
    }
  }

  /** Reaches the cache of an engine. */
  private record EvictingHome(CudaFourierEngine engine) implements AutoCloseable {
    private ResidentAdapters adapters() {
      return ((CudaEngine) engine).core().adapters();
    }

    void trim() {
      adapters().trim();
    }

    long bytes() {
      return adapters().bytes();
    }

    @Override
    public void close() {
      trim();
    }
  }

  @Test
  void aDeviceThatIsNotThereIsSaidNotToBeThere() {
    EngineUnavailableException refusal =
        assertThrows(
            EngineUnavailableException.class,
            () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda:7")));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("device 7 was asked for, and 2 can be seen"), message);
    assertTrue(message.contains("cuda:0 to cuda:1"), message);
  }

  @Test
  void theDriverIsComparedWithWhatIsNeeded() {
    try {
      emulator.environment("EMULATED_CUDA_VERSION", "11020");
      String message = refusal();
      assertTrue(message.contains("knows CUDA 11.2"), message);
      assertTrue(message.contains("install a driver of CUDA 11.4 or later"), message);
      emulator.environment("EMULATED_CUDA_VERSION", "12060");
      message = refusal();
      assertTrue(
          message.contains("it belongs to CUDA 13, but the driver knows only CUDA 12.6"), message);
    } finally {
      emulator.environment("EMULATED_CUDA_VERSION", null);
    }
  }

  private static String refusal() {
    return String.valueOf(
        assertThrows(
                EngineUnavailableException.class,
                () -> FourierEngine.create(EngineOptions.defaults().withDevice("cuda")))
            .getMessage());
  }

  @Test
  void missingKernelsAndUnreadableOnesAreTold() {
    String kernels = System.getProperty(KernelImage.PROPERTY);
    try {
      System.setProperty(KernelImage.PROPERTY, "/nowhere/fourierft.fatbin");
      String message = refusal();
      assertTrue(message.contains("the kernel image cannot be read"), message);
    } finally {
      System.setProperty(KernelImage.PROPERTY, kernels);
    }
  }

  @Test
  void aGpuWithoutCodeIsToldFromTheFactsBesideTheKernels(@TempDir Path folder) throws IOException {
    String kernels = System.getProperty(KernelImage.PROPERTY);
    Path image = folder.resolve("fourierft.fatbin");
    Files.copy(Path.of(kernels), image);
    Files.writeString(
        folder.resolve("fourierft.properties"), "toolkit=13.0\narchitectures=75;80;90\nptx=75\n");
    try {
      System.setProperty(KernelImage.PROPERTY, image.toString());
      EmulatedCuda.open(0).close();
      emulator.environment("EMULATED_CUDA_CAPABILITY", "7.0");
      String message = refusal();
      assertTrue(message.contains("it has code for [75, 80, 90], none for Emulated"), message);
    } finally {
      emulator.environment("EMULATED_CUDA_CAPABILITY", null);
      System.setProperty(KernelImage.PROPERTY, kernels);
    }
  }

  @Test
  void aMatrixBeyondIntsIsRefusedForWantOfMemoryAlone() {
    FourierAdapter huge =
        FourierAdapter.of(
            SpectralLocations.at(66_000, 66_000, new int[] {1}, new int[] {65_999}),
            new float[] {1},
            1);
    try (DeviceBuffer any = engine.newBuffer(ElementType.F32, 1, 1)) {
      CudaMatrix out = engine.matrixAt(any.pointer(), ElementType.F32, 66_000, 66_000, 66_000);
      CudaOutOfMemoryException failure =
          assertThrows(
              CudaOutOfMemoryException.class,
              () -> engine.deltaWeights(List.of(huge), List.of(out), DensePath.FOLDED));
      assertTrue(
          String.valueOf(failure.getMessage())
              .contains("which needs " + 8L * 66_000 * 33_001 + " bytes on cuda:0"),
          failure.getMessage());
    }
  }

  @Test
  void noVisibleDeviceIsToldWithTheVariable() throws IOException, InterruptedException {
    ProcessBuilder child =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElse("java"),
            "--enable-native-access=ALL-UNNAMED",
            "-Dfourierft.cuda=" + System.getProperty("fourierft.cuda"),
            "-Dfourierft.cufft=" + System.getProperty("fourierft.cufft"),
            "-Dfourierft.cuda.kernels=" + System.getProperty("fourierft.cuda.kernels"),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            SurveyMain.class.getName());
    child.environment().put("CUDA_VISIBLE_DEVICES", "-1");
    child.redirectErrorStream(true);
    Process process = child.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertTrue(
        said.contains("device 0 was asked for, and 0 can be seen, with CUDA_VISIBLE_DEVICES=-1"),
        said);
  }

  @Test
  void theEngineSaysHowItWasChosen() {
    assertEquals("cuda:0", engine.name());
    assertEquals("cuda:0", engine.selection().requested());
    assertTrue(engine.selection().probes().toString().contains("Emulated CUDA device 0"));
    assertTrue(engine.memory().totalBytes() >= engine.memory().freeBytes());
    try (FourierEngine chosen = FourierEngine.create(EngineOptions.defaults().withDevice("auto"))) {
      assertEquals("cuda:0", chosen.name());
    }
  }
}
