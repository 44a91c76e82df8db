package io.fourierft.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs of elements against {@link HostMatrix#get} and {@link HostMatrix#set}, one by one. */
final class ElementRunsTest {
  private static final int COUNT = 2 * 1024 + 37;

  /** Every kind of float, the ties of the narrower formats and all kinds of NaN among them. */
  private static float[] values() {
    Random random = new Random(9);
    float[] values = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      int bits = random.nextInt();
      values[i] =
          switch (i % 5) {
            case 0 -> Float.intBitsToFloat(bits);
            case 1 -> Float.intBitsToFloat((bits & 0xFFFF0000) | 0x8000);
            case 2 -> Float.intBitsToFloat(0x7F800001 | (bits & 0x807FFFFF));
            case 3 -> Float.intBitsToFloat((bits & 0x80000000) | 0x7F7FFFFF);
            default -> (float) random.nextGaussian();
          };
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void storeAndLoadAreThoseOfSingleElements(ElementType type) {
    float[] values = values();
    ElementRuns rows = new ElementRuns();
    try (Arena arena = Arena.ofConfined()) {
      for (MemorySegment memory :
          new MemorySegment[] {
            arena.allocate(8L * 3 * COUNT), MemorySegment.ofArray(new byte[8 * 3 * COUNT])
          }) {
        HostMatrix matrix = new HostMatrix(memory, type, 2, COUNT + 3, COUNT + 5L);
        HostMatrix twin =
            new HostMatrix(arena.allocate(8L * 3 * COUNT), type, 2, COUNT + 3, COUNT + 5L);
        rows.store(matrix, 1, 2, COUNT, values, 0);
        float[] loaded = new float[COUNT + 1];
        rows.load(matrix, 1, 2, COUNT, loaded, 1);
        for (int i = 0; i < COUNT; i++) {
          twin.set(1, 2 + i, values[i]);
          assertEquals(twin.get(1, 2 + i), matrix.get(1, 2 + i), "element " + i);
          assertEquals(twin.get(1, 2 + i), loaded[1 + i], "element " + i);
        }
        assertEquals(0, matrix.get(1, 1));
        assertEquals(0, matrix.get(1, 2 + COUNT));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void additionRoundsTheSumOnce(ElementType type) {
    float[] values = values();
    float[] more = values();
    ElementRuns rows = new ElementRuns();
    HostMatrix matrix =
        new HostMatrix(MemorySegment.ofArray(new long[COUNT]), type, 1, COUNT, COUNT);
    for (int i = 0; i < COUNT; i++) {
      more[i] = values[(i * 7 + 3) % COUNT];
      matrix.set(0, i, more[i]);
    }
    rows.add(matrix, 0, 0, COUNT, values, 0, -1);
    for (int i = 0; i < COUNT; i++) {
      float before = type.round(more[i]);
      float expected =
          type == ElementType.F64
              ? (float) ((double) before - values[i])
              : type.round(before - values[i]);
      assertEquals(expected, matrix.get(0, i), "element " + i);
    }
  }
}
