package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import io.fourierft.TokenSpectrum;
import io.fourierft.layer.LayerSamples;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  /**
   * Blocks grow with the tokens of a call and fall to the threads in larger ones: every number of
   * tokens gives each what it gets alone, to the same bits on any number of threads and from a
   * spectrum with room for more, and one that is not finite spoils itself only.
   */
  @ParameterizedTest
  @CsvSource({"42, 30", "43, 31", "262, 42"})
  void tokensInBlocksOfEverySizeGetWhatTheyGetAlone(int rows, int cols) {
    int most = 581;
    FourierAdapter adapter = LayerSamples.adapter(rows, cols, 60, 5);
    AdapterRouting routing = AdapterRouting.all(adapter);
    HostMatrix all = LayerSamples.gaussian(most, cols, 1);
    all.set(20, 7, Float.NaN);
    all.set(21, 8, Float.POSITIVE_INFINITY);
    all.set(22, 8, Float.POSITIVE_INFINITY);
    all.set(22, 9, Float.NEGATIVE_INFINITY);
    try (FourierEngine engine = open(2);
        FourierEngine lone = open(1);
        FourierEngine wide = open(5);
        TokenSpectrum kept = engine.newTokenSpectrum(most, cols)) {
      HostMatrix alone = LayerSamples.zeros(most, rows);
      for (int t = 0; t < most; t++) {
        engine.apply(routing, row(all, t), row(alone, t));
      }
      for (int tokens : new int[] {31, 45, 64, 65, 124, 129, 150, 257, 300, 512, 517, most}) {
        HostMatrix x = Matrix.of(LayerSamples.floats(all), 0, tokens, cols, cols);
        HostMatrix y = LayerSamples.zeros(tokens, rows);
        HostMatrix fromKept = LayerSamples.zeros(tokens, rows);
        engine.apply(routing, x, y);
        engine.transform(x, kept);
        engine.apply(routing, kept, fromKept);
        assertArrayEquals(LayerSamples.floats(y), LayerSamples.floats(fromKept));
        for (FourierEngine other : List.of(lone, wide)) {
          HostMatrix same = LayerSamples.zeros(tokens, rows);
          other.apply(routing, x, same);
          assertArrayEquals(LayerSamples.floats(y), LayerSamples.floats(same), tokens + " tokens");
        }
        for (int t = 0; t < tokens; t++) {
          for (int p = 0; p < rows; p++) {
            float expected = alone.get(t, p);
            assertEquals(t >= 20 && t <= 22, Float.isNaN(expected));
            assertEquals(expected, y.get(t, p), 1e-5f, tokens + " tokens, " + t + ", " + p);
          }
        }
      }
    }
  }

  private static HostMatrix row(HostMatrix of, int row) {
    return Matrix.of(of.data().asSlice(of.byteOffset(row, 0)), of.elementType(), 1, of.cols());
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
