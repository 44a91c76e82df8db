package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.fourierft.AdapterRouting;
import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineSelection;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is the CPU engine's own: how it is found, what it allocates, which threads it starts. */
class CpuEngineTest {
  private static FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }

  @Test
  void theEngineSaysItsThreadsAndKernels() {
    try (FourierEngine engine = open(3)) {
      assertEquals("cpu", engine.name());
      EngineSelection selection = engine.selection();
      EngineProbe.Available probe =
          assertInstanceOf(EngineProbe.Available.class, selection.probes().getLast());
      assertTrue(probe.details().getFirst().startsWith("threads: 3 of "));
      assertTrue(
          probe.details().stream().anyMatch(line -> line.startsWith("kernels jtransforms: taken")));
      assertTrue(
          probe.details().stream().anyMatch(line -> line.startsWith("kernels simd: not taken")));
    }
  }

  @Test
  void theSpectralOperatorAllocatesNextToNothing() {
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(256, 128, 300, 1), new float[300], 1);
    AdapterRouting routing = AdapterRouting.all(adapter);
    HostMatrix x = Matrix.of(new float[128 * 4], 4, 128);
    HostMatrix y = Matrix.of(new float[256 * 4], 4, 256);
    List<HostMatrix> gradient = List.of(Matrix.of(new float[300], 1, 300));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (FourierEngine engine = open(1)) {
      for (int i = 0; i < 50; i++) {
        engine.apply(routing, x, y);
        engine.spectrumGradient(routing, x, y, gradient);
      }
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 100; i++) {
        engine.apply(routing, x, y);
        engine.spectrumGradient(routing, x, y, gradient);
      }
      long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / 100;
      // Views of memory that the compiler has not removed yet; the arrays alone are 18 KiB.
      assertTrue(bytes < 2048, bytes + " bytes a call");
    }
  }

  @Test
  void extraMemoryOfADeltaStaysWithinTwiceItsColumns() {
    int rows = 2048;
    int cols = 1024;
    int n = 64;
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(rows, cols, n, 1), new float[n], 1);
    HostMatrix out = Matrix.of(new float[rows * cols], rows, cols);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (FourierEngine engine = open(1)) {
      long before = threads.getCurrentThreadAllocatedBytes();
      engine.deltaWeights(List.of(adapter), List.of(out));
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      long allowed = 2L * n * rows * 8 + (16 << 20);
      assertTrue(bytes <= allowed, bytes + " bytes, of which " + allowed + " are allowed");
    }
  }

  @Test
  void jTransformsStartsNoThreadsOfItsOwn() {
    // From 8192 floats on JTransforms would, by default.
    int length = 1 << 14;
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(length, 2, 3, 1), new float[] {1, 2, 3}, 1);
    try (FourierEngine engine = open(1)) {
      int before = Thread.activeCount();
      engine.apply(
          AdapterRouting.all(adapter),
          Matrix.of(new float[2], 1, 2),
          Matrix.of(new float[length], 1, length));
      new LinePlan(length).complex(new float[2 * length], 0);
      new LinePlan(4099).complex(new float[2 * 4099], 0);
      assertEquals(before, Thread.activeCount());
    }
  }

  @Test
  void indicesAreSharedByIdentityAndForgottenWithTheirPlaces() {
    FoldedLocationsCache cache = new FoldedLocationsCache();
    SpectralLocations locations = SpectralLocations.of(8, 8, 5, 1);
    FoldedLocations first = cache.get(locations);
    assertSame(first, cache.get(locations));
    for (int i = 0; i < 10_000; i++) {
      SpectralLocations other = SpectralLocations.of(8, 8, 5, i);
      FoldedLocations folded = cache.get(other);
      assertSame(folded, cache.get(other));
      assertSame(other, folded.locations());
    }
  }

  @Test
  void aHundredThousandAdaptersWithPlacesOfTheirOwnKeepTheirIndices() {
    FoldedLocationsCache cache = new FoldedLocationsCache();
    List<SpectralLocations> places = new ArrayList<>();
    List<SpectralFold> folds = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      SpectralLocations own =
          SpectralLocations.of(1000, 1000, new int[] {i / 1000}, new int[] {i % 1000});
      places.add(own);
      folds.add(cache.get(own).forward());
    }
    for (int i = 0; i < places.size(); i++) {
      assertSame(folds.get(i), cache.get(places.get(i)).forward(), "places " + i);
    }
  }

  @Test
  void equalPlacesShareTheirIndices() {
    FoldedLocationsCache cache = new FoldedLocationsCache();
    SpectralLocations one = SpectralLocations.of(8, 6, 5, 1);
    SpectralLocations same = SpectralLocations.of(8, 6, 5, 1);
    SpectralLocations other = SpectralLocations.of(8, 6, 5, 2);
    assertSame(cache.get(one).forward(), cache.get(same).forward());
    assertSame(cache.get(same).transposed(), cache.get(one).transposed());
    assertNotSame(cache.get(one).forward(), cache.get(other).forward());
    assertSame(same, cache.get(same).locations());
  }
}
