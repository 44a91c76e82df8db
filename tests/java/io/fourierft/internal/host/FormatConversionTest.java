package io.fourierft.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FormatConversionTest {
  /** More than one block, and no multiple of it. */
  private static final int COUNT = 20_011;

  @ParameterizedTest
  @EnumSource
  void everyFormatIsRoundedAsTheElementTypeSays(ElementType to) {
    for (ElementType from : ElementType.values()) {
      HostMatrix source = random(from);
      HostMatrix target = empty(to);
      FormatConversion.convert(source.data(), from, target.data(), to, COUNT);
      for (int i = 0; i < COUNT; i++) {
        float value = source.get(0, i);
        // Widening an F64 to itself is a copy and keeps what a float cannot hold.
        assertEquals(to.round(value), target.get(0, i), from + " to " + to + " at " + i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSameFormatIsCopiedBitForBit(ElementType type) {
    HostMatrix source = random(type);
    HostMatrix target = empty(type);
    FormatConversion.convert(source.data(), type, target.data(), type, COUNT);
    assertEquals(-1, source.data().mismatch(target.data()));
  }

  private static HostMatrix empty(ElementType type) {
    return new HostMatrix(
        MemorySegment.ofArray(new byte[COUNT * type.sizeInBytes()]), type, 1, COUNT, COUNT);
  }

  private static HostMatrix random(ElementType type) {
    Random random = new Random(4711);
    HostMatrix matrix = empty(type);
    for (int i = 0; i < COUNT; i++) {
      float value = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4));
      matrix.set(0, i, i % 997 == 0 ? Float.NaN : i % 991 == 0 ? Float.POSITIVE_INFINITY : value);
    }
    return matrix;
  }
}
