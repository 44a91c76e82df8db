package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/** Places against torch.randperm. */
class SpectralLocationsTest {
  private static JsonNode cases() throws IOException {
    Path file = PeftFixture.root().resolve("randperm.json");
    return new ObjectMapper().readTree(file.toFile()).get("cases");
  }

  @TestFactory
  Stream<DynamicTest> agreeWithTorchBelowTheThreshold() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode one : cases()) {
      if (one.get("algorithm").asText().equals("fisher_yates_32")) {
        tests.add(DynamicTest.dynamicTest(title(one), () -> check(one)));
      }
    }
    assertTrue(tests.size() > 100);
    return tests.stream();
  }

  @Test
  void agreeWithTorchFromTheThresholdOn() throws IOException {
    // Each case draws all of its numbers, over a second: the first, at the threshold, will do.
    for (JsonNode one : cases()) {
      if (one.get("algorithm").asText().equals("inside_out_64")) {
        assertEquals(Randperm.INSIDE_OUT_THRESHOLD, one.get("numel").longValue());
        check(one);
        return;
      }
    }
    throw new AssertionError("the fixture has no inside-out case");
  }

  private static String title(JsonNode one) {
    return "%s x %s, n %s, seed %s"
        .formatted(one.get("rows"), one.get("cols"), one.get("n"), one.get("seed"));
  }

  private static void check(JsonNode one) {
    int cols = one.get("cols").intValue();
    JsonNode values = one.get("values");
    SpectralLocations locations =
        SpectralLocations.of(
            one.get("rows").intValue(), cols, values.size(), one.get("seed").longValue());
    for (int k = 0; k < values.size(); k++) {
      assertEquals(
          values.get(k).longValue(), (long) locations.row(k) * cols + locations.col(k), "k " + k);
    }
  }

  /** The forward shuffle with a whole array, as torch writes it. */
  private static long[] wholeForwardShuffle(int elements, long seed) {
    MersenneTwister random = new MersenneTwister((int) seed);
    long[] values = new long[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = i;
    }
    for (int i = 0; i < elements - 1; i++) {
      int z = i + (int) (Integer.toUnsignedLong(random.next32()) % (elements - i));
      long swapped = values[i];
      values[i] = values[z];
      values[z] = swapped;
    }
    return values;
  }

  @Test
  void everyPrefixIsThatOfTheWholePermutation() {
    for (long seed : new long[] {0, 777, -5, 1L << 40}) {
      for (int elements : new int[] {1, 2, 7, 64, 1000}) {
        long[] whole = wholeForwardShuffle(elements, seed);
        for (int n = 1; n <= elements; n += 1 + elements / 13) {
          SpectralLocations locations = SpectralLocations.of(1, elements, n, seed);
          for (int k = 0; k < n; k++) {
            assertEquals(whole[k], locations.col(k));
          }
        }
        SpectralLocations all = SpectralLocations.of(elements, 1, elements, seed);
        Set<Integer> seen = new HashSet<>();
        for (int k = 0; k < elements; k++) {
          seen.add(all.row(k));
        }
        assertEquals(elements, seen.size());
      }
    }
  }

  /** Inside-out with a whole array. */
  @Test
  void fewSlotsOfTheInsideOutShuffleEqualAllOfThem() {
    int elements = 500;
    for (long seed : new long[] {1, -3, 1L << 33 | 9}) {
      MersenneTwister random = new MersenneTwister((int) seed);
      long[] whole = new long[elements];
      for (int i = 0; i < elements; i++) {
        int z = (int) Long.remainderUnsigned(random.next64(), i + 1L);
        whole[i] = whole[z];
        whole[z] = i;
      }
      for (int n : new int[] {1, 2, 17, 499, 500}) {
        long[] first = TorchRandperm.insideOut(elements, n, seed);
        for (int k = 0; k < n; k++) {
          assertEquals(whole[k], first[k], "n " + n + ", k " + k);
        }
      }
    }
  }

  @Test
  void onlyTheLow32BitsOfASeedCount() {
    SpectralLocations base = SpectralLocations.of(50, 60, 20, 777);
    assertEquals(base, SpectralLocations.of(50, 60, 20, 777 + (5L << 32)));
    assertEquals(base.hashCode(), SpectralLocations.of(50, 60, 20, 777 - (1L << 32)).hashCode());
    assertNotEquals(base, SpectralLocations.of(50, 60, 20, 778));
  }

  @Test
  void legacyShuffleIsTheForwardOneAtEverySize() {
    assertEquals(
        SpectralLocations.of(40, 50, 30, 5), SpectralLocations.of(40, 50, 30, 5, Randperm.LEGACY));
    int rows = 1 << 14;
    int cols = 1 << 14;
    SpectralLocations legacy = SpectralLocations.of(rows, cols, 8, 777, Randperm.LEGACY);
    long[] forward = TorchRandperm.forward((long) rows * cols, 8, 777);
    for (int k = 0; k < 8; k++) {
      assertEquals(forward[k], (long) legacy.row(k) * cols + legacy.col(k));
    }
  }

  @Test
  void memoryBelowTheThresholdGrowsWithNAlone() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    SpectralLocations.of(14000, 14000, 1000, 1);
    long before = threads.getCurrentThreadAllocatedBytes();
    SpectralLocations locations = SpectralLocations.of(14000, 14000, 1000, 2);
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertEquals(1000, locations.nFrequency());
    assertTrue(bytes < 256 * 1000, bytes + " bytes for 1000 of 196 million places");
  }

  @Test
  void placesOfTheCallersOwnAreChecked() {
    SpectralLocations own = SpectralLocations.of(3, 4, new int[] {2, 0}, new int[] {3, 1});
    assertEquals(2, own.row(0));
    assertEquals(1, own.col(1));
    refused("outside 3 x 4", new int[] {3}, new int[] {0});
    refused("outside 3 x 4", new int[] {0}, new int[] {-1});
    refused("occurs twice", new int[] {1, 2, 1}, new int[] {2, 2, 2});
    refused("as many of each", new int[] {1}, new int[] {});
  }

  @Test
  void placesOfTheCallersOwnMayStandAtEveryEdge() {
    SpectralLocations own =
        SpectralLocations.of(3, 4, new int[] {0, 0, 2, 2}, new int[] {0, 3, 0, 3});
    assertEquals(3, own.rows());
    assertEquals(4, own.cols());
    assertEquals(4, own.nFrequency());
    assertEquals("SpectralLocations[4 of 3 x 4]", own.toString());
    refused("location 1 is (3, 3), outside 3 x 4", new int[] {0, 3}, new int[] {0, 3});
    refused("location 0 is (-1, 0), outside 3 x 4", new int[] {-1}, new int[] {0});
    refused("location 0 is (2, 4), outside 3 x 4", new int[] {2}, new int[] {4});
    refused("location (2, 3) occurs twice", new int[] {2, 0, 2}, new int[] {3, 0, 3});
    refused("0 row indices and 0 column indices", new int[] {}, new int[] {});
    assertThrows(
        ShapeException.class, () -> SpectralLocations.of(0, 4, new int[] {0}, new int[] {0}));
    // As int, both places would have one flat index.
    SpectralLocations far =
        SpectralLocations.of(1 << 20, 1 << 20, new int[] {0, 1 << 12}, new int[] {5, 5});
    assertEquals(1 << 12, far.row(1));
  }

  @Test
  void equalPlacesHaveOneHashCodeAndOthersAnother() {
    SpectralLocations own = SpectralLocations.of(3, 4, new int[] {2, 0}, new int[] {3, 1});
    assertEquals(
        31 * (31 * 3 + 4)
            + 31 * Arrays.hashCode(new int[] {2, 0})
            + Arrays.hashCode(new int[] {3, 1}),
        own.hashCode());
    assertNotEquals(own, SpectralLocations.of(4, 4, new int[] {2, 0}, new int[] {3, 1}));
    assertNotEquals(own, SpectralLocations.of(3, 5, new int[] {2, 0}, new int[] {3, 1}));
    assertNotEquals(own, SpectralLocations.of(3, 4, new int[] {1, 0}, new int[] {3, 1}));
    assertNotEquals(own, SpectralLocations.of(3, 4, new int[] {2, 0}, new int[] {3, 2}));
    assertNotEquals(own, "places");
  }

  @Test
  void whatTheHeapCannotHoldIsRefusedBeforeItIsDrawn() {
    assertEquals(8 * 1000 + 16 * 2048, TorchRandperm.forwardBytes(1000));
    assertEquals(8 * 1000, TorchRandperm.insideOutBytes(1000));
    int side = 1 << 16;
    int half = 1 << 29;
    long heap = Runtime.getRuntime().maxMemory() >> 20;
    for (Randperm algorithm : Randperm.values()) {
      for (int absurd : new int[] {half + 1, Integer.MAX_VALUE}) {
        refused(
            "places are drawn for at most 536870912 coefficients",
            () -> SpectralLocations.of(side, side, absurd, 1, algorithm));
      }
      boolean forward = algorithm == Randperm.LEGACY;
      refused(
          "whose places take %d MiB of heap, but the virtual machine has %d;"
              .formatted(forward ? 24576 : 8192, heap),
          () -> SpectralLocations.of(side, side, half, 1, algorithm));
    }
  }

  private static void refused(String words, int[] rows, int[] cols) {
    refused(words, () -> SpectralLocations.of(3, 4, rows, cols));
  }

  private static void refused(String words, Executable making) {
    ShapeException refusal = assertThrows(ShapeException.class, making);
    assertTrue(String.valueOf(refusal.getMessage()).contains(words), refusal.getMessage());
  }

  @Test
  void sizesOutOfRangeAreRefused() {
    for (int[] bad :
        new int[][] {{0, 5, 1}, {5, 0, 1}, {-1, 5, 1}, {-2, -3, 1}, {2, 3, 0}, {2, 3, 7}}) {
      assertThrows(ShapeException.class, () -> SpectralLocations.of(bad[0], bad[1], bad[2], 1));
    }
    ShapeException refusal =
        assertThrows(ShapeException.class, () -> SpectralLocations.of(2, 3, 7, 1));
    assertEquals("n_frequency is 7, but must be 1 to 6 for a layer of 2 x 3", refusal.getMessage());
    int[] place = {0};
    refused(
        "at least 1 x 1 elements, but got 0 x 5", () -> SpectralLocations.of(0, 5, place, place));
  }

  @Test
  void seedsAreThoseThatTorchTakes() {
    assertEquals(
        -1, SpectralLocations.seedBits(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE)));
    assertEquals(Long.MIN_VALUE, SpectralLocations.seedBits(BigInteger.ONE.shiftLeft(63).negate()));
    for (BigInteger bad :
        List.of(
            BigInteger.ONE.shiftLeft(64),
            BigInteger.ONE.shiftLeft(63).negate().subtract(BigInteger.ONE))) {
      assertThrows(FourierException.class, () -> SpectralLocations.seedBits(bad));
    }
  }

  @Test
  void twisterGivesThePublishedSequence() {
    // Matsumoto and Nishimura's mt19937 seeded with 5489: the 10000th number is 4123659995.
    MersenneTwister random = new MersenneTwister(5489);
    int last = 0;
    for (int i = 0; i < 10000; i++) {
      last = random.next32();
    }
    assertEquals(4123659995L, Integer.toUnsignedLong(last));
  }
}
