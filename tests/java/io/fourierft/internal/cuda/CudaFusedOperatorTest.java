package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.TokenSpectrum;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.memory.MemoryBudget;
import io.fourierft.internal.cuda.ops.FusedUse;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Operators and backward passes by one kernel that keeps tokens in shared memory. */
class CudaFusedOperatorTest extends EmulatedEngineTest {
  private static final int TOKENS = 23;

  private static final List<FourierAdapter> ADAPTERS =
      List.of(adapter(ROWS, COLS, 9, 1), adapter(ROWS, COLS, 20, 2), adapter(ROWS, COLS, 22, 3));

  private static final float[] X = floats(TOKENS * COLS, 4);
  private static final float[] G = floats(TOKENS * ROWS, 5);

  private static AdapterRouting mixed() {
    int[] choice = new int[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
      choice[t] = t % 5 == 4 ? AdapterRouting.NONE : t * 7 % 3;
    }
    return AdapterRouting.perToken(ADAPTERS, choice);
  }

  private static <T> T with(String property, String value, Supplier<T> action) {
    System.setProperty(property, value);
    try {
      return action.get();
    } finally {
      System.clearProperty(property);
    }
  }

  private static float[] apply(CudaFourierEngine on, AdapterRouting routing, OperatorPath path) {
    float[] y = new float[TOKENS * routing.rows()];
    float[] x = floats(TOKENS * routing.cols(), 4);
    on.apply(
        routing, Matrix.of(x, TOKENS, routing.cols()), Matrix.of(y, TOKENS, routing.rows()), path);
    return y;
  }

  private static void assertClose(float[] expected, float[] found) {
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertArrayEquals(expected, found, (float) (3e-6 * largest));
  }

  private List<DeviceBuffer> zeroGradients() {
    List<DeviceBuffer> all = new ArrayList<>();
    for (FourierAdapter adapter : ADAPTERS) {
      all.add(onDevice(new float[adapter.nFrequency()], 1, adapter.nFrequency()));
    }
    return all;
  }

  private ResidentAdapters resident() {
    return ((CudaEngine) engine).shared().adapters();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOperatorIsOneLaunchAndNothingElse(boolean several) {
    AdapterRouting routing = several ? AdapterRouting.all(ADAPTERS) : mixed();
    try (DeviceBuffer x = onDevice(X, TOKENS, COLS);
        DeviceBuffer y = onDevice(new float[TOKENS * ROWS], TOKENS, ROWS);
        DeviceBuffer g = onDevice(G, TOKENS, ROWS);
        DeviceBuffer gx = onDevice(new float[TOKENS * COLS], TOKENS, COLS)) {
      engine.apply(routing, x, y);
      engine.applyTransposed(routing, g, gx);
      engine.synchronize();
      long lookups = resident().lookups();
      emulator.resetCalls();
      engine.apply(routing, x, y);
      engine.applyTransposed(routing, g, gx);
      assertEquals(2, emulator.calls("launch"));
      for (String none : List.of("exec", "memset", "alloc", "copy")) {
        assertEquals(0, emulator.calls(none), none);
      }
      assertEquals(lookups, resident().lookups());
      float[] staged = apply(engine, routing, OperatorPath.STAGED);
      float[] once = apply(engine, routing, OperatorPath.FUSED);
      assertClose(staged, once);
      float[] twice = toHost(y);
      for (int i = 0; i < twice.length; i++) {
        assertEquals(once[i] + once[i], twice[i], "host or device, element " + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBackwardPassIsTwoLaunchesAndNothingElse(boolean several) {
    AdapterRouting routing = several ? AdapterRouting.all(ADAPTERS) : mixed();
    List<DeviceBuffer> gradients = zeroGradients();
    List<DeviceBuffer> staged = zeroGradients();
    try (DeviceBuffer x = onDevice(X, TOKENS, COLS);
        DeviceBuffer g = onDevice(G, TOKENS, ROWS);
        DeviceBuffer gx = onDevice(new float[TOKENS * COLS], TOKENS, COLS);
        DeviceBuffer stagedGx = onDevice(new float[TOKENS * COLS], TOKENS, COLS)) {
      engine.backward(routing, x, g, stagedGx, staged, OperatorPath.STAGED);
      engine.backward(routing, x, g, gx, gradients);
      assertClose(toHost(stagedGx), toHost(gx));
      for (int a = 0; a < ADAPTERS.size(); a++) {
        assertClose(toHost(staged.get(a)), toHost(gradients.get(a)));
      }
      long lookups = resident().lookups();
      emulator.resetCalls();
      engine.backward(routing, x, g, gx, gradients);
      assertEquals(2, emulator.calls("launch"));
      for (String none : List.of("exec", "memset", "alloc", "copy")) {
        assertEquals(0, emulator.calls(none), none);
      }
      engine.backward(routing, x, g, stagedGx, staged, OperatorPath.STAGED);
      engine.spectrumGradient(routing, x, g, gradients);
      assertEquals(lookups, resident().lookups(), "places looked up adapter by adapter");
    } finally {
      gradients.forEach(DeviceBuffer::close);
      staged.forEach(DeviceBuffer::close);
    }
  }

  @Test
  void keptTokensAreReadAsTheyAre() {
    AdapterRouting routing = mixed();
    List<DeviceBuffer> gradients = zeroGradients();
    try (DeviceBuffer x = onDevice(X, TOKENS, COLS);
        DeviceBuffer y = onDevice(new float[TOKENS * ROWS], TOKENS, ROWS);
        DeviceBuffer gx = onDevice(new float[TOKENS * COLS], TOKENS, COLS);
        TokenSpectrum keptX = engine.newTokenSpectrum(TOKENS + 2, COLS);
        TokenSpectrum keptG = engine.newTokenSpectrum(TOKENS, ROWS)) {
      emulator.resetCalls();
      engine.transform(x, keptX);
      engine.transform(Matrix.of(G, TOKENS, ROWS), keptG);
      engine.apply(routing, keptX, y);
      engine.backward(routing, keptX, keptG, gx, gradients);
      engine.synchronize();
      // A copy of x, the operator, the backward pass and its sums; g was uploaded where it is kept.
      assertEquals(4, emulator.calls("launch"));
      assertEquals(0, emulator.calls("exec"));
      assertArrayEquals(apply(engine, routing, OperatorPath.FUSED), toHost(y));
    } finally {
      gradients.forEach(DeviceBuffer::close);
    }
  }

  @Test
  void aGraphReplaysThemOnTheCallersStream() {
    AdapterRouting routing = mixed();
    List<DeviceBuffer> gradients = zeroGradients();
    try (DeviceBuffer x = onDevice(X, TOKENS, COLS);
        DeviceBuffer g = onDevice(G, TOKENS, ROWS);
        DeviceBuffer y = onDevice(new float[TOKENS * ROWS], TOKENS, ROWS);
        DeviceBuffer gx = onDevice(new float[TOKENS * COLS], TOKENS, COLS);
        CudaStream stream = engine.newStream()) {
      engine.synchronize();
      CudaFourierEngine on = engine.on(stream);
      try (CudaGraph graph =
          on.record(
              recorded -> {
                recorded.apply(routing, x, y);
                recorded.backward(routing, x, g, gx, gradients);
              })) {
        on.zero(y);
        on.zero(gx);
        gradients.forEach(on::zero);
        graph.launch();
        graph.launch();
        on.synchronize();
      }
      float[] once = apply(engine, routing, OperatorPath.FUSED);
      float[] found = toHost(y);
      for (int i = 0; i < found.length; i++) {
        assertEquals(once[i] + once[i], found[i]);
      }
      float[] expected = new float[TOKENS * COLS];
      List<HostMatrix> sums = new ArrayList<>();
      for (FourierAdapter adapter : ADAPTERS) {
        sums.add(Matrix.of(new float[adapter.nFrequency()], 1, adapter.nFrequency()));
      }
      for (int run = 0; run < 2; run++) {
        engine.backward(
            routing,
            Matrix.of(X, TOKENS, COLS),
            Matrix.of(G, TOKENS, ROWS),
            Matrix.of(expected, TOKENS, COLS),
            sums);
      }
      assertArrayEquals(expected, toHost(gx));
      for (int a = 0; a < ADAPTERS.size(); a++) {
        assertArrayEquals(floatsOf(sums.get(a)), toHost(gradients.get(a)));
      }
    } finally {
      gradients.forEach(DeviceBuffer::close);
    }
  }

  /** Columns of a wider matrix, from an odd element on. */
  @Test
  void stridesOfEitherSideAreFollowed() {
    AdapterRouting routing = mixed();
    int stride = COLS + ROWS + 3;
    float[] both = floats(TOKENS * stride, 9);
    try (DeviceBuffer memory = onDevice(both, TOKENS, stride)) {
      CudaMatrix x =
          engine.matrixAt(memory.pointer() + 4, memory.elementType(), TOKENS, COLS, stride);
      CudaMatrix y =
          engine.matrixAt(
              memory.pointer() + 4L * (COLS + 2), memory.elementType(), TOKENS, ROWS, stride);
      engine.apply(routing, x, y, OperatorPath.FUSED);
      float[] found = toHost(memory);
      float[] expected = both.clone();
      engine.apply(
          routing,
          Matrix.of(both, 1, TOKENS, COLS, stride),
          Matrix.of(expected, COLS + 2, TOKENS, ROWS, stride),
          OperatorPath.FUSED);
      assertArrayEquals(expected, found);
    }
  }

  @Test
  void resultsDoNotDependOnHowManyTokensFitTheMemoryAtATime() {
    AdapterRouting routing = mixed();
    float[] expected = apply(engine, routing, OperatorPath.FUSED);
    try (CudaFourierEngine small = with(MemoryBudget.PROPERTY, "400", () -> EmulatedCuda.open(1))) {
      emulator.resetCalls();
      assertArrayEquals(expected, apply(small, routing, OperatorPath.FUSED));
      assertTrue(emulator.calls("launch") > 5, "in one chunk");
    }
  }

  @Test
  void whatDoesNotFitIsRefusedIfForcedAndElseTransformed() {
    AdapterRouting prime = AdapterRouting.all(adapter(1031, 6, 5, 1));
    FourierException refusal =
        assertThrows(FourierException.class, () -> apply(engine, prime, OperatorPath.FUSED));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("adapters of 1031 x 6 do not fit"), message);
    assertTrue(message.contains("choose another operator path, or AUTO"), message);
    emulator.resetCalls();
    assertClose(apply(engine, prime, OperatorPath.STAGED), apply(engine, prime, OperatorPath.AUTO));
    assertEquals(4, emulator.calls("exec"));
    // 16,386 pairs of numbers and as many for the output are more than 227 KiB.
    AdapterRouting wide = AdapterRouting.all(adapter(32_772, 32_772, 2, 1));
    assertThrows(FourierException.class, () -> apply(engine, wide, OperatorPath.FUSED));
  }

  /** Kept tokens whose outputs do not fit beside them are transformed where they are used. */
  @Test
  void keptTokensMayGoToCufft() {
    AdapterRouting prime = AdapterRouting.all(adapter(1031, COLS, 5, 1));
    try (TokenSpectrum kept = engine.newTokenSpectrum(TOKENS, COLS);
        DeviceBuffer y = onDevice(new float[TOKENS * 1031], TOKENS, 1031)) {
      engine.transform(Matrix.of(X, TOKENS, COLS), kept);
      engine.apply(prime, kept, y);
      assertClose(apply(engine, prime, OperatorPath.STAGED), toHost(y));
    }
  }

  @Test
  void manyCoefficientsGoToCufft() {
    AdapterRouting few = AdapterRouting.all(adapter(ROWS, COLS, ROWS, 1));
    AdapterRouting many = AdapterRouting.all(adapter(ROWS, COLS, ROWS + 1, 1));
    emulator.resetCalls();
    apply(engine, few, OperatorPath.AUTO);
    assertEquals(0, emulator.calls("exec"));
    apply(engine, many, OperatorPath.AUTO);
    assertEquals(2, emulator.calls("exec"));
  }

  /** As many as there are multiprocessors, or fewer. */
  @Test
  void fewTokensTakeMoreCoefficients() {
    AdapterRouting few = AdapterRouting.all(adapter(ROWS, COLS, 2 * ROWS, 1));
    AdapterRouting many = AdapterRouting.all(adapter(ROWS, COLS, 2 * ROWS + 1, 1));
    emulator.resetCalls();
    applyToTwo(few);
    assertEquals(0, emulator.calls("exec"));
    applyToTwo(many);
    assertEquals(2, emulator.calls("exec"));
  }

  private void applyToTwo(AdapterRouting routing) {
    engine.apply(
        routing,
        Matrix.of(floats(2 * COLS, 4), 2, COLS),
        Matrix.of(new float[2 * ROWS], 2, ROWS),
        OperatorPath.AUTO);
  }

  @Test
  void thePropertyForcesOrForbidsTheKernels() {
    AdapterRouting prime = AdapterRouting.all(adapter(1031, 6, 5, 1));
    try (CudaFourierEngine always = with(FusedUse.PROPERTY, "on", () -> EmulatedCuda.open(1))) {
      assertThrows(FourierException.class, () -> apply(always, prime, OperatorPath.AUTO));
    }
    try (CudaFourierEngine never = with(FusedUse.PROPERTY, "off", () -> EmulatedCuda.open(1))) {
      emulator.resetCalls();
      apply(never, mixed(), OperatorPath.AUTO);
      assertEquals(2, emulator.calls("exec"));
      apply(never, mixed(), OperatorPath.FUSED);
      assertEquals(2, emulator.calls("exec"));
    }
  }

  @Test
  void theTablesOfTokensCountInTheBudgetAndGoWithIt() {
    assertEquals(0, resident().bytes());
    AdapterRouting one = AdapterRouting.all(ADAPTERS.getFirst());
    apply(engine, one, OperatorPath.FUSED);
    long forward = resident().bytes();
    // At least an entry of two numbers for each coefficient, and the coefficients.
    assertTrue(forward >= ADAPTERS.getFirst().nFrequency() * (2L + 1) * 4, forward + " bytes");
    float[] gradient = new float[ADAPTERS.getFirst().nFrequency()];
    engine.spectrumGradient(
        one,
        Matrix.of(X, TOKENS, COLS),
        Matrix.of(G, TOKENS, ROWS),
        List.of(Matrix.of(gradient, 1, gradient.length)));
    assertEquals(forward + 2L * 4 * gradient.length, resident().bytes());
    resident().trim();
    assertEquals(0, resident().bytes());
    assertClose(apply(engine, one, OperatorPath.STAGED), apply(engine, one, OperatorPath.FUSED));
  }
}
