package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A batch of many adapters that comes again costs what one of a single adapter costs. */
@OnEmulator
class CudaMixedBatchTest {
  private static final int ADAPTERS = 256;
  private static final int ROWS = 8;
  private static final int COLS = 6;

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
  }

  private static List<FourierAdapter> adapters(int count) {
    List<FourierAdapter> all = new ArrayList<>();
    Random random = new Random(1);
    for (int i = 0; i < count; i++) {
      float[] spectrum = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
      all.add(FourierAdapter.of(SpectralLocations.of(ROWS, COLS, 3, i), spectrum, 48));
    }
    return all;
  }

  private static AdapterRouting routing(List<FourierAdapter> adapters) {
    int[] choice = new int[ADAPTERS];
    for (int t = 0; t < choice.length; t++) {
      choice[t] = t % adapters.size();
    }
    return AdapterRouting.perToken(adapters, choice);
  }

  private ResidentAdapters resident() {
    return ((CudaEngine) engine).shared().adapters();
  }

  /** Lookups in Java and native calls of a batch that was computed before. */
  private long[] costOfRepeating(List<FourierAdapter> adapters, DeviceBuffer x, DeviceBuffer y) {
    engine.apply(routing(adapters), x, y);
    engine.apply(routing(adapters), x, y);
    engine.synchronize();
    long lookups = resident().lookups();
    emulator.resetCalls();
    engine.apply(routing(List.copyOf(adapters)), x, y);
    return new long[] {resident().lookups() - lookups, emulator.calls("any")};
  }

  @Test
  void aRepeatedBatchLooksNothingUpAdapterByAdapter() {
    try (DeviceBuffer x = engine.newBuffer(ElementType.F32, ADAPTERS, COLS);
        DeviceBuffer y = engine.newBuffer(ElementType.F32, ADAPTERS, ROWS)) {
      engine.zero(x);
      engine.zero(y);
      long[] one = costOfRepeating(adapters(1), x, y);
      long[] many = costOfRepeating(adapters(ADAPTERS), x, y);
      assertArrayEquals(one, many, "lookups, native calls");
      assertEquals(0, many[0]);
    }
  }

  @Test
  void whatIsFoundTogetherIsForgottenWithAnyPartOfIt() {
    List<FourierAdapter> adapters = adapters(5);
    float[] expected = apply(adapters);
    assertArrayEquals(expected, apply(adapters));
    resident().trim();
    assertEquals(0, resident().bytes());
    long before = resident().lookups();
    assertArrayEquals(expected, apply(adapters));
    assertTrue(resident().lookups() > before, "found what was freed");
    try (CudaStream other = engine.newStream()) {
      float[] y = new float[ADAPTERS * ROWS];
      engine.on(other).apply(routing(adapters), x(), Matrix.of(y, ADAPTERS, ROWS));
      assertArrayEquals(expected, y);
    }
    assertArrayEquals(expected, apply(List.copyOf(new ArrayList<>(adapters))));
    List<FourierAdapter> turned = List.copyOf(adapters.reversed());
    assertTrue(!java.util.Arrays.equals(expected, apply(turned)));
  }

  @Test
  void manyBatchesOfOtherAdaptersEachAreRight() {
    List<FourierAdapter> all = adapters(90);
    for (int round = 0; round < 2; round++) {
      for (int first = 0; first + 2 <= all.size(); first++) {
        List<FourierAdapter> two = all.subList(first, first + 2);
        float[] found = apply(two);
        float[] y = new float[ADAPTERS * ROWS];
        engine.apply(AdapterRouting.all(two.getFirst()), x(), Matrix.of(y, ADAPTERS, ROWS));
        for (int i = 0; i < ROWS; i++) {
          assertEquals(y[i], found[i]);
        }
      }
    }
  }

  @Test
  void trainedAdaptersAreNotFoundAgainAfterTheirEnd() {
    List<FourierAdapter> adapters = adapters(2);
    float[] expected = apply(adapters);
    for (int i = 0; i < 3; i++) {
      try (DeviceTraining spectra = DeviceTraining.of(engine, adapters)) {
        assertArrayEquals(expected, apply(spectra.adapters()));
        assertArrayEquals(expected, apply(spectra.adapters()));
      }
    }
    emulator.assertNoMisuse();
  }

  /** 33 to 36 columns are planned as 36. */
  @Test
  void adaptersThatFillOtherColumnsShareTheirPlans() {
    emulator.resetCalls();
    long plans = 0;
    for (int filled = 33; filled <= 36; filled++) {
      int[] rows = new int[filled];
      int[] cols = new int[filled];
      float[] spectrum = new float[filled];
      for (int k = 0; k < filled; k++) {
        rows[k] = k % 4;
        cols[k] = 3 * k;
        spectrum[k] = k;
      }
      FourierAdapter adapter =
          FourierAdapter.of(SpectralLocations.of(4, 256, rows, cols), spectrum, 1024);
      float[] pruned = new float[4 * 256];
      engine.deltaWeights(List.of(adapter), List.of(Matrix.of(pruned, 4, 256)), DensePath.PRUNED);
      plans = filled == 33 ? emulator.calls("cufftCreate") : plans;
      float[] reference = new float[4 * 256];
      engine.deltaWeights(
          List.of(adapter), List.of(Matrix.of(reference, 4, 256)), DensePath.DIRECT);
      for (int i = 0; i < reference.length; i++) {
        assertEquals(reference[i], pruned[i], 1e-2f);
      }
    }
    assertTrue(plans > 0);
    assertEquals(plans, emulator.calls("cufftCreate"));
  }

  private static Matrix x() {
    float[] x = new float[ADAPTERS * COLS];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % COLS + 1;
    }
    return Matrix.of(x, ADAPTERS, COLS);
  }

  private float[] apply(List<FourierAdapter> adapters) {
    float[] y = new float[ADAPTERS * ROWS];
    engine.apply(routing(adapters), x(), Matrix.of(y, ADAPTERS, ROWS));
    return y;
  }
}
